"""The shape of files: format, length, an opening comment, and headers that compile alone."""

import concurrent.futures
import pathlib
import re
import subprocess

from sources import ROOT, cpp_files, includes

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


def system_include_flags() -> list[str]:
    flags = subprocess.run(["pkg-config", "--cflags-only-I", "libdpdk", "libnl-3.0", "libnl-route-3.0"], capture_output=True, text=True, check=True)
    return [word for flag in flags.stdout.split() for word in ("-isystem", flag.removeprefix("-I"))]


def included_first() -> set[str]:
    """Headers that a source includes before all others: wherever the source is compiled, they are seen to need none. Tests' sources
    are compiled together, which proves it of the first one only."""
    sources = [file for file in cpp_files() if file.suffix == ".cc" and file.parts[0] != "tests"]
    return {includes(file)[0][1] for file in sources if includes(file)}


def test_each_header_compiles_alone():
    """Those that no source includes first: a source that holds nothing but the include. Compiled through ccache, so that a second run costs nothing."""
    first = included_first()
    headers = [file for file in cpp_files() if file.suffix == ".h" and str(file) not in first]
    assert headers
    folder = ROOT / ".cache" / "lint-headers"
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["-std=c++23", "-march=x86-64-v2", "-DRTE_USE_C11_MEM_MODEL", f"-I{ROOT}", *system_include_flags()]

    def compile_alone(header: pathlib.Path) -> str:
        source = folder / (str(header).replace("/", "__") + ".cc")
        source.write_text(f'#include "{header}"\n')
        result = subprocess.run(["ccache", "g++-12", *flags, "-c", str(source), "-o", str(source) + ".o"],
                                capture_output=True, text=True)
        return "" if result.returncode == 0 else f"{header}:\n{result.stderr[:600]}"

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        broken = [words for words in pool.map(compile_alone, headers) if words]
    assert not broken, "\n".join(broken)
