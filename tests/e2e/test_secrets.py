"""Passwords leave the configuration for the wire alone: no log, listing, dump or complaint has them, not even as a part."""

import os
import pathlib
import re
import signal
import socket

import pytest
from lab import topology
from lab.flood_frames import Advert
from lab.penstockd import Penstockd, build_directory
from lab.sockets import socket_in
from lab.waiting import wait_for

PASSWORD, OTHERS_PASSWORD, KEY_PASSWORD = "Zq7xKw3p", "Vb5nRt9m", "Hj2dLs8f"
SECRETS = (PASSWORD, OTHERS_PASSWORD, KEY_PASSWORD)
ETH_P_ALL = 0x0003
AUTHENTICATION = f"    authentication {{\n        auth_type PASS\n        auth_pass {PASSWORD}\n    }}\n"
TEXT = f"""global_defs {{
    router_id SECRETS
}}
SSL {{
    password {KEY_PASSWORD}
    ca /nonexistent/ca.pem
    certificate /nonexistent/certificate.pem
    key /nonexistent/key.pem
}}
vrrp_instance VI_1 {{
    state MASTER
    interface eth0
    virtual_router_id 50
    priority 100
    virtual_ipaddress {{
        {topology.VIP}
    }}
{AUTHENTICATION}}}
virtual_server {topology.VIP} 443 {{
    delay_loop 1
    warmup 0
    lb_algo rr
    lb_kind DR
    protocol TCP
    real_server {topology.REAL_SERVERS[0].address} 443 {{
        SSL_GET {{
            retry 1
            url {{
                path /
            }}
        }}
    }}
}}
"""
# What is done to the password's line, and what must be said about it in the log.
DAMAGES = {
    "too long": (f"auth_pass {PASSWORD}", f"auth_pass {PASSWORD}{OTHERS_PASSWORD}", "auth_pass is cut"),
    "two words": (f"auth_pass {PASSWORD}", f"auth_pass {PASSWORD} {OTHERS_PASSWORD}", "takes one value"),
    "on the next line": (f"auth_pass {PASSWORD}", f"auth_pass\n        {PASSWORD}", "error: "),
    "misspelt": (f"auth_pass {PASSWORD}", f"auth_pas {PASSWORD}", "is unknown"),
    "a brace in it": (f"auth_pass {PASSWORD}", f"auth_pass {{{PASSWORD}", "error: "),
    "a wrong type beside it": (AUTHENTICATION, f"    authentication {{ auth_type WRONG auth_pass {PASSWORD} }}\n", "error: "),
    "in a definition": (TEXT, f"$P={PASSWORD}{OTHERS_PASSWORD}\n" + TEXT.replace(f"auth_pass {PASSWORD}", "auth_pass $P"), "auth_pass is cut"),
    "the key's, two words": (f"password {KEY_PASSWORD}", f"password {KEY_PASSWORD} {PASSWORD}", "takes one value"),
}


def assert_silent(what: str, text: str) -> None:
    # Four letters of eight would be a help as well.
    parts = {secret[at:at + 4] for secret in SECRETS for at in range(len(secret) - 3)}
    assert [line for line in text.splitlines() if any(part in line for part in parts)] == [], what


@pytest.fixture(scope="module")
def daemon(lab):
    """With the most verbose log, a dump of the configuration in it, and a /tmp of its own, which is seen through its process."""
    daemon = Penstockd(lab, extra=("-D", "-d"), before=("sh", "-c", 'mount -t tmpfs none /tmp && exec "$@"', "sh"))
    daemon.log.unlink(missing_ok=True)
    daemon.start(TEXT)
    yield daemon
    daemon.stop()
    assert_silent("the log to its end", daemon.log_text())


def listings(daemon) -> list[tuple[str, ...]]:
    """Every command that the help names and that asks the daemon."""
    named = re.findall(r"(?m)^  penstock show (\w+)", daemon.penstock("--help").stdout)
    assert {"services", "config", "vrrp", "checks", "sync"} <= set(named)
    shown = [("show", name, *more) for name in named for more in ((), ("--json",))]
    return [*shown, ("show", "vrrp", "--json=keepalived"), ("show", "drops", "--all"), ("show", "workers", "--stages"), ("ipvsadm", "-Ln"),
            ("ipvsadm", "-Sn"), ("announce",)]


def test_no_listing_has_a_password(lab, daemon):
    """Also after another router has sent its own, wrong one."""
    wire = socket_in(lab.namespace("director2"), socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.bind((topology.DIRECTOR2.interface, 0))
    peer = topology.DIRECTOR2
    wire.send(Advert(source=peer.address, source_mac=peer.mac, vrid=50, priority=200, addresses=(topology.VIP,), password=OTHERS_PASSWORD).frame())
    wire.close()
    wait_for("the other router to be named", lambda: "wrong password" in daemon.penstock("show", "vrrp").stdout)
    for words in listings(daemon):
        answer = daemon.penstock(*words)
        assert answer.stdout, words
        assert_silent(" ".join(words), answer.stdout + answer.stderr)
    assert "auth_pass ********" in daemon.penstock("show", "config").stdout
    assert_silent("the log", daemon.log_text())
    assert "auth_pass ********" in daemon.log_text()


def test_no_dump_has_a_password(lab, daemon):
    folder = pathlib.Path(f"/proc/{lab.processes.pid(f'{daemon.node.name}-penstockd')}/root/tmp")
    for name, number in {"keepalived.data": signal.SIGUSR1, "keepalived.stats": signal.SIGUSR2, "keepalived.json": signal.SIGRTMIN + 2}.items():
        os.kill(int(daemon.pid_file.read_text()), number)
        wait_for(name, (folder / name).exists)
        assert_silent(name, (folder / name).read_text())


@pytest.mark.parametrize("damage", DAMAGES)
def test_no_complaint_about_a_file_has_a_password(lab, daemon, damage):
    before, after, words = DAMAGES[damage]
    assert before in TEXT
    damaged = TEXT.replace(before, after)
    mark = len(daemon.log_text())
    daemon.write(damaged)
    daemon.hang_up()
    wait_for("the reload's end", lambda: re.search("Reload (complete|failed)", daemon.log_text()[mark:]))
    said = daemon.log_text()[mark:]
    assert words in said
    assert_silent("the log", said)

    check = lab.run("director", str(build_directory() / "penstockd"), "-t", "-f", str(daemon.configuration), check=False)
    assert words in check.stderr and "********" in check.stderr
    assert_silent("the check", check.stdout + check.stderr)
