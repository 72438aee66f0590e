"""The shape of files: format, length, an opening comment."""

import re
import subprocess

from sources import ROOT, cpp_files

# The aim is 300; a file that outgrows this limit holds two ideas.
LONGEST_FILE_LINES = 400


def test_clang_format_has_nothing_to_change():
    result = subprocess.run(["clang-format-19", "--dry-run", "-Werror", *map(str, cpp_files())], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, sorted(set(re.findall(r"^(\S+?):\d+:\d+: error: ", result.stderr, re.M)))


def test_no_file_is_too_long():
    long = {str(file): len((ROOT / file).read_text().splitlines()) for file in cpp_files()}
    assert {file: lines for file, lines in long.items() if lines > LONGEST_FILE_LINES} == {}


def test_each_header_opens_with_a_comment():
    def opens_with_comment(file):
        lines = [line for line in (ROOT / file).read_text().splitlines() if line.strip() and not line.startswith("#pragma once")]
        return lines and lines[0].startswith(("//", "/*"))

    headers = [str(file) for file in cpp_files() if file.suffix == ".h" and not opens_with_comment(file)]
    assert headers == []


def test_each_header_is_guarded_once():
    assert [str(file) for file in cpp_files() if file.suffix == ".h" and "#pragma once" not in (ROOT / file).read_text()] == []


def test_nothing_is_left_to_do():
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [str(file) for file in cpp_files() if marks.search((ROOT / file).read_text())] == []
