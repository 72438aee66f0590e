"""Misspelt words in what people read: documents, comments, names."""

import pathlib
import subprocess

from sources import FOLDERS, ROOT

OTHER_FOLDERS = ("docs", "lab")
FILES = (".ci/run", "README.md", "meson.build", "meson_options.txt", "run")
SUFFIXES = {".build", ".c", ".cc", ".h", ".md", ".py", ".sh", ".txt"}
# What others wrote, or machines recorded.
RECORDED = ("tests/config/data/", "tests/control/cli/data/", "tests/sync/data/", "tests/ipvs_conformance/recorded-",
            "tests/healthcheck_equivalence/recorded-")
# Right words that codespell takes for wrong ones. fo: IPVS's scheduler. includea: keepalived's word. tha: ARP's target hardware address.
# nd: "\nD". kno, kown: kNo and kOwn, constants. fro: to and fro.
FIELD_TERMS = ("fo", "fro", "includea", "kno", "kown", "nd", "tha")
# Keywords that the tests of config/suggest.h misspell.
MISSPELT_KEYWORDS = {"certifcate", "chek", "gobal", "lod", "overwirte", "prioirty", "priorty", "wieght"}
AT_HOME = ("tests/config/", "tests/lint/test_words.py")


def texts() -> list[str]:
    found = (file.relative_to(ROOT) for folder in (*FOLDERS, *OTHER_FOLDERS) for file in (ROOT / folder).rglob("*") if file.suffix in SUFFIXES)
    return [*FILES, *sorted(str(file) for file in found if not str(file).startswith(RECORDED))]


def misspelt(files: list[str], folder: pathlib.Path) -> list[str]:
    """FILE:LINE: WORD ==> SUGGESTION of each."""
    command = ["codespell", "--ignore-words-list", ",".join(FIELD_TERMS), *files]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert result.returncode in (0, 65), result.stderr  # 65: some were found
    return result.stdout.splitlines()


def is_on_purpose(finding: str) -> bool:
    return finding.startswith(AT_HOME) and finding.split()[1] in MISSPELT_KEYWORDS


def test_no_word_is_misspelt():
    assert [finding for finding in misspelt(texts(), ROOT) if not is_on_purpose(finding)] == []


def test_a_misspelt_word_is_found(tmp_path):
    (tmp_path / "a.md").write_text(f"It was recie{'ved'}.\n")
    assert misspelt(["a.md"], tmp_path) == [f"a.md:1: recie{'ved'} ==> received"]
