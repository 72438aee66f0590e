"""lab/fuzz.sh, with programs that only say what libFuzzer says: what it makes of their findings, and its table."""

import pathlib
import shutil
import subprocess
import sys

import pytest
from sources import ROOT

sys.path.insert(0, str(ROOT))

from lab.waiting import wait_for  # noqa: E402

WELL = """echo '#9 NEW cov: 12 ft: 34 corp: 5/6b lim: 4 exec/s: 0 rss: 30Mb'
echo 'stat::number_of_executed_units: 789'"""
ARGUMENTS = 'printf "%s\\n" "$@" > "$(dirname "$0")/arguments"'
CRASHES = """for word; do case $word in -artifact_prefix=*) echo input > "${word#*=}crash-1" ;; esac; done
echo 'broken rule: no'; exit 77"""


@pytest.fixture
def tree(tmp_path) -> pathlib.Path:
    """A project with the script, and without a compiler: what it calls does nothing."""
    for folder in ("lab", "tests/config", "build-fuzz/t", "bin"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "lab" / "fuzz.sh", tmp_path / "lab")
    program(tmp_path / "lab" / "build.sh", "true")
    return tmp_path


def program(file: pathlib.Path, script: str) -> None:
    file.write_text(f"#!/bin/bash\n{script}\n")
    file.chmod(0o755)


def targets(tree: pathlib.Path, **scripts: str) -> None:
    for name, script in scripts.items():
        program(tree / "build-fuzz" / "t" / f"fuzz-{name}", script)
    lines = "".join(f"t/{file.name}: cpp_LINKER\\nt/test-{file.name}: cpp_LINKER\\n" for file in sorted((tree / "build-fuzz" / "t").iterdir()))
    program(tree / "bin" / "ninja", f"printf '{lines}'")


def run(tree: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([tree / "lab" / "fuzz.sh", *arguments], env={"PATH": f"{tree}/bin:/usr/bin:/bin"}, capture_output=True, text=True)


def test_a_table_says_what_each_target_did(tree):
    targets(tree, a=WELL, b=WELL)
    result = run(tree, "3")
    assert result.returncode == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines()[-3:]]
    assert rows[0] == ["target", "seconds", "executions", "edges", "features", "inputs", "findings"]
    assert [(row[0], row[2:]) for row in rows[1:]] == [(name, ["789", "12", "34", "5", "0"]) for name in "ab"]


def test_a_finding_is_kept_and_named_and_the_next_target_runs(tree):
    targets(tree, a=CRASHES, b=WELL)
    result = run(tree, "3")
    kept = tree / "build-fuzz" / "findings" / "a" / "crash-1"
    assert result.returncode == 1 and kept.read_text() == "input\n"
    assert f"fuzz-a has a finding: {kept}" in result.stdout and "broken rule: no" in result.stdout
    assert result.stdout.splitlines()[-2].split()[-1] == "1"
    assert result.stdout.splitlines()[-1].split()[0] == "b" and result.stdout.splitlines()[-1].split()[2] == "789"


def test_as_many_run_at_once_as_there_are_processors(tree):
    program(tree / "bin" / "nproc", "echo 2")
    waits = 'touch "$(dirname "$0")/%s-runs"; for i in $(seq 200); do [ -e "$(dirname "$0")/%s-runs" ] && break; sleep 0.05; done; [ $i -lt 200 ] || exit 1\n'
    targets(tree, a=waits % ("a", "b") + WELL, b=waits % ("b", "a") + WELL, c=WELL)
    result = run(tree, "3")
    assert result.returncode == 0, result.stdout
    assert [line.split()[0] for line in result.stdout.splitlines()[-3:]] == ["a", "b", "c"]


def test_who_is_ended_ends_what_he_runs(tree):
    targets(tree, a='echo $$ > "$(dirname "$0")/pid"; exec sleep 60')
    script = subprocess.Popen([tree / "lab" / "fuzz.sh", "3"], env={"PATH": f"{tree}/bin:/usr/bin:/bin"}, stdout=subprocess.DEVNULL)
    pid = tree / "build-fuzz" / "t" / "pid"
    wait_for("the target's start", lambda: pid.exists() and pid.read_text().strip())
    script.terminate()
    script.wait(timeout=20)
    wait_for("the target's end", lambda: not pathlib.Path("/proc", pid.read_text().strip()).exists())


def test_a_target_that_ends_badly_without_an_input_is_a_failure_too(tree):
    targets(tree, a="exit 1")
    assert run(tree, "a", "3").returncode == 1


def test_seeds_dictionary_and_corpus_are_given_to_the_target(tree):
    targets(tree, config=ARGUMENTS + "\n" + WELL)
    program(tree / "build-fuzz" / "t" / "seeds-config", 'echo seed > "$1/seed-0"')
    targets(tree)
    (tree / "tests" / "config" / "config.dict").write_text('"a"\n')
    assert run(tree, "config", "7").returncode == 0
    given = (tree / "build-fuzz" / "t" / "arguments").read_text().split()
    assert {"-max_total_time=7", f"-dict={tree}/tests/config/config.dict"} <= set(given)
    assert given[-2:] == [f"{tree}/build-fuzz/corpus/config", f"{tree}/build-fuzz/seeds/config"]
    assert (tree / "build-fuzz" / "seeds" / "config" / "seed-0").exists()


def test_unoptimised_targets_are_those_of_clang_asan(tree):
    targets(tree, a=WELL)
    (tree / "build-fuzz").rename(tree / "build-clang-asan")
    assert run(tree, "--unoptimised", "--list").stdout == "a\n"
    assert run(tree, "--unoptimised", "a", "3").returncode == 0
    assert (tree / "build-clang-asan" / "corpus" / "a").is_dir()


@pytest.mark.parametrize("arguments", [["c"], ["a", "soon"], ["a", "0"], ["--what"], ["a", "1", "2"]])
def test_what_it_does_not_understand_is_refused(tree, arguments):
    targets(tree, a=WELL)
    assert run(tree, *arguments).returncode == 2
