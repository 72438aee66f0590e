"""What `./run test alone` has g++ read, each by itself: all headers, and the product's sources, which are otherwise compiled by eights.
So it shows whether each includes what it needs."""

import json
import pathlib
import subprocess

from tests.lint.sources import ROOT, cpp_files, layer

DIRECTORY = ROOT / "build"


def files() -> list[pathlib.Path]:
    """Relative to the root."""
    return [file for file in cpp_files() if file.suffix == ".h" or layer(file)]


def flags() -> list[str]:
    """The compiler's, of the product's target that needs all that there is. The build directory must have been configured."""
    listing = subprocess.run(["/usr/bin/meson", "introspect", "--targets", str(DIRECTORY)], capture_output=True, text=True, check=True)
    daemon = next(target for target in json.loads(listing.stdout) if target["name"] == "penstock-control-daemon")
    return next(source["parameters"] for source in daemon["target_sources"] if source.get("language") == "cpp")


def command(file: pathlib.Path, with_flags: list[str]) -> list[str]:
    return ["/bin/sh", "-c", f'echo \'#include "{file}"\' | g++-12 "$@" -O0 -fsyntax-only -x c++ -', "sh", *with_flags]
