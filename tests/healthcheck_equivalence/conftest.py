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


def play(lab: Lab, director) -> dict[str, Recording]:
    played = Play(lab, director)
    try:
        return played.run()
    finally:
        print(f"latest step {played.lateness * 1000:.1f} ms late\n---- {director.log}")
        print(director.log.read_text(errors="replace") if director.log.exists() else "(no log)")


@pytest.fixture(scope="session")
def keepalived(lab, request) -> dict[str, Recording]:
    """What keepalived did in each scenario, by name."""
    recordings = play(lab, Keepalived(lab))
    if request.config.getoption("--record"):
        RECORDED.write_text(to_text(recordings))
    return recordings


@pytest.fixture(scope="session")
def penstock(lab) -> dict[str, Recording]:
    """What penstockd did in each scenario, by name."""
    return play(lab, Penstock(lab))
