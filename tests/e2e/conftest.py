"""Fixtures: a lab for the whole session, a daemon for each test, and what serves and asks.

The real data plane on veth cables, real HTTP servers, real clients; nothing is simulated. Each session has a lab of its own, named by its
process id; a lab that a killed session left behind is taken down first.
"""

import os
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from lab import topology  # noqa: E402
from lab.lab import Lab  # noqa: E402
from lab.penstockd import Penstockd  # noqa: E402
from lab.waiting import wait_for  # noqa: E402

import held  # noqa: E402
from kernel_director import KernelDirector  # noqa: E402
from servers import listens  # noqa: E402


def remove_abandoned_labs() -> None:
    for directory in pathlib.Path("/run/penstock-lab").glob("e*"):
        match = re.fullmatch(r"e(\d+)(howto)?", directory.name)
        if match and not pathlib.Path(f"/proc/{match[1]}").exists():
            Lab(directory.name).down()


@pytest.fixture(scope="session")
def lab():
    remove_abandoned_labs()
    lab = Lab(f"e{os.getpid()}")
    lab.up()
    yield lab
    lab.down()


@pytest.fixture
def configuration(lab) -> str:
    """The lab's keepalived.conf: the how-to's MASTER with the digests of the lab's pages."""
    return lab.configuration.read_text()


@pytest.fixture
def make_daemon(lab):
    """make_daemon(...) is Penstockd(lab, ...); what was started is stopped after the test, and its log shown if the test failed."""
    daemons: list[Penstockd] = []

    def make(**arguments) -> Penstockd:
        daemon = Penstockd(lab, **arguments)
        daemon.log.unlink(missing_ok=True)
        daemons.append(daemon)
        return daemon

    yield make
    for daemon in daemons:
        daemon.stop()
        print(f"---- log of penstockd in {daemon.node.name}\n{daemon.log_text()}")


@pytest.fixture
def daemon(make_daemon, configuration) -> Penstockd:
    """penstockd with the lab's configuration, running."""
    daemon = make_daemon()
    daemon.start(configuration)
    return daemon


@pytest.fixture
def three_servers() -> dict[str, int]:
    """The how-to's real servers as `Penstockd.services` shows them."""
    return {f"{server.address}:80": 1 for server in topology.REAL_SERVERS}


@pytest.fixture
def all_web_servers_again(lab):
    """After a test that stops the first server's web server."""
    yield
    lab.stop_web_server(topology.REAL_SERVERS[0])
    lab.start_web_server(topology.REAL_SERVERS[0])
    lab.wait_for_web_server(topology.REAL_SERVERS[0])


@pytest.fixture
def echo_servers(lab):
    """What held connections are answered by, on each real server."""
    for server in topology.REAL_SERVERS:
        lab.start(server.name, "echo", sys.executable, str(held.HERE / "echo_server.py"), str(held.PORT))
    for server in topology.REAL_SERVERS:
        wait_for(f"the echo server on {server.name}", lambda: listens(lab, server.name, held.PORT))
    yield
    for server in topology.REAL_SERVERS:
        lab.stop(server.name, "echo")


@pytest.fixture(scope="module")
def kernel(lab, tmp_path_factory):
    """A node with the kernel's IPVS, for the tests of a module."""
    director = KernelDirector(lab, tmp_path_factory.mktemp("guest"))
    yield director
    director.power_off()


@pytest.fixture
def keepalived(kernel):
    """keepalived in the guest, ended after the test, its log shown where the test failed."""
    before = len(kernel.log_text())
    yield kernel
    if kernel.is_running():
        kernel.stop()
    print(f"---- log of keepalived in the guest\n{kernel.log_text()[before:]}")
