"""What tests write of themselves: GoogleTest's XML and pytest's JUnit XML."""

import pathlib
import xml.etree.ElementTree
from collections.abc import Iterator

PASSED, NOT_RUN, FAILED = "passed", "not run", "failed"


def cases(file: pathlib.Path) -> Iterator[xml.etree.ElementTree.Element]:
    """The test cases of one report. A missing or torn file has none: whoever ran the program judges its exit status."""
    try:
        return xml.etree.ElementTree.parse(file).getroot().iter("testcase")
    except (FileNotFoundError, xml.etree.ElementTree.ParseError):
        return iter(())


def result(case: xml.etree.ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return FAILED
    return NOT_RUN if case.find("skipped") is not None or case.get("status") == "notrun" else PASSED
