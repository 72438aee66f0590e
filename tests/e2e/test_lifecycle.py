"""How the daemon starts, refuses to start, and leaves."""

import os
import signal
import subprocess

import pytest
from http_clients import curl
from lab import keepalived_conf, topology
from lab.penstockd import build_directory
from lab.waiting import wait_for


def run_penstockd(lab, *arguments: str) -> subprocess.CompletedProcess:
    """penstockd in the director's namespace, until it ends by itself."""
    return lab.run("director", str(build_directory() / "penstockd"), *arguments, check=False)


def links(lab) -> str:
    return lab.run("director", "ip", "-br", "link").stdout


def test_the_configured_interface_is_a_tap_with_the_ports_address(lab, daemon):
    line = next(line for line in links(lab).splitlines() if line.startswith("eth0"))
    assert topology.DIRECTOR.mac in line
    addresses = lab.run("director", "ip", "-br", "addr", "show", "dev", "eth0").stdout
    assert f"{topology.DIRECTOR.address}/24" in addresses and f"{topology.VIP}/32" in addresses


def test_sigterm_withdraws_everything_and_exits_with_zero(lab, daemon):
    curl(lab)
    links_below = [line.split()[0] for line in links(lab).splitlines() if not line.startswith("eth0")]
    assert daemon.stop() == 0
    assert [line.split()[0] for line in links(lab).splitlines()] == links_below
    assert topology.VIP not in lab.run("director", "ip", "addr").stdout
    # Nothing stays behind on the interface below: no filter that would keep the host's packets out.
    assert lab.run("director", "nft", "list", "ruleset").stdout == ""
    assert "ingress" not in lab.run("director", "tc", "qdisc", "show").stdout
    assert not daemon.socket.exists() and not daemon.pid_file.exists()
    assert lab.run("client", "ping", "-c", "1", "-W", "1", topology.VIP, check=False).returncode == 1


def test_it_starts_again_after_it_was_killed(lab, daemon, make_daemon, configuration):
    """SIGKILL leaves a socket, a pid file and perhaps a filter behind: none of them may be in the way."""
    pid = lab.processes.pid("director-penstockd")
    os.kill(pid, signal.SIGKILL)
    wait_for("its end", lambda: not daemon.is_running())
    assert daemon.stop() == -signal.SIGKILL
    again = make_daemon()
    again.start(configuration)
    assert len({curl(lab) for _ in range(3)}) == 3


def test_a_second_daemon_on_the_same_socket_is_refused(lab, daemon):
    result = run_penstockd(lab, *daemon.arguments()[1:])
    assert result.returncode == 1
    assert str(daemon.socket) in result.stderr or str(daemon.pid_file) in result.stderr
    assert len({curl(lab) for _ in range(3)}) == 3


def test_without_a_port_it_says_which_interfaces_there_are_and_how_to_give_one(lab, tmp_path, configuration):
    file = tmp_path / "keepalived.conf"
    file.write_text(configuration)
    result = run_penstockd(lab, "-f", str(file), "-n", "-l", "--socket", str(tmp_path / "socket"), "-p", str(tmp_path / "pid"))
    assert result.returncode == 1
    for word in ("--port", "x0", "PCI", "net_af_xdp", "net_af_packet"):
        assert word in result.stderr, word


HOWTO = keepalived_conf.HOWTO.read_text()


@pytest.mark.parametrize("text", [HOWTO, keepalived_conf.for_backup(HOWTO)], ids=["MASTER", "BACKUP"])
def test_the_how_tos_files_are_accepted_as_they_are(lab, tmp_path, text):
    file = tmp_path / "keepalived.conf"
    file.write_text(text)
    result = run_penstockd(lab, "-t", "-f", str(file))
    assert result.returncode == 0, result.stderr
    assert "error:" not in result.stdout + result.stderr


def test_a_missing_file_is_an_error(lab, tmp_path):
    result = run_penstockd(lab, "-t", "-f", str(tmp_path / "nothing"))
    assert result.returncode == 1
    assert str(tmp_path / "nothing") in result.stderr
