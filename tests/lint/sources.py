"""The project's C++ files, and who includes whom."""

import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A folder of its own before the one that it lies in.
LAYERS = ("dataplane/packet", "dataplane/core", "dataplane/dpdk", "notify", "config", "vrrp/spec", "vrrp", "sync", "healthcheck/spec",
          "healthcheck/io", "healthcheck", "control/loop", "control")
FOLDERS = ("dataplane", "notify", "config", "vrrp", "sync", "healthcheck", "control", "tests", "bench")


@functools.cache
def cpp_files() -> tuple[pathlib.Path, ...]:
    """Headers and sources, relative to the root, in order."""
    files = (file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if file.suffix in (".h", ".cc"))
    return tuple(sorted(file.relative_to(ROOT) for file in files))


def includes(file: pathlib.Path) -> list[tuple[int, str, bool]]:
    """(line number, name, whether in quotes) of each include of a file."""
    found = []
    for number, line in enumerate((ROOT / file).read_text().splitlines(), start=1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            found.append((number, match[2], match[1] == '"'))
    return found


def layer(path: pathlib.Path | str) -> str | None:
    """The layer that a file belongs to, None for tests and benchmarks."""
    return next((name for name in LAYERS if str(path).startswith(name + "/")), None)
