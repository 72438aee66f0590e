"""Health checks end to end: the how-to's failure and recovery, and what neither may disturb."""

import collections
import re

import pytest
from http_clients import curl
from lab import topology
from lab.waiting import wait_for
from servers import start_script, stop_script
from transfers import Upload

ADDRESSES = [server.address for server in topology.REAL_SERVERS]
FAILING = topology.REAL_SERVERS[0]
SERVICE = ("TCP", f"{topology.VIP}:80")
TRANSFER_PORT = 7001
PORTIONS = 100
PORTIONS_A_PHASE = 30
PORTION_BYTES = 10 * 65536  # 100 portions are 62.5 MiB
PACES = {"as the how-to has it": (6, 3), "quick": (1, 0.25)}  # delay_loop, delay_before_retry


def paced(configuration: str, delay_loop: float, delay_before_retry: float) -> str:
    return (configuration.replace("delay_loop 6", f"delay_loop {delay_loop}\n    warmup 0")
            .replace("delay_before_retry 3", f"delay_before_retry {delay_before_retry}"))


def with_transfer_service(configuration: str) -> str:
    """A second virtual server over the same real servers, which are judged by the same web pages."""
    block = configuration[configuration.index("virtual_server "):]
    block = block.replace(f"{topology.VIP} 80", f"{topology.VIP} {TRANSFER_PORT}")
    block = re.sub(r"(real_server \S+) 80", rf"\1 {TRANSFER_PORT}", block)
    return configuration + "\n" + block.replace("connect_timeout 3", "connect_timeout 3\n            connect_port 80")


def wait_for_first_checks(daemon, count: int) -> None:
    """A server's first failure ever counts at once; what a test wants to see are the later ones."""
    wait_for("the first checks", lambda: daemon.log_text().count("succeed on service.") >= count)


def rotation(lab, count: int) -> dict[str, int]:
    return dict(collections.Counter(curl(lab) for _ in range(count)))


def wait_for_servers(daemon, servers: list[str], transfers=()) -> None:
    """Until the listing has just these; meanwhile transfers move PORTIONS_A_PHASE portions, one each time it is looked at."""
    left = [PORTIONS_A_PHASE]

    def listed() -> bool:
        for transfer in transfers if left[0] > 0 else ():
            transfer.allow_one_portion()
        left[0] -= 1
        return sorted(daemon.services()[SERVICE]) == [f"{server}:80" for server in servers]

    wait_for(f"the servers {servers}", listed, seconds=60)


@pytest.fixture
def transfer_servers(lab):
    start_script(lab, "transfer_server.py", TRANSFER_PORT)
    yield
    stop_script(lab, "transfer_server.py")


@pytest.mark.parametrize("pace", PACES.values(), ids=PACES.keys())
def test_the_how_tos_failure_and_recovery(lab, make_daemon, configuration, transfer_servers, all_web_servers_again, pace):
    """Three servers, two after one's web server has stopped, three again; an upload to another one never notices."""
    daemon = make_daemon()
    daemon.start(with_transfer_service(paced(configuration, *pace)))
    wait_for_first_checks(daemon, 6)
    assert rotation(lab, 9) == dict.fromkeys(ADDRESSES, 3)

    upload = Upload(lab, TRANSFER_PORT, PORTIONS, PORTION_BYTES)
    upload.start()
    carrier = wait_for("the upload in the listing", lambda: [destination for _, state, _, destination in daemon.connections()
                                                             if state == "ESTABLISHED" and destination.endswith(f":{TRANSFER_PORT}")])
    assert carrier == [f"{ADDRESSES[2]}:{TRANSFER_PORT}"]

    lab.stop_web_server(FAILING)
    wait_for_servers(daemon, ADDRESSES[1:], [upload])
    assert rotation(lab, 8) == dict.fromkeys(ADDRESSES[1:], 4)
    assert upload.is_alive() and upload.error is None

    lab.start_web_server(FAILING)
    wait_for_servers(daemon, ADDRESSES, [upload])
    assert rotation(lab, 9) == dict.fromkeys(ADDRESSES, 3)
    assert upload.is_alive() and upload.error is None
    for _ in range(PORTIONS):
        upload.allow_one_portion()
    upload.join(120)
    assert upload.error is None and not upload.is_alive()
    assert upload.digests[0] == upload.digests[1]

    name, virtual = f"[{FAILING.address}]:tcp:80", f"[{topology.VIP}]:tcp:80"
    log = daemon.log_text()
    for line in (f"Activating healthchecker for service {name} for VS {virtual}",
                 f"HTTP_CHECK on service {name} failed after 3 retries.",
                 f"Removing service {name} from VS {virtual}",
                 f"MD5 digest success to {name} url(/)",
                 f"Remote Web server {name} succeed on service.",
                 f"Adding service {name} to VS {virtual}"):
        assert re.search(rf"(?m): {re.escape(line)}$", log), line
    order = [log.index(words) for words in ("Removing service", "Adding service")]
    assert order == sorted(order)


def test_a_server_that_is_down_stays_down_over_a_reload(lab, make_daemon, configuration, all_web_servers_again):
    text = paced(configuration, 1, 0.25)
    daemon = make_daemon()
    daemon.start(text)
    wait_for_first_checks(daemon, 3)
    lab.stop_web_server(FAILING)
    wait_for_servers(daemon, ADDRESSES[1:])
    daemon.reload(text.replace("weight 1", "weight 7"), {SERVICE: {f"{address}:80": 7 for address in ADDRESSES[1:]}})
    # Its check itself becomes another one: still nobody has seen the server answer.
    daemon.reload(text.replace("weight 1", "weight 9").replace("connect_timeout 3", "connect_timeout 2"),
                  {SERVICE: {f"{address}:80": 9 for address in ADDRESSES[1:]}})
    assert daemon.log_text().count("Adding service") == 0


def test_the_listing_of_checks_says_why(lab, make_daemon, configuration):
    wrong = configuration.replace("path /", "path /nothing-there", 1)
    daemon = make_daemon()
    daemon.start(paced(wrong, 1, 0.25))
    wait_for_servers(daemon, ADDRESSES[1:])
    listing = daemon.penstock("show", "checks").stdout
    assert re.search(rf"{FAILING.address}:80 +1 +HTTP_GET +down .*status-code: 404", listing), listing
    assert listing.count(" up ") == 2  # the other two


def test_genhash_prints_the_digests_that_the_configuration_wants(lab, daemon, configuration):
    digests = re.findall(r"digest ([0-9a-f]{32})", configuration)
    printed = [daemon.penstock("genhash", "-s", address, "-p", "80", "-u", "/").stdout for address in ADDRESSES]
    assert printed == [f"{digest}\n" for digest in digests]


def through_the_vip(configuration: str) -> str:
    """Each HTTP_GET is addressed to the VIP."""
    return configuration.replace("connect_timeout 3", "connect_timeout 1\n            check_via vip")


def test_a_check_through_the_vip_finds_a_server_without_it(lab, make_daemon, configuration):
    """The how-to's classic mistake: the server answers on its own address, but not on the VIP."""
    lab.run(FAILING.name, "ip", "addr", "del", f"{topology.VIP}/32", "dev", "lo")
    try:
        daemon = make_daemon()
        daemon.start(through_the_vip(paced(configuration, 1, 0.25)))
        wait_for_servers(daemon, ADDRESSES[1:])
        assert "Timeout connecting server [192.168.1.179]:tcp:80." in daemon.log_text()
        assert rotation(lab, 4) == dict.fromkeys(ADDRESSES[1:], 2)
    finally:
        lab.run(FAILING.name, "ip", "addr", "replace", f"{topology.VIP}/32", "dev", "lo")
    wait_for_servers(daemon, ADDRESSES)
    assert rotation(lab, 6) == dict.fromkeys(ADDRESSES, 2)


def test_the_fifos_script_reads_every_change(lab, make_daemon, configuration, all_web_servers_again):
    pipe, script, heard = (lab.directory / name for name in ("lvs-fifo", "lvs-fifo.sh", "lvs-fifo.heard"))
    script.write_text(f'#!/bin/sh\nexec cat "$1" > {heard}\n')
    script.chmod(0o755)
    words = f"global_defs {{\n    lvs_notify_fifo {pipe}\n    lvs_notify_fifo_script {script}\n    script_user root\n"
    daemon = make_daemon()
    daemon.start(paced(configuration, 1, 0.25).replace("global_defs {\n", words, 1))
    wait_for_first_checks(daemon, 3)
    lab.stop_web_server(FAILING)
    wait_for_servers(daemon, ADDRESSES[1:])
    line = f"RS [{FAILING.address}]:tcp:80 [{topology.VIP}]:tcp:80 DOWN\n"
    wait_for("the line in the script's file", lambda: heard.exists() and line in heard.read_text())
