"""What befalls a director as a whole: it stands still, is killed, loses its TAP or its neighbours, is started twice, its wall clock jumps.
Each ends in a named error or in full recovery (docs/FAULTS.md)."""

import json
import os
import pathlib
import re
import signal
import subprocess

import pytest
from lab import keepalived_conf, topology
from lab.penstockd import Penstockd
from lab.vrrp_wire import VrrpWire
from lab.waiting import wait_for
from test_failover import BACKUP_PRIORITY, VRID, Pair, client_is_told, rotates
from test_faults import checks
from test_health import paced

HERE = pathlib.Path(__file__).parent
DAY = 24 * 3600


@pytest.fixture
def pair(make_daemon, configuration) -> Pair:
    text = paced(configuration, 1, 0.25)
    return Pair(make_daemon(node=topology.DIRECTOR), make_daemon(node=topology.DIRECTOR2), text, keepalived_conf.for_backup(text, BACKUP_PRIORITY))


@pytest.fixture
def wire(lab):
    with VrrpWire(lab) as wire:
        yield wire


def process(daemon: Penstockd) -> int:
    return int(daemon.pid_file.read_text())


def state_of(daemon: Penstockd) -> str:
    return json.loads(daemon.penstock("show", "vrrp", "--json").stdout)["instances"][0]["state"]


def adverts_since(wire, node: str, moment, count: int) -> None:
    wait_for(f"{count} adverts of {node}", lambda: len(wire.adverts(node, VRID, moment)) >= count)


def test_a_master_that_stands_still_is_replaced_and_comes_back(lab, pair, wire):
    pair.start()
    rotates(lab)
    os.kill(process(pair.master), signal.SIGSTOP)
    try:
        client_is_told(lab, topology.DIRECTOR2)
        rotates(lab)
    finally:
        since = wire.now()
        os.kill(process(pair.master), signal.SIGCONT)
    client_is_told(lab, topology.DIRECTOR)
    wait_for("a single master", lambda: (state_of(pair.master), state_of(pair.backup)) == ("MASTER", "BACKUP"))
    assert not pair.backup.has_address(topology.VIP)
    adverts_since(wire, "director", since, 3)
    rotates(lab)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL], ids=["stands still", "is killed"])
def test_a_backup_that_is_lost_changes_nothing_and_comes_back_as_backup(lab, pair, wire, number):
    pair.start()
    since = wire.now()
    os.kill(process(pair.backup), number)
    adverts_since(wire, "director", since, 5)
    rotates(lab)
    if number == signal.SIGSTOP:
        os.kill(process(pair.backup), signal.SIGCONT)
    else:
        wait_for("its end", lambda: not pair.backup.is_running())
        pair.backup.stop()
        pair.backup.start(pair.backup_text, as_master=False)
    moment = wire.now()
    adverts_since(wire, "director", moment, 5)
    assert wire.adverts("director2", VRID, since) == []
    assert (state_of(pair.master), state_of(pair.backup)) == ("MASTER", "BACKUP")
    rotates(lab)


def test_a_deleted_tap_is_said_and_the_other_director_takes_over(lab, pair):
    pair.start()
    mark = len(pair.master.log_text())
    lab.run("director", "ip", "link", "del", "eth0")
    client_is_told(lab, topology.DIRECTOR2)
    rotates(lab)
    said = pair.master.log_text()[mark:]
    assert re.search(r"eth0: the interface is gone \(.*\): the host is cut off from this port until penstockd is started anew", said), said
    assert state_of(pair.master) == "FAULT"
    assert pair.master.stop() == 0
    pair.master.start(pair.master_text)
    client_is_told(lab, topology.DIRECTOR)
    rotates(lab)


def test_neighbours_that_are_lost_are_found_again(lab, daemon):
    rotates(lab)
    lab.run("director", "ip", "neigh", "flush", "dev", "eth0")
    for server in topology.REAL_SERVERS:
        lab.run("director", "ip", "neigh", "del", server.address, "dev", "eth0", check=False)
    # Who is in the table again was asked for again: penstockd has heard of the loss.
    for server in topology.REAL_SERVERS:
        wait_for(f"{server.address} in the kernel's table",
                 lambda server=server: server.mac in lab.run("director", "ip", "neigh", "show", server.address, "dev", "eth0").stdout)
    wait_for("the real servers' MAC addresses", lambda: not daemon.unresolved())
    rotates(lab)
    assert "FAILED" not in lab.run("director", "ip", "neigh", "show", "dev", "eth0").stdout


def test_a_second_instance_on_the_same_port_is_refused_by_name(lab, daemon, configuration, tmp_path):
    """With a socket and a pid file of its own: only the port tells."""
    file = tmp_path / "second.conf"
    file.write_text(configuration)
    words = daemon.arguments()
    for option, value in (("-f", file), ("--socket", tmp_path / "socket"), ("-p", tmp_path / "pid"), ("--eal", "--file-prefix second")):
        words[words.index(option) + 1] = str(value)
    second = lab.run("director", *words, check=False)
    assert second.returncode == 1
    assert f"cannot keep the kernel from answering on {topology.DIRECTOR.interface}: the process {process(daemon)} uses it already" in second.stderr
    assert not (tmp_path / "pid").exists() and not (tmp_path / "socket").exists()
    rotates(lab)


def test_a_full_disk_for_the_pid_file_is_a_named_error(lab, make_daemon, configuration):
    daemon = make_daemon(before=("sh", "-c", 'mount -t tmpfs -o size=4k none /mnt && dd if=/dev/zero of=/mnt/filler bs=8k count=1 2>/dev/null; '
                                 'exec "$@"', "sh"))
    arguments = daemon.arguments()
    arguments[arguments.index("-p") + 1] = "/mnt/penstockd.pid"
    daemon.arguments = lambda: arguments
    with pytest.raises(RuntimeError, match="can't write the pid file /mnt/penstockd.pid: No space left on device"):
        daemon.start(configuration)


@pytest.fixture
def wall_clock(tmp_path) -> pathlib.Path:
    """wall_clock.c as a library."""
    library = tmp_path / "wall_clock.so"
    subprocess.run(["gcc-12", "-O1", "-shared", "-fPIC", "-o", str(library), str(HERE / "wall_clock.c")], check=True)
    return library


def test_a_jump_of_the_wall_clock_moves_the_logs_time_alone(lab, make_daemon, configuration, wire, wall_clock, tmp_path):
    """A year ahead, then two back, while adverts, checks and connections go on by the clock that can't be set."""
    offset = tmp_path / "offset"
    offset.write_text("0\n")
    sanitizer = f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"
    daemon = make_daemon(before=("env", f"LD_PRELOAD={wall_clock}", f"WALL_CLOCK_FILE={offset}", f"ASAN_OPTIONS={sanitizer}"))
    daemon.start(paced(configuration, 1, 0.25))
    wait_for("the first checks", lambda: all(check["successes"] > 0 for check in checks(daemon)))

    def year_of_the_log() -> int:
        return int(re.findall(r"(?m)^\w+ \w+ +\d+ [\d:]+ (\d+): ", daemon.log_text())[-1])

    today = year_of_the_log()
    for days, years in ((366, 1), (-366, -1)):
        before = max(check["successes"] for check in checks(daemon))
        moment = wire.now()
        draft = tmp_path / "draft"
        draft.write_text(f"{days * DAY}\n")
        draft.rename(offset)
        adverts_since(wire, "director", moment, 5)
        moments = [advert.time for advert in wire.adverts("director", VRID, moment)]
        gaps = [later - earlier for earlier, later in zip(moments, moments[1:])]
        assert all(0.5 < gap < 2 for gap in gaps), gaps
        wait_for("more checks", lambda before=before: all(check["successes"] > before + 2 for check in checks(daemon)))
        rotates(lab)
        daemon.hang_up()
        wait_for("the log's new time", lambda years=years: year_of_the_log() == today + years)
    assert all(not check["failures"] for check in checks(daemon))
    assert state_of(daemon) == "MASTER"
    assert "Entering FAULT" not in daemon.log_text()
