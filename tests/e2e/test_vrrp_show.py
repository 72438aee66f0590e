"""Two masters at once: `penstock show vrrp` says in words why, and what a network engineer should look at.

The other director is Debian's keepalived in a namespace of its own, with the kernel's interface.
"""

import json
import os
import pathlib
import signal

import pytest
from lab import topology
from lab.waiting import wait_for

OTHER = topology.DIRECTOR2
PASSWORD = "right1"


def instance(interface: str, priority: int, password: str = PASSWORD) -> str:
    return f"""vrrp_instance VI_1 {{
    state BACKUP
    interface {interface}
    virtual_router_id 50
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass {password}
    }}
    virtual_ipaddress {{
        {topology.VIP}/24
    }}
}}
"""


@pytest.fixture
def keepalived(lab):
    """keepalived(password) starts keepalived in the other director's namespace; it is ended after the test."""
    files = [lab.directory / f"{OTHER.name}-keepalived{suffix}" for suffix in (".conf", ".pid", "-vrrp.pid", "-check.pid")]

    def start(password: str = PASSWORD) -> None:
        files[0].write_text(instance(OTHER.interface, 150, password))
        files[0].chmod(0o644)
        lab.run(OTHER.name, "ip", "addr", "add", f"{OTHER.address}/{topology.PREFIX_LENGTH}", "dev", OTHER.interface)
        lab.start(OTHER.name, "keepalived", "keepalived", "-n", "-l", "-D", "--vrrp", "-f", str(files[0]), "-p", str(files[1]),
                  "-r", str(files[2]), "-c", str(files[3]))

    yield start
    lab.stop(OTHER.name, "keepalived")
    lab.run(OTHER.name, "ip", "addr", "flush", "dev", OTHER.interface)


@pytest.fixture
def no_vrrp_at_the_other(lab):
    """As a security group that doesn't let protocol 112 through, in either direction."""
    rules = "".join(f"chain {hook} {{ type filter hook {hook} priority 0; meta l4proto 112 drop; }}\n" for hook in ("input", "output"))
    lab.run(OTHER.name, "nft", f"table ip group {{\n{rules}}}")
    yield
    lab.run(OTHER.name, "nft", "delete table ip group")


@pytest.fixture
def master(make_daemon):
    """penstockd, master for the VIP."""
    daemon = make_daemon()
    daemon.start(instance("eth0", 100))
    return daemon


def text_with(daemon, *words: str) -> str:
    """What `show vrrp` says as soon as all of these words are in it."""
    def said() -> str:
        text = daemon.penstock("show", "vrrp").stdout
        return text if all(word in text for word in words) else ""
    return wait_for(f"{words} in show vrrp", said)


def holds_vip(lab) -> bool:
    return f" {topology.VIP}/" in lab.run(OTHER.name, "ip", "addr", "show", "dev", OTHER.interface).stdout


def test_two_masters_by_a_wrong_password_are_explained(lab, master, keepalived):
    keepalived("wrong1")
    wait_for("both to be master", lambda: holds_vip(lab))
    text = text_with(master, "REJECTED", "CONFLICT")
    assert "VI_1: MASTER for " in text
    assert f"I hear {OTHER.address} for VRID 50, rejected: wrong password (" in text
    assert f"{OTHER.mac} answers ARP for {topology.VIP}: another master, and adverts are rejected (" in text
    assert PASSWORD not in text and "wrong1" not in text
    only = json.loads(master.penstock("show", "vrrp", "--json").stdout)["instances"][0]
    assert only["counters"]["rejected"]["wrong_password"] > 0 and only["counters"]["adverts_received"] == 0
    assert only["rejected_peers"][0]["address"] == OTHER.address


def test_two_masters_by_a_security_group_are_explained(lab, master, no_vrrp_at_the_other, keepalived):
    keepalived()
    wait_for("both to be master", lambda: holds_vip(lab))
    text = text_with(master, "CONFLICT")
    assert (f"no advert was ever received on eth0, while {OTHER.mac} answers ARP for {topology.VIP}: another master that we don't hear "
            "(is protocol 112 let through, and multicast?) (") in text
    assert "REJECTED" not in text
    claims = [line for line in master.log_text().splitlines() if OTHER.mac in line]
    assert len(claims) == 1 and f"says that {topology.VIP} is there, while we are master for it" in claims[0], claims


def test_a_backup_says_who_is_master(lab, make_daemon, keepalived):
    keepalived()
    wait_for("the other to be master", lambda: holds_vip(lab))
    daemon = make_daemon()
    daemon.write(instance("eth0", 100))
    lab.processes.start(f"{daemon.node.name}-penstockd", lab.command(daemon.node.name, *daemon.arguments()), daemon.log)
    wait_for("penstockd to answer", lambda: daemon.penstock("show", "vrrp", check=False).returncode == 0)
    text = text_with(daemon, "BACKUP", ", heard ")
    assert f"  Master     {OTHER.address}, priority 150, every 1 s, heard " in text
    assert daemon.penstock("announce", check=False).stderr == "penstock: this host is master for no VRRP instance\n"


def test_the_addresses_are_announced_on_request(master):
    def announced() -> int:
        return json.loads(master.penstock("show", "vrrp", "--json").stdout)["instances"][0]["counters"]["announcements_sent"]

    wait_for("the second set of announcements", lambda: announced() >= 10)
    before = announced()
    assert master.penstock("announce").stdout == "The addresses of VI_1 are announced again.\n"
    wait_for("another announcement", lambda: announced() > before)


def test_keepalived_signals_write_keepalived_files(lab, make_daemon):
    """What exporters do. The daemon has a /tmp of its own here, which is seen through its process."""
    master = make_daemon(before=("sh", "-c", 'mount -t tmpfs none /tmp && exec "$@"', "sh"))
    master.start(instance("eth0", 100))
    pid = lab.processes.pid(f"{master.node.name}-penstockd")
    folder = pathlib.Path(f"/proc/{pid}/root/tmp")
    files = {"keepalived.data": signal.SIGUSR1, "keepalived.stats": signal.SIGUSR2, "keepalived.json": signal.SIGRTMIN + 2}
    for name, number in files.items():
        os.kill(pid, number)
        path = folder / name
        wait_for(name, path.exists)
        assert path.stat().st_mode & 0o777 == 0o600
        assert PASSWORD not in path.read_text()
    assert "   State = MASTER\n" in (folder / "keepalived.data").read_text()
    assert (folder / "keepalived.stats").read_text().startswith("VRRP Instance: VI_1\n  Advertisements:\n    Received: 0\n    Sent: ")
    only, = json.loads((folder / "keepalived.json").read_text())
    assert only["data"]["iname"] == "VI_1" and only["data"]["state"] == 2
    listed, = json.loads(master.penstock("show", "vrrp", "--json=keepalived").stdout)
    assert listed["data"] == only["data"] | {"last_transition": listed["data"]["last_transition"]}

    (folder / "keepalived.stats").unlink()
    number = int(lab.run(master.node.name, master.arguments()[0], "--signum", "STATS_CLEAR").stdout)
    assert number == signal.SIGRTMAX - 1
    os.kill(pid, number)
    wait_for("the statistics once more", (folder / "keepalived.stats").exists)
    assert "  Became master: 1\n" in (folder / "keepalived.stats").read_text()
    wait_for("counters that begin again", lambda: json.loads(master.penstock("show", "vrrp", "--json").stdout)["instances"][0]["counters"]["became_master"] == 0)
