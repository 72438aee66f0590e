"""A thousand real servers, each checked every second: every check is made, in time, and none fails."""

import json

import pytest
from lab.many_servers import HOST, ROUTE, ManyServers, configuration
from lab.waiting import wait_for

COUNT = 1000
DELAY_LOOP = 1
ROUNDS = 5


@pytest.fixture
def many_servers(lab):
    servers = ManyServers(lab)
    servers.up()
    yield servers
    servers.down()
    lab.start_web_server(HOST)
    lab.wait_for_web_server(HOST)


def checks_of(listing: dict) -> list[dict]:
    return [check for service in listing["services"] for server in service["servers"] for check in server["checks"]]


@pytest.mark.parametrize("check", ["TCP_CHECK", "HTTP_GET"])
def test_a_thousand_servers_are_checked_every_second(make_daemon, many_servers, check):
    daemon = make_daemon(extra=("--route", ROUTE))
    daemon.start(configuration(COUNT, 20, check, DELAY_LOOP))

    def listing() -> dict:
        return json.loads(daemon.penstock("show", "checks", "--json").stdout)

    wait_for(f"{ROUNDS} checks of each server", lambda: all(each["successes"] >= ROUNDS for each in checks_of(listing())), seconds=60,
             interval_seconds=0.5)
    found = listing()
    assert len(checks_of(found)) == COUNT
    assert [each for each in checks_of(found) if not each["up"] or each["failures"]] == []
    punctuality = found["punctuality"]
    done = sum(each["successes"] for each in checks_of(found))
    # Those under way, and those whose result is on its way to the control thread, were started, too: at most one for each server.
    assert done <= punctuality["started"] <= done + COUNT
    assert punctuality["late_by_1_s"] == 0, punctuality
    assert "only" not in "".join(line for line in daemon.log_text().splitlines() if "descriptors" in line)
    assert sum(len(servers) for servers in daemon.services().values()) == COUNT
    threads = json.loads(daemon.penstock("show", "threads", "--json").stdout)
    assert [thread["thread"] for thread in threads] == ["control", "health", "sync", "vrrp"]
    assert all(thread["turns"] > ROUNDS for thread in threads[:2])


def test_says_so_when_there_are_too_few_descriptors(lab, make_daemon, many_servers):
    """The hard limit can't be raised by one who isn't root or lacks CAP_SYS_RESOURCE."""
    daemon = make_daemon(extra=("--route", ROUTE), before=("prlimit", "--nofile=1024:1024", "setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"))
    daemon.start(configuration(COUNT, 20, "TCP_CHECK", DELAY_LOOP))
    assert f"{COUNT} checks may need 1600 descriptors at once, but only 1024 can be open" in daemon.log_text()
