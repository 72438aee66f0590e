"""What a run has shown of each fault in docs/FAULTS.md: the table's faults, each with the result of the tests that it names.

    python3 -m tests.fault_table    from the reports of the last `./run test`, which prints the same at its end
"""

import dataclasses
import pathlib
import re
import xml.etree.ElementTree

from tests import reports
from tests.reports import FAILED, NOT_RUN, PASSED

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "FAULTS.md"
REPORTS = ROOT / "build" / "test-reports"
NAMED = re.compile(r"`(tests/[\w/]+\.(?:py|cc))::([\w.]+)`")
# From the best to the worst.
WORSE = (PASSED, NOT_RUN, FAILED)


@dataclasses.dataclass(frozen=True)
class Row:
    fault: str
    result: str


def key(file: str, name: str) -> str:
    """`SUITE.NAME` of GoogleTest, whatever file it is in; `FOLDERS/FILE.py::NAME` of pytest."""
    return name if file.endswith(".cc") else f"{file}::{name}"


def key_of_case(case: xml.etree.ElementTree.Element) -> str:
    """The same of a case in a report: parameters, and the names under which a suite was instantiated, are left out."""
    suite, name = case.get("classname", ""), case.get("name", "")
    if suite.startswith("tests."):
        return key(suite.replace(".", "/") + ".py", name.partition("[")[0])
    of_suite = suite.split("/")
    is_typed = of_suite[-1].isdigit()  # SUITE/0, where a parameter's is INSTANTIATION/SUITE
    return f"{of_suite[-2 if is_typed else -1]}.{name.partition('/')[0]}"


def results(folder: pathlib.Path, since: float = 0) -> dict[str, str]:
    """The worst result of each test in the reports of suites that run by default, if they are not older than `since` (a file's time)."""
    found: dict[str, str] = {}
    for file in [*folder.glob("*.xml"), *(folder / "release").glob("*.xml")]:
        if file.stat().st_mtime < since:
            continue
        for case in reports.cases(file):
            name = key_of_case(case)
            found[name] = max(found.get(name, PASSED), reports.result(case), key=WORSE.index)
    return found


def rows(document: str, found: dict[str, str]) -> list[Row]:
    out = []
    for line in document.splitlines():
        tests = [key(file, name) for file, name in NAMED.findall(line)]
        if line.startswith("| ") and tests:
            result = max((found.get(test, NOT_RUN) for test in tests), key=WORSE.index)
            out.append(Row(line.split(" | ")[0].removeprefix("| "), result))
    return out


def text(table: list[Row]) -> str:
    return "\n".join(["Faults (docs/FAULTS.md):", *(f"  {row.result:<8} {row.fault}" for row in table)])


if __name__ == "__main__":
    print(text(rows(DOCUMENT.read_text(), results(REPORTS))))
