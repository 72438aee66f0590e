"""The random order of faults, the same for the same seed, and its execution. Times differ from run to run: only a history says what was."""

import dataclasses
import heapq
import itertools
import json
import random
import time

from faults import DIRECTORS, KINDS, Kind, Stage
from history import Fault, History, Quiet
from lab import topology
from lab.cli_socket import ask
from lab.waiting import wait_for

# How often two faults overlap.
TWO_AT_ONCE = 0.35
# How long after the first one the second one strikes at most, in seconds.
LATEST_SECOND = 5.0
# A start, the higher one's patience, a check of each server, and noise.
SETTLED_SECONDS = 40
QUIET_REQUESTS = 30


@dataclasses.dataclass(frozen=True)
class Planned:
    kind: Kind
    target: str
    # Seconds: after the round's beginning; until it is healed.
    delay: float
    hold: float

    @property
    def words(self) -> str:
        return f"{self.target}: {self.kind.words}"

    @property
    def subject(self) -> str:
        return self.kind.subject or self.target


Round = tuple[Planned, ...]


def plan(seed: int, faults: int) -> list[Round]:
    """Rounds of one fault or two. Each kind and director comes once before any comes again."""
    chance = random.Random(seed)
    bag: list[Planned] = []
    rounds: list[Round] = []
    while faults > 0:
        if len(bag) < 2:
            bag += _all_kinds(chance)
        first = bag.pop()
        second = next((each for each in reversed(bag) if each.subject != first.subject), None)
        if faults > 1 and second and chance.random() < TWO_AT_ONCE:
            bag.remove(second)
            rounds.append((first, dataclasses.replace(second, delay=chance.uniform(0, LATEST_SECOND))))
        else:
            rounds.append((first,))
        faults -= len(rounds[-1])
    return rounds


def _all_kinds(chance: random.Random) -> list[Planned]:
    """Each kind at each director, or at one of the real servers."""
    chosen = [(kind, target) for kind in KINDS
              for target in (kind.targets if kind.targets[0] in PAIR else (chance.choice(kind.targets),))]
    chance.shuffle(chosen)
    return [Planned(kind, target, 0.0, chance.uniform(*kind.holds)) for kind, target in chosen]


PAIR = tuple(node.name for node in DIRECTORS)


class Nemesis:
    def __init__(self, stage: Stage, history: History, settled_seconds: float = SETTLED_SECONDS):
        self._stage = stage
        self._history = history
        self._settled_seconds = settled_seconds

    def work(self, rounds: list[Round]) -> None:
        for faults in rounds:
            self._round(faults)
            self.settle(", ".join(each.words for each in faults))

    def _round(self, faults: Round) -> None:
        """Each strikes at its time and is healed at its own, whatever the other one does."""
        order = itertools.count()
        now = time.time()
        actions = [(now + each.delay, next(order), each, None) for each in faults]
        heapq.heapify(actions)
        while actions:
            due, _, planned, fault = heapq.heappop(actions)
            self._watch_until(due)
            if fault is None:
                fault = self._strike(planned)
                heapq.heappush(actions, (time.time() + planned.hold, next(order), planned, fault))
            else:
                self._heal(planned, fault)

    def _strike(self, planned: Planned) -> Fault:
        began = time.time()
        fault = Fault(planned.words, planned.kind.effect, planned.target, began, began, float("inf"), float("inf"))
        self._history.faults.append(fault)
        planned.kind.strike(self._stage, planned.target)
        fault.struck = time.time()
        return fault

    def _heal(self, planned: Planned, fault: Fault) -> None:
        fault.healing = time.time()
        planned.kind.heal(self._stage, planned.target)
        fault.healed = time.time()

    def _watch_until(self, moment: float) -> None:
        """Nobody ends meanwhile."""
        def over() -> bool:
            self._stage.note_unexpected_ends()
            return time.time() >= moment

        wait_for("the next fault", over, seconds=moment - time.time() + 60)

    def settle(self, after: str) -> None:
        """Until all is as it was, in a bounded time; then a quiet time of some requests."""
        try:
            wait_for("the pair to settle", self._is_settled, self._settled_seconds)
        except (TimeoutError, OSError) as error:
            self._stage.note("all comes back", f"after {after}: {error}; {self._states()}")
            return
        since = time.time()  # requests of before may still be waiting for their answers
        wait_for("requests", lambda: sum(request.began >= since for request in self._history.requests) >= QUIET_REQUESTS)
        self._stage.note_unexpected_ends()
        self._history.quiets.append(Quiet(since, time.time(), tuple(server.address for server in topology.REAL_SERVERS)))

    def _is_settled(self) -> bool:
        self._stage.note_unexpected_ends()
        return self._states() == [self._wanted("MASTER"), self._wanted("BACKUP")]

    def _wanted(self, state: str) -> tuple:
        return state, dict.fromkeys((server.address for server in topology.REAL_SERVERS), 1), [], state == "MASTER"

    def _states(self) -> list:
        """VRRP's state, the web service's listing, servers whose MAC address isn't known, whether the kernel has the VIP, of each."""
        states = []
        for node in PAIR:
            daemon = self._stage.daemons[node]
            try:
                vrrp = json.loads(ask(daemon.socket, "show", "vrrp", "--json").stdout)["instances"][0]["state"]
                states.append((vrrp, self._stage.web_servers(node), daemon.unresolved(), daemon.has_address(topology.VIP)))
            except OSError as error:
                states.append(str(error))
        return states
