"""Plays scenarios with one director: starts it, gives the servers and the daemon their orders in time, and records what the table did."""

import heapq
import itertools
import shutil
import time
from collections.abc import Sequence
from typing import Protocol

from lab import topology
from lab.lab import Lab
from recording import Change, Recording, recording_of
from scenarios import ADDRESSES, GOOD, RELOAD, STOP, Scenario, Step, configuration
from servers import HERE, ScriptedServers

SERVERS_NODE = "rs1"
# Until a scenario's first check. penstockd's start takes some of it.
FIRST_CHECK_SECONDS = 30
# A step that comes later than this would be a scenario of its own.
LATEST_STEP_SECONDS = 0.1
TICK_SECONDS = 0.002


class Director(Protocol):
    def start(self, configuration: str) -> None: ...
    def reload(self, configuration: str) -> None: ...
    def stop(self) -> None: ...
    def finish(self) -> None: ...
    def changes(self) -> list[Change]: ...


def prepare(lab: Lab) -> None:
    """The servers' addresses and the script of MISC_CHECK, in a lab whose network is up."""
    for name, address in ADDRESSES.items():
        lab.run(SERVERS_NODE, "ip", "addr", "replace", f"{address}/{topology.PREFIX_LENGTH}", "dev", topology.node(SERVERS_NODE).interface)
    shutil.copy(HERE / "ask.sh", lab.directory / "ask.sh")


class Play:
    """One run of some scenarios, at the same time. `zeros`: when each scenario's first check came, of time.monotonic(); `lateness`: of the latest step, in seconds."""

    def __init__(self, lab: Lab, director: Director, scenarios: Sequence[Scenario]):
        self._scenarios = scenarios
        self._script = str(lab.directory / "ask.sh")
        self._servers = ScriptedServers(lab.command(SERVERS_NODE))
        self._director = director
        self.zeros: dict[str, float] = {}
        self.lateness = 0.0

    def run(self) -> dict[str, Recording]:
        """The scenarios' recordings by name. RuntimeError when a first check doesn't come or a step comes too late."""
        try:
            for each in self._scenarios:
                for name in each.servers.keys() | (each.after_reload or {}).keys():
                    self._servers.order(ADDRESSES[name], each.port, each.at_start.get(name, GOOD))
            self._director.start(configuration(self._scenarios, self._script))
            self._take_steps()
            changes = self._director.changes()
        finally:
            self._director.finish()
            self._servers.stop()
        return {each.name: recording_of(each, changes, self.zeros[each.name]) for each in self._scenarios}

    def _take_steps(self) -> None:
        deadline = time.monotonic() + FIRST_CHECK_SECONDS
        waiting = {each.name: each for each in self._scenarios}
        due: list[tuple[float, int, Scenario, Step]] = []
        numbers = itertools.count()  # steps at one time: in their order
        end = 0.0
        while waiting or due or time.monotonic() < end:
            for name in list(waiting):
                zero = self._servers.first_probe(waiting[name].port)
                if zero is not None:
                    each = waiting.pop(name)
                    self.zeros[name] = zero
                    end = max(end, zero + each.until)
                    for step in each.steps:
                        heapq.heappush(due, (zero + step.at, next(numbers), each, step))
            if waiting and time.monotonic() > deadline:
                raise RuntimeError(f"no check came to {', '.join(waiting)}")
            while due and due[0][0] <= time.monotonic():
                planned, _, each, step = heapq.heappop(due)
                self._take(each, step)
                self.lateness = max(self.lateness, time.monotonic() - planned)
            time.sleep(TICK_SECONDS)
        if self.lateness > LATEST_STEP_SECONDS:
            raise RuntimeError(f"a step came {self.lateness:.3f} s late: this machine is too busy for this test")

    def _take(self, each: Scenario, step: Step) -> None:
        if step.server is not None:
            self._servers.order(ADDRESSES[step.server], each.port, step.does)
        elif step.does == RELOAD:
            self._director.reload(configuration(self._scenarios, self._script, reloaded=True))
        elif step.does == STOP:
            self._director.stop()
        else:
            raise ValueError(step.does)
