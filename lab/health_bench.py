"""`./run bench health`: 10,000 real servers, checked every 6 s, and what that costs. Needs root.

    python3 -m lab.health_bench [--servers N] [--per-service N] [--seconds N] [--check NAME] [--outages]

For TCP_CHECK and HTTP_GET: a steady minute, measured after every server has had its first check; then single servers go and come back;
then the web server is stopped and started again, and falls silent and speaks again: 10,000 servers go down and up twice. A figure of a
busy machine is worth little: the load is printed beside it.
"""

import argparse
import os
import pathlib
import statistics
import time

from lab.lab import Lab
from lab.many_servers import CHECKS, ROUTE, ManyServers, addresses, configuration
from lab.meter import Meter
from lab.penstockd import Penstockd
from lab.waiting import wait_for

DELAY_LOOP = 6
ONE_BY_ONE = 5


def load_average() -> str:
    return pathlib.Path("/proc/loadavg").read_text().split()[0]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def steady(meter: Meter, seconds: int) -> None:
    load, before, cpu, began = load_average(), meter.punctuality(), meter.cpu_seconds(), time.monotonic()
    time.sleep(seconds)  # more than a minute: the listing of checks above, a long turn itself, is out of the last minute
    took, used = time.monotonic() - began, meter.cpu_seconds()
    threads = meter.threads()  # before the listing of checks, which takes the control thread a while
    after = meter.punctuality()
    shares = {name: (used[name] - cpu.get(name, 0)) / took for name in used}
    print(f"  steady for {took:.0f} s; load average {load} before, {load_average()} after")
    print(f"  checks started: {(after['started'] - before['started']) / took:.0f} a second; late by more than 0.1 s: "
          f"{after['late_by_100_ms'] - before['late_by_100_ms']}, by more than 1 s: {after['late_by_1_s'] - before['late_by_1_s']}; "
          f"the latest since the start: {milliseconds(after['latest_seconds'])}")
    print("  CPU: " + ", ".join(f"{name} {share:.1%}" for name, share in sorted(shares.items(), key=lambda item: -item[1]) if share >= 0.001))
    print(f"  memory: {meter.memory_mib():.0f} MiB; descriptors open: {meter.descriptors()}")
    for name, thread in threads.items():
        print(f"  {name}: busy {thread['busy_last_minute']:.1%}; longest turn {milliseconds(thread['longest_turn_last_minute_seconds'])}, "
              f"since the start {milliseconds(thread['longest_turn_seconds'])}")
    failures = sum(sum(check["failures"].values()) for check in meter.checks())
    print(f"  failures of any check since the start: {failures}")


def one_by_one(meter: Meter, servers: ManyServers, count: int) -> None:
    """A few servers go and come back, each alone: how long the verdict takes to the workers."""
    before = meter.verdicts()
    slowest = []
    for address in addresses(ONE_BY_ONE):
        for cause, expected in ((lambda: servers.refuse(address), count - 1), (servers.accept, count)):
            cause()
            wait_for("one server's change", lambda: meter.servers_in_service() == expected, seconds=60, interval_seconds=0.2)
            slowest.append(meter.verdicts()["last_seconds"])
    after = meter.verdicts()
    print(f"  one server out and in again, {ONE_BY_ONE} times: from the verdict to the workers {milliseconds(statistics.median(slowest))} "
          f"(median), {milliseconds(max(slowest))} (worst); slower than 1 ms: {after['slower_than_1_ms'] - before['slower_than_1_ms']} of "
          f"{after['publications'] - before['publications']}")


def change(meter: Meter, what: str, cause, expected: int) -> None:
    """Until the table has `expected` servers; `show threads` once a second is all that disturbs."""
    published, before = meter.publications(), meter.punctuality()
    time.sleep(61)  # that listing, and what came before, are out of the last minute
    began = time.monotonic()
    cause()
    answers = []

    def done() -> bool:
        asked = time.monotonic()
        meter.threads()
        answers.append(time.monotonic() - asked)
        return meter.servers_in_service() == expected

    wait_for(what, done, seconds=120, interval_seconds=0.5)
    took = time.monotonic() - began
    threads, after = meter.threads(), meter.punctuality()
    print(f"  {what}: {took:.1f} s; {meter.publications() - published} snapshots; the command line answered in at most "
          f"{milliseconds(max(answers))}; control's longest turn {milliseconds(threads['control']['longest_turn_last_minute_seconds'])}, "
          f"health's {milliseconds(threads['health']['longest_turn_last_minute_seconds'])}; "
          f"late by more than 0.1 s: {after['late_by_100_ms'] - before['late_by_100_ms']}, by more than 1 s: "
          f"{after['late_by_1_s'] - before['late_by_1_s']}; descriptors open: {meter.descriptors()}")


def listings(meter: Meter, daemon: Penstockd) -> None:
    """What the long listings cost the control thread: each is its longest turn so far, or is said to be shorter."""
    for command in (("ipvsadm", "-Ln"), ("show", "services"), ("show", "services", "--json"), ("show", "checks"), ("show", "checks", "--json")):
        before, began = meter.threads()["control"]["longest_turn_seconds"], time.monotonic()
        size = len(daemon.penstock(*command).stdout)
        took, after = time.monotonic() - began, meter.threads()["control"]["longest_turn_seconds"]
        turn = milliseconds(after) if after > before else f"at most {milliseconds(before)}"
        print(f"  {' '.join(command)}: {size / 1e6:.1f} MB in {milliseconds(took)}; control's longest turn {turn}")


def outages(meter: Meter, servers: ManyServers, count: int) -> None:
    change(meter, "the web server stops, all out", servers.stop_web_server, 0)
    change(meter, "it starts again, all in", servers.start_web_server, count)
    change(meter, "nothing answers, all out", servers.fall_silent, 0)
    change(meter, "they answer again, all in", servers.speak, count)


def measure(lab: Lab, servers: ManyServers, check: str, options: argparse.Namespace) -> None:
    services = -(-options.servers // options.per_service)
    print(f"{check}: {options.servers} real servers in {services} virtual servers, delay_loop {DELAY_LOOP}")
    daemon = Penstockd(lab, extra=("--route", ROUTE))
    daemon.log.unlink(missing_ok=True)
    began = time.monotonic()
    daemon.start(configuration(options.servers, options.per_service, check, DELAY_LOOP))
    try:
        meter = Meter(daemon)
        print(f"  answering and with every server's MAC address after {time.monotonic() - began:.1f} s")
        time.sleep(2 * DELAY_LOOP)  # every server has had its first check
        steady(meter, options.seconds)
        one_by_one(meter, servers, options.servers)
        if options.outages:
            outages(meter, servers, options.servers)
        listings(meter, daemon)
        assert daemon.is_running()
    finally:
        daemon.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run bench health", description="What thousands of checks cost.")
    parser.add_argument("--servers", type=int, default=10_000)
    parser.add_argument("--per-service", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=65, help="of the steady measurement; more than 60, or it measures its own listing")
    parser.add_argument("--check", choices=CHECKS, action="append", help="default: both")
    parser.add_argument("--outages", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    lab = Lab(f"b{os.getpid()}")
    try:
        lab.up()
        servers = ManyServers(lab)
        servers.up()
        for check in options.check or CHECKS:
            measure(lab, servers, check, options)
    finally:
        lab.down()


if __name__ == "__main__":
    main()
