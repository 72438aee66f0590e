"""What VRRP tracks and whom it tells, with two penstockd: scripts, files, processes and interfaces move the priority or end the mastership; notify
scripts and the fifo hear of every state in order."""

import json
import os
import pathlib

import pytest
from lab import topology
from lab.penstockd import Penstockd
from lab.waiting import wait_for

def configuration(folder: pathlib.Path, priority: int, instance: str = "", blocks: str = "", settings: str = "") -> str:
    return f"""global_defs {{
    script_user root
{settings}}}
{blocks}
vrrp_instance VI_1 {{
    state BACKUP
    interface eth0
    virtual_router_id 50
    priority {priority}
    advert_int 0.1
    version 3
    virtual_ipaddress {{
        {topology.VIP}/24
    }}
{instance}}}
"""


@pytest.fixture
def folder(tmp_path) -> pathlib.Path:
    """Scripts that root runs lie where only root can write (script security)."""
    os.chmod(tmp_path, 0o755)
    return tmp_path


@pytest.fixture
def pair(make_daemon):
    """pair(blocks, instance) starts the preferred director with these blocks and lines, and a plain one of priority 90."""
    def start(folder: pathlib.Path, blocks: str, instance: str) -> tuple[Penstockd, Penstockd]:
        preferred, other = make_daemon(node=topology.DIRECTOR), make_daemon(node=topology.DIRECTOR2)
        preferred.start(configuration(folder, 100, instance, blocks))
        other.start(configuration(folder, 90), as_master=False)
        wait_for("the other to be backup", lambda: state_of(other) == "BACKUP")
        return preferred, other
    return start


def instance_of(daemon: Penstockd) -> dict:
    return json.loads(daemon.penstock("show", "vrrp", "--json").stdout)["instances"][0]


def state_of(daemon: Penstockd) -> str:
    return instance_of(daemon)["state"]


def moves(preferred: Penstockd, other: Penstockd, cause, undo, priority: int | None) -> None:
    """`cause` makes the other one master, `undo` brings the preferred one back. `priority`: its own meanwhile; None: it is in FAULT.

    First what the cause does to the preferred one: the other can be master for a moment because a busy machine had the preferred one stand still.
    """
    cause()
    if priority is None:
        wait_for("FAULT", lambda: state_of(preferred) == "FAULT")
    else:
        wait_for(f"priority {priority}", lambda: instance_of(preferred)["effective_priority"] == priority)
        wait_for("the preferred one to be backup", lambda: state_of(preferred) == "BACKUP")
    wait_for("the other to be master", lambda: state_of(other) == "MASTER" and other.has_address(topology.VIP))
    undo()
    wait_for("priority 100", lambda: instance_of(preferred)["effective_priority"] == 100)
    wait_for("the preferred one to be master again", lambda: state_of(preferred) == "MASTER" and preferred.has_address(topology.VIP))
    wait_for("the other to be backup", lambda: state_of(other) == "BACKUP")


@pytest.mark.parametrize("weight, priority", [(" weight -60", 40), ("", None)], ids=["with a weight", "without"])
def test_a_script_that_fails(folder, pair, weight, priority):
    broken = folder / "broken"
    block = f"vrrp_script chk {{\n    script \"/usr/bin/test ! -e {broken}\"\n    interval 0.1\n    timeout 1\n    fall 2\n    rise 2\n}}\n"
    preferred, other = pair(folder, block, f"    track_script {{\n        chk{weight}\n    }}\n")
    moves(preferred, other, broken.touch, broken.unlink, priority)
    if weight:
        assert "Changing effective priority from 100 to 40" in preferred.log_text()


def test_a_script_that_hangs_fails(folder, pair):
    script = folder / "check.sh"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    replacement = folder / "next.sh"

    def becomes(line: str) -> None:
        """In one step: a half-written script would fail."""
        replacement.write_text(f"#!/bin/sh\n{line}\n")
        replacement.chmod(0o755)
        replacement.rename(script)

    block = f"vrrp_script chk {{\n    script {script}\n    interval 0.2\n    timeout 1\n    fall 1\n    rise 1\n}}\n"
    preferred, other = pair(folder, block, "    track_script {\n        chk weight -60\n    }\n")
    moves(preferred, other, lambda: becomes("exec sleep 60"), lambda: becomes("exit 0"), 40)


def test_a_tracked_file(folder, pair):
    value = folder / "value"
    value.write_text("0\n")
    block = f"track_file nodes {{\n    file {value}\n    weight 1\n}}\n"
    preferred, other = pair(folder, block, "    track_file {\n        nodes weight 2\n    }\n")
    moves(preferred, other, lambda: value.write_text("-20\n"), lambda: value.write_text("0\n"), 60)


def test_a_tracked_process(lab, folder, pair):
    """The process: a copy of sleep under a name of its own."""
    program = folder / "penstock-probe"
    program.write_bytes(pathlib.Path("/bin/sleep").read_bytes())
    program.chmod(0o755)
    start = lambda: lab.start(topology.DIRECTOR.name, "probe", str(program), "1000")  # noqa: E731
    start()
    try:
        block = f"vrrp_track_process probe {{\n    process {program}\n    weight 0\n    quorum 1\n}}\n"
        preferred, other = pair(folder, block, "    track_process {\n        probe weight -50\n    }\n")
        moves(preferred, other, lambda: lab.stop(topology.DIRECTOR.name, "probe"), start, 50)
    finally:
        lab.stop(topology.DIRECTOR.name, "probe")


def test_a_tracked_interface(lab, folder, pair):
    lab.run(topology.DIRECTOR.name, "ip", "link", "add", "up0", "type", "veth", "peer", "up1")
    for end in ("up0", "up1"):
        lab.run(topology.DIRECTOR.name, "ip", "link", "set", end, "up")
    set_link = lambda state: lab.run(topology.DIRECTOR.name, "ip", "link", "set", "up1", state)  # noqa: E731
    try:
        preferred, other = pair(folder, "", "    track_interface {\n        up0\n    }\n")
        moves(preferred, other, lambda: set_link("down"), lambda: set_link("up"), None)
    finally:
        lab.run(topology.DIRECTOR.name, "ip", "link", "del", "up0")


class Listener:
    """Reads a fifo that the daemon makes."""

    def __init__(self, path: pathlib.Path):
        os.mkfifo(path, 0o600)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._text = ""

    def lines(self) -> list[str]:
        try:
            while piece := os.read(self._descriptor, 4096):
                self._text += piece.decode()
        except BlockingIOError:
            pass
        return self._text.splitlines()


def test_scripts_and_fifo_hear_of_every_state_in_order(folder, make_daemon):
    told, fifo = folder / "told", Listener(folder / "fifo")
    script = folder / "tell.sh"
    script.write_text(f"#!/bin/sh\necho \"$@\" >> {told}\n")
    script.chmod(0o755)
    kinds = "".join(f"    notify_{state} \"{script} only {state}\"\n" for state in ("master", "backup", "fault", "stop"))
    group = "vrrp_sync_group G1 {\n    group {\n        VI_1\n    }\n" + f"    notify \"{script} group\"\n}}\n"
    text = configuration(folder, 100, kinds + f"    notify \"{script} any\"\n", group, f"    vrrp_notify_fifo {folder}/fifo\n")
    daemon = make_daemon()
    daemon.start(text)
    wait_for("the master's line", lambda: 'GROUP "G1" MASTER 0' in fifo.lines())
    daemon.stop()
    wait_for("the last line", lambda: 'INSTANCE "VI_1" STOP 100' in fifo.lines())
    assert [line for line in fifo.lines() if line.startswith("INSTANCE")] == [f'INSTANCE "VI_1" {state} 100' for state in ("BACKUP", "MASTER", "STOP")]
    assert [line for line in fifo.lines() if line.startswith("GROUP")] == [f'GROUP "G1" {state} 0' for state in ("BACKUP", "MASTER", "STOP")]
    lines = told.read_text().splitlines()
    assert [line for line in lines if line.startswith("any")] == [f"any INSTANCE VI_1 {state} 100" for state in ("BACKUP", "MASTER", "STOP")]
    assert [line for line in lines if line.startswith("only")] == ["only backup", "only master", "only stop"]
    assert [line for line in lines if line.startswith("group")] == [f"group GROUP G1 {state} 0" for state in ("BACKUP", "MASTER", "STOP")]
