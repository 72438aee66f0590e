"""The kernel's mh gives each flow the server that is recorded: recorded-kernel-mh.txt, of the kernel's IPVS of Linux 6.1.

That Penstock gives the same ones is a unit test's matter (tests/control/director/maglev_kernel_test.cc), which needs no guest. With --record the
record is written anew.
"""

import pathlib
import subprocess

import maglev_flows
import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RECORDED = HERE / "recorded-kernel-mh.txt"
GUEST_SECONDS = 1800


@pytest.fixture(scope="session")
def answers(request, tmp_path_factory):
    """The guest's lines; its own words when it wrote none."""
    out = tmp_path_factory.mktemp("maglev")
    guest = subprocess.run((ROOT / "lab/guest/run.sh", "-t", str(GUEST_SECONDS), out, "/usr/bin/python3", HERE / "maglev_play.py", out),
                           capture_output=True, text=True)
    picks, log = out / "picks.txt", out / "output.log"
    if not picks.exists():
        return ["the guest wrote no picks", guest.stderr, log.read_text(errors="replace") if log.exists() else ""]
    if request.config.getoption("--record"):
        RECORDED.write_bytes(picks.read_bytes())
    return picks.read_text().splitlines()


@pytest.mark.parametrize("case", maglev_flows.cases(), ids=str)
def test_the_kernel_gives_each_flow_the_server_that_is_recorded(answers, case):
    def lines_of(lines: list[str]) -> list[str]:
        return [line for line in lines if line.startswith(f"{case} ")]

    assert lines_of(answers) == lines_of(RECORDED.read_text().splitlines()) != [], "\n".join(answers)
