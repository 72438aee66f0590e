"""Both directors play the same scenarios, each in a guest of its own, side by side."""

import concurrent.futures
import difflib
import pathlib
import re
import subprocess
from collections.abc import Iterable

from lab.penstockd import build_directory

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
GUEST_SECONDS = 1800
MODULES = "bridge veth tun sch_ingress act_gact cls_matchall"
# By the scenario's name.
Sections = dict[str, list[str]]


def sections(transcript: str) -> Sections:
    parts = re.split(r"(?m)^=== (\w+)\n", transcript)
    return dict(zip(parts[1::2], (part.splitlines() for part in parts[2::2])))


def run_guest(which: str, out: pathlib.Path, names: Iterable[str]) -> Sections:
    """The transcript's sections; the guest's own words when it wrote none."""
    command = (f"modprobe -a {MODULES} && PENSTOCK_BUILD={build_directory()} exec /usr/bin/python3 {HERE}/play.py {which} {out} {' '.join(names)}")
    guest = subprocess.run([ROOT / "lab/guest/run.sh", "-t", str(GUEST_SECONDS), out, "bash", "-c", command], capture_output=True, text=True)
    transcript = out / "transcript.txt"
    if transcript.exists():
        return sections(transcript.read_text())
    words = [f"the guest with {which} wrote no transcript", guest.stderr]
    for log in sorted(out.glob("*.log")):
        words += [f"-- {log.name}", *log.read_text(errors="replace").splitlines()[-40:]]
    return {name: words for name in names}


def transcripts(folder: pathlib.Path, names: Iterable[str]) -> dict[str, Sections]:
    """Of "kernel" and "penstock"."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = {which: pool.submit(run_guest, which, folder / which, names) for which in ("kernel", "penstock")}
        return {which: future.result() for which, future in futures.items()}


def assert_same(actual: list[str], expected: list[str], actual_name: str, expected_name: str) -> None:
    difference = "\n".join(difflib.unified_diff(expected, actual, expected_name, actual_name, n=3, lineterm=""))
    assert not difference, f"\n{difference}"
