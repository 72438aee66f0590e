"""What the running daemon may do: the capabilities that docs/SECURITY.md lists, in every thread, and everything works with them."""

import os
import pathlib
import re
import signal

import pytest
from configurations import virtual_server, vip_on_eth0
from http_clients import curl
from lab import topology
from lab.penstockd import build_directory
from lab.waiting import wait_for
from test_faults import checks
from test_health import ADDRESSES, paced, through_the_vip
from test_vrrp_vmac import DEVICE, with_virtual_mac

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "SECURITY.md"
NUMBERS = pathlib.Path("/usr/include/linux/capability.h")
NOBODY, NOGROUP = 65534, 65534
SETS = ("CapPrm", "CapEff", "CapBnd")


def mask(names: list[str]) -> int:
    numbers = dict(re.findall(r"#define (CAP_\w+)\s+(\d+)\n", NUMBERS.read_text()))
    return sum(1 << int(numbers[name]) for name in names)


def documented() -> list[str]:
    """The first column of the document's table."""
    return re.findall(r"(?m)^\| `(CAP_\w+)` \|", DOCUMENT.read_text())


def sets_of(status: str) -> dict[str, int]:
    return {name: int(re.search(rf"(?m)^{name}:\s+(\w+)$", status)[1], 16) for name in SETS}


def threads(daemon) -> dict[str, dict[str, int]]:
    """For each thread of the daemon its sets."""
    found = {}
    for task in pathlib.Path(f"/proc/{daemon.pid_file.read_text().strip()}/task").iterdir():
        found[f"{task.name} {(task / 'comm').read_text().strip()}"] = sets_of((task / "status").read_text())
    return found


def assert_reduced(daemon, names: list[str]) -> None:
    wanted = dict.fromkeys(SETS, mask(names))
    sets = threads(daemon)
    assert len(sets) >= 7  # main, log, DPDK's, a worker, VRRP, health, sync
    assert {thread: each for thread, each in sets.items() if each != wanted} == {}


@pytest.fixture
def folder(tmp_path) -> pathlib.Path:
    """Where scripts lie that root runs, and others as well."""
    for path in (tmp_path, *tmp_path.parents):
        if path.is_relative_to("/tmp") and path != pathlib.Path("/tmp"):
            os.chmod(path, 0o755)
    return tmp_path


def with_everything(configuration: str) -> str:
    """What is refused to a process that has too little: a macvlan, probes in another namespace, connection sync, raw sockets."""
    text = through_the_vip(paced(with_virtual_mac(configuration), 1, 0.25))
    ping = "        PING_CHECK {\n            retry 1\n        }\n"
    low_port = "            bind_port 1000\n"
    bound = f"        TCP_CHECK {{\n            connect_port 80\n{low_port}        }}\n"
    for port, check in ((81, ping), (82, bound)):
        service = virtual_server(port, {ADDRESSES[0]: 1}).replace("        weight 1\n", f"        weight 1\n{check}")
        text += "\n" + service.replace("    lb_algo", "    delay_loop 1\n    warmup 0\n    lb_algo")
    return text


def all_checks_succeed(daemon) -> bool:
    found = checks(daemon)
    assert not any(check["failures"] for check in found), found
    return len(found) == 5 and all(check["successes"] > 0 for check in found)


def test_each_thread_has_the_documented_capabilities_and_no_more(lab, make_daemon, configuration):
    """At a start with little, and after a reload with all that asks for privileges; whose file belongs to somebody else."""
    daemon = make_daemon(workers=2)
    daemon.start(vip_on_eth0() + virtual_server(80, {ADDRESSES[0]: 1}))
    assert documented() == sorted(documented(), key=lambda name: mask([name]))
    assert_reduced(daemon, documented())
    assert f"Keeping the capabilities {' '.join(documented())}\n" in daemon.log_text()

    daemon.write(with_everything(configuration))
    os.chown(daemon.configuration, NOBODY, NOGROUP)
    daemon.configuration.chmod(0o600)
    daemon.hang_up()
    wait_for("the VIP on the virtual router's own device", lambda: daemon.has_address(topology.VIP, DEVICE))
    wait_for("a success of each check", lambda: all_checks_succeed(daemon))
    assert {curl(lab) for _ in range(12)} == set(ADDRESSES)  # each of two workers has a rotation of its own
    for words in ("Operation not permitted", "Permission denied"):
        assert words not in daemon.log_text()
    assert_reduced(daemon, documented())

    daemon.stop()
    assert not daemon.pid_file.exists() and not daemon.socket.exists()
    assert lab.run("director", "nft", "list", "ruleset").stdout == ""
    for words in ("Operation not permitted", "Permission denied"):
        assert words not in daemon.log_text()


def test_a_capability_that_the_operator_needs_can_be_kept(make_daemon, configuration):
    daemon = make_daemon(extra=("--keep-capability", "SYS_TIME"))
    daemon.start(configuration)
    assert_reduced(daemon, [*documented(), "CAP_SYS_TIME"])


def is_running(pid: int) -> bool:
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def script_of(folder: pathlib.Path, name: str, user: str) -> str:
    """A tracked script that says who it is, its process and what it has, then sleeps until its time is up."""
    script = folder / f"{name}.sh"
    script.write_text(f"#!/bin/sh\n(id -u; echo $$; grep CapEff /proc/self/status) > {folder}/{name}.new\n"
                      f"mv {folder}/{name}.new {folder}/{name}.said\nexec sleep 1000\n")
    script.chmod(0o755)
    return f"vrrp_script {name} {{\n    script {script}\n    interval 1\n    timeout 1\n    user {user}\n}}\n"


def test_scripts_run_as_their_users_and_are_ended(lab, folder, make_daemon):
    """Root's scripts have what the daemon has; others' nothing. A script that hangs is killed, whoever's it is."""
    for name in ("roots", "nobodys"):
        place = folder / name
        place.mkdir()
    os.chown(folder / "nobodys", NOBODY, NOGROUP)
    fifo = folder / "fifo"
    blocks = script_of(folder / "roots", "chk_root", "root") + script_of(folder / "nobodys", "chk_nobody", "nobody nogroup")
    head = f"global_defs {{\n    enable_script_security\n    script_user nobody nogroup\n    vrrp_notify_fifo {fifo}\n}}\n"
    tracked = "    track_script {\n        chk_root weight -10\n        chk_nobody weight -10\n    }\n"
    daemon = make_daemon()
    daemon.start(head + blocks + vip_on_eth0().replace("    virtual_ipaddress", tracked + "    virtual_ipaddress"), as_master=False)
    said = {name: folder / name / file for name, file in (("roots", "chk_root.said"), ("nobodys", "chk_nobody.said"))}
    wait_for("both scripts' words", lambda: all(file.exists() for file in said.values()))
    words = {name: file.read_text().split() for name, file in said.items()}
    assert words["roots"][0] == "0" and int(words["roots"][-1], 16) == mask(documented())
    assert words["nobodys"][0] == str(NOBODY) and int(words["nobodys"][-1], 16) == 0
    for name in ("chk_root", "chk_nobody"):
        wait_for(f"{name} to fail", lambda name=name: f"VRRP_Script({name}) failed (not done after 1000 ms)" in daemon.log_text())
    for name, word in words.items():
        wait_for(f"the end of {name} script", lambda word=word: not is_running(int(word[1])))
    assert fifo.stat().st_uid == NOBODY
    # A second start finds the fifo of the first, which is nobody's.
    daemon.stop()
    daemon.start(daemon.configuration.read_text(), as_master=False)
    assert "notify fifo" not in daemon.log_text()


def test_dumps_take_the_place_of_somebody_elses_files(lab, make_daemon, configuration):
    """The daemon has a /tmp of its own here, which is seen through its process."""
    daemon = make_daemon(before=("sh", "-c", 'mount -t tmpfs none /tmp && exec "$@"', "sh"))
    daemon.start(configuration)
    folder = pathlib.Path(f"/proc/{lab.processes.pid(f'{daemon.node.name}-penstockd')}/root/tmp")
    for name, number in (("data", signal.SIGUSR1), ("stats", signal.SIGUSR2)):
        file = folder / f"keepalived.{name}"
        file.write_text("old\n")
        os.chown(file, NOBODY, NOGROUP)
        os.kill(int(daemon.pid_file.read_text()), number)
        wait_for(f"a new {file.name}", lambda file=file: file.stat().st_uid == 0 and "VI_1" in file.read_text())


def as_nobody(lab, *words: str):
    return lab.run("director", "setpriv", "--reuid", str(NOBODY), "--regid", str(NOGROUP), "--clear-groups", *words, check=False)


def test_a_local_user_can_neither_ask_nor_signal_nor_read(lab, daemon):
    program = str(build_directory() / "penstock")
    asked = as_nobody(lab, program, "--socket", str(daemon.socket), "show", "services")
    assert asked.returncode == 1 and "permission denied" in asked.stderr, asked
    for number in ("-HUP", "-USR1", "-KILL"):
        signalled = as_nobody(lab, "kill", number, daemon.pid_file.read_text().strip())
        assert signalled.returncode != 0 and "not permitted" in signalled.stderr, signalled
    assert as_nobody(lab, "cat", f"/proc/{daemon.pid_file.read_text().strip()}/environ").returncode != 0
    assert daemon.services()
    assert "Reloading" not in daemon.log_text()


def test_an_af_xdp_port_leaves_no_program_behind(lab, make_daemon, configuration):
    daemon = make_daemon(device="net_af_xdp0,iface=x0")
    daemon.start(configuration)
    assert_reduced(daemon, documented())
    assert "xdp" in lab.run("director", "ip", "link", "show", "dev", "x0").stdout
    assert daemon.stop() == 0
    assert "xdp" not in lab.run("director", "ip", "link", "show", "dev", "x0").stdout
