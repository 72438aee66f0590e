"""A lab for the whole session, without web servers, and one recording of each director, made when a test first asks for it."""

import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

from directors import Keepalived, Penstock  # noqa: E402
from lab.lab import Lab  # noqa: E402
from play import Play, prepare  # noqa: E402
from recording import Recording, to_text  # noqa: E402
from scenarios import SCENARIOS, Scenario  # noqa: E402

AT_A_TIME = 3
RECORDED = HERE / "recorded-keepalived.txt"


def pytest_addoption(parser):
    parser.addoption("--record", action="store_true", help="write keepalived's recording anew")


@pytest.fixture(scope="session")
def lab():
    # Times are compared: servers, directors and this program go before whatever else the machine does.
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    lab = Lab(f"q{os.getpid()}")
    (lab.directory / "pids").mkdir(parents=True)
    lab.network_up()
    prepare(lab)
    yield lab
    lab.down()


def batches(scenarios: list[Scenario]) -> list[list[Scenario]]:
    return [scenarios[first:first + AT_A_TIME] for first in range(0, len(scenarios), AT_A_TIME)]


def play(lab: Lab, make_director: type) -> dict[str, Recording]:
    """All scenarios, a few at a time: the first checks of all of them at one moment would keep a director busy for longer than it may be late."""
    recordings = {}
    for scenarios in batches(list(SCENARIOS.values())):
        director = make_director(lab)
        played = Play(lab, director, scenarios)
        try:
            recordings |= played.run()
        finally:
            print(f"latest step {played.lateness * 1000:.1f} ms late\n---- {director.log}")
            print(director.log.read_text(errors="replace") if director.log.exists() else "(no log)")
    return recordings


@pytest.fixture(scope="session")
def keepalived(lab, request) -> dict[str, Recording]:
    """What keepalived did in each scenario, by name."""
    recordings = play(lab, Keepalived)
    if request.config.getoption("--record"):
        RECORDED.write_text(to_text(recordings))
    return recordings


@pytest.fixture(scope="session")
def penstock(lab) -> dict[str, Recording]:
    """What penstockd did in each scenario, by name."""
    return play(lab, Penstock)
