"""What `./run test tidy` has clang-tidy read: the product's sources as the variant clang-asan compiles them, a library as one source."""

import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
VARIANT = "clang-asan"
DIRECTORY = ROOT / f"build-{VARIANT}"
NOT_THE_PRODUCT = ("tests/", "bench/")


def sources() -> list[str]:
    """Relative to DIRECTORY. It must have been configured."""
    compiled = json.loads((DIRECTORY / "compile_commands.json").read_text())
    return sorted(each["file"] for each in compiled if not each["file"].startswith(NOT_THE_PRODUCT))


def command(source: str) -> list[str]:
    """By .clang-tidy, in which each finding is an error."""
    return ["clang-tidy-19", "--quiet", "-p", str(DIRECTORY), str(DIRECTORY / source)]
