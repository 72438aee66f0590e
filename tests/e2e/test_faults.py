"""What the daemon lacks is no verdict on the servers: no descriptors, and a log on a full disk."""

import json
import resource
import time

from lab import topology
from lab.waiting import wait_for
from test_health import ADDRESSES, FAILING, paced, rotation, wait_for_servers

STARVATION_SECONDS = 4  # of checks that come each second


def checks(daemon) -> list[dict]:
    services = json.loads(daemon.penstock("show", "checks", "--json").stdout)["services"]
    return [check for service in services for server in service["servers"] for check in server["checks"]]


def log_to_full_disk(daemon) -> None:
    arguments = daemon.arguments()
    daemon.arguments = lambda: ["sh", "-c", 'exec "$@" 2> /dev/full', "sh", *arguments]


def test_without_descriptors_servers_stay_until_they_can_be_checked_again(lab, make_daemon, configuration, all_web_servers_again):
    daemon = make_daemon()
    log_to_full_disk(daemon)
    daemon.start(paced(configuration, 1, 0.25))
    wait_for("the first checks", lambda: all(check["successes"] > 0 for check in checks(daemon)))

    pid = int(daemon.pid_file.read_text())
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        end = time.monotonic() + STARVATION_SECONDS
        while (pages := rotation(lab, 3)) == dict.fromkeys(ADDRESSES, 1) and time.monotonic() < end:
            assert daemon.is_running()
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert pages == dict.fromkeys(ADDRESSES, 1), checks(daemon)

    wait_for_servers(daemon, ADDRESSES)
    for check in checks(daemon):
        assert check["up"]
        assert set(check["failures"]) == {"not-run"}, check
        assert check["failures"]["not-run"] >= STARVATION_SECONDS // 2, check
    wait_for("checks that run again", lambda: all(check["last"]["result"] == "success" for check in checks(daemon)))
    lab.stop_web_server(FAILING)
    wait_for_servers(daemon, ADDRESSES[1:])
    assert rotation(lab, 4) == dict.fromkeys(ADDRESSES[1:], 2)
    assert daemon.is_running() and topology.VIP in daemon.ipvsadm("-Ln")
