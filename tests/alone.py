"""What `./run test alone` has g++ read, each by itself: all headers, and the product's sources, which are otherwise compiled by eights.
So it shows whether each includes what it needs."""

import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
DIRECTORY = ROOT / "build"
FOLDERS = ("dataplane", "notify", "config", "vrrp", "sync", "healthcheck", "control", "tests", "bench")
NOT_THE_PRODUCT = ("tests", "bench")


def files() -> list[pathlib.Path]:
    """Relative to the root."""
    found = (file.relative_to(ROOT) for folder in FOLDERS for file in (ROOT / folder).rglob("*.*"))
    return sorted(file for file in found if file.suffix == ".h" or (file.suffix == ".cc" and file.parts[0] not in NOT_THE_PRODUCT))


def flags() -> list[str]:
    """All that one of the product's targets has: what it includes, defines and warns of. The build directory must have been configured."""
    listing = subprocess.run(["/usr/bin/meson", "introspect", "--targets", str(DIRECTORY)], capture_output=True, text=True, check=True)
    daemon = next(target for target in json.loads(listing.stdout) if target["name"] == "penstock-control-daemon")
    return next(source["parameters"] for source in daemon["target_sources"] if source.get("language") == "cpp")


def command(file: pathlib.Path, with_flags: list[str]) -> list[str]:
    return ["/bin/sh", "-c", f'echo \'#include "{file}"\' | g++-12 "$@" -O0 -fsyntax-only -x c++ -', "sh", *with_flags]
