"""penstockd and the kernel's IPVS do the same, packet for packet: one client script, two directors, two guests, equal transcripts.

recorded-kernel-ipvs.txt is the transcript of the kernel's IPVS of Linux 6.1. It is compared with a fresh one, so that a change of the
scenarios shows in review as a change of what IPVS does; write it anew with

    python3 -m pytest tests/ipvs_conformance --record
"""

import concurrent.futures
import difflib
import pathlib
import re
import subprocess

import pytest
from scenarios import SCENARIOS

from lab.penstockd import build_directory

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RECORDED = HERE / "recorded-kernel-ipvs.txt"
GUEST_SECONDS = 1800
MODULES = "bridge veth tun sch_ingress act_gact cls_matchall"


def sections(transcript: str) -> dict[str, list[str]]:
    parts = re.split(r"(?m)^=== (\w+)\n", transcript)
    return dict(zip(parts[1::2], (part.splitlines() for part in parts[2::2])))


def run_guest(which: str, out: pathlib.Path) -> dict[str, list[str]]:
    """The transcript's sections; the guest's own words when it wrote none."""
    command = f"modprobe -a {MODULES} && PENSTOCK_BUILD={build_directory()} exec /usr/bin/python3 {HERE}/play.py {which} {out}"
    guest = subprocess.run([ROOT / "lab/guest/run.sh", "-t", str(GUEST_SECONDS), out, "bash", "-c", command], capture_output=True, text=True)
    transcript = out / "transcript.txt"
    if transcript.exists():
        return sections(transcript.read_text())
    words = [f"the guest with {which} wrote no transcript", guest.stderr]
    for log in sorted(out.glob("*.log")):
        words += [f"-- {log.name}", *log.read_text(errors="replace").splitlines()[-40:]]
    return {name: words for name in SCENARIOS}


@pytest.fixture(scope="session")
def transcripts(tmp_path_factory):
    """The sections of both directors, from two guests side by side."""
    folder = tmp_path_factory.mktemp("guests")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = {which: pool.submit(run_guest, which, folder / which) for which in ("kernel", "penstock")}
        return {which: future.result() for which, future in futures.items()}


@pytest.fixture(scope="session", autouse=True)
def record(request):
    if request.config.getoption("--record"):
        both = request.getfixturevalue("transcripts")
        RECORDED.write_text("".join(f"=== {name}\n" + "\n".join(lines) + "\n" for name, lines in both["kernel"].items()))


def assert_same(actual: list[str], expected: list[str], actual_name: str, expected_name: str) -> None:
    difference = "\n".join(difflib.unified_diff(expected, actual, expected_name, actual_name, n=3, lineterm=""))
    assert not difference, f"\n{difference}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_kernel_does_what_is_recorded(transcripts, name):
    assert_same(transcripts["kernel"].get(name, []), sections(RECORDED.read_text())[name], "the kernel now", "recorded")


@pytest.mark.parametrize("name", SCENARIOS)
def test_penstock_does_what_the_kernel_does(transcripts, name):
    assert_same(transcripts["penstock"].get(name, []), sections(RECORDED.read_text())[name], "penstock", "the kernel's IPVS")
