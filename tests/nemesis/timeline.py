"""What a history means: who was able to be master, who was it, and when a request may fail."""

import dataclasses
from itertools import pairwise

from history import DIRECTOR_LOST, FORGETTING, Effect, Fault, History
from lab import topology

# From the lab's two files: intervals of a second, priorities 100 and 90; RFC 3768's master down interval of the lower one.
PRIORITIES = {topology.DIRECTOR.name: 100, topology.DIRECTOR2.name: 90}
MASTER_DOWN_SECONDS = 3 + (256 - 90) / 256
# What a machine that does much else may add to any of these.
NOISE_SECONDS = 3.0
# Adverts that are farther apart are of two reigns: more than an interval, less than anybody's patience.
REIGN_GAP_SECONDS = 2.5
# Until a real server that stopped answering is out: a check each second, 1 + 3 attempts of at most 2 s with 0.25 s between them.
DETECTION_SECONDS = 1 + 4 * 2.25 + NOISE_SECONDS
# Around a takeover packets go to the old director, and what waits for ARP comes late.
TAKEOVER_SECONDS = 1.5
FLUSH_SECONDS = 2.0
# A connection that is younger may not have been told yet; 10 ms by docs/ARCHITECTURE.md, the rest is noise.
YOUNG_SECONDS = 0.5
STEP_SECONDS = 0.1


@dataclasses.dataclass(frozen=True)
class Reign:
    """A director's adverts without a gap."""
    node: str
    first: float
    last: float
    resigned: bool


@dataclasses.dataclass(frozen=True)
class Window:
    """Requests that touch it may fail."""
    since: float
    until: float
    why: str


class Timeline:
    def __init__(self, history: History):
        self.history = history
        self.reigns = sorted((reign for node in PRIORITIES for reign in self._reigns_of(node)), key=lambda each: each.first)
        self.losses_of_directors = [fault for fault in history.faults if fault.effect in DIRECTOR_LOST]
        self.windows = sorted(self._windows(), key=lambda each: each.since)

    # Directors

    def _reigns_of(self, node: str) -> list[Reign]:
        reigns: list[Reign] = []
        resigned = True
        for advert in self.history.adverts:
            if advert.node != node:
                continue
            if advert.priority == 0:
                if reigns:
                    reigns[-1] = dataclasses.replace(reigns[-1], resigned=True)
                resigned = True
            elif resigned or advert.time - reigns[-1].last > REIGN_GAP_SECONDS:
                reigns.append(Reign(node, advert.time, advert.time, False))
                resigned = False
            else:
                reigns[-1] = dataclasses.replace(reigns[-1], last=advert.time)
        return reigns

    def master_at(self, time: float) -> str | None:
        """Who said last to be master."""
        return next((advert.node for advert in reversed(self.history.adverts) if advert.time <= time and advert.priority > 0), None)

    def takeovers(self) -> list[tuple[Reign, Reign]]:
        """Each reign with the one of the other director before it."""
        return [(old, new) for old, new in pairwise(self.reigns) if old.node != new.node]

    def faults_of(self, node: str, since: float, until: float) -> list[Fault]:
        return [fault for fault in self.losses_of_directors if fault.node == node and fault.touches(since, until)]

    def able(self, node: str, since: float, until: float) -> bool:
        """Alive, running, plugged in, with its TAP, the whole time."""
        return not self.faults_of(node, since, until)

    def longest_able(self, node: str, since: float, until: float) -> float:
        """The longest time in this one that it was able without a break, in seconds."""
        longest, start = 0.0, since
        for fault in sorted(self.faults_of(node, since, until), key=lambda each: each.began):
            longest, start = max(longest, fault.began - start), max(start, fault.healed)
        return max(longest, until - start)

    # Connections

    def dumps_of(self, node: str, since: float) -> list[tuple[float, float]]:
        """When this director's dumps of all connections began and ended on the wire, of those that began after `since`."""
        dumps, began = [], None
        for note in self.history.notes:
            if note.node != node or note.time < since:
                continue
            if note.words == "dump begins":
                began = note.time
            elif note.words == "dump ends" and began is not None:
                dumps.append((began, note.time))
                began = None
        return dumps

    def knowing(self, opened: float, at: float) -> set[str]:
        """Who must know, at `at`, a connection that was opened at `opened`: the director that it began with; who was there when that one told of
        it; and who has come back and had a dump since. A process that ends forgets."""
        first = self.master_at(opened)
        knowing = {first} if first else set()
        time = opened
        while time <= at:
            for node, other in (tuple(PRIORITIES), tuple(reversed(PRIORITIES))):
                if any(fault.effect in FORGETTING for fault in self.faults_of(node, time, time)):
                    knowing.discard(node)
                elif other in knowing and self._was_told(node, other, opened, time):
                    knowing.add(node)
            time += STEP_SECONDS
        return knowing

    def _was_told(self, node: str, other: str, opened: float, time: float) -> bool:
        """Whether `node` must have been told by `other`, which knows it. Who was cut off or stood still counts as one that has forgotten: what
        began meanwhile it knows only if it had a dump since."""
        if time < opened + YOUNG_SECONDS or not self.able(node, time, time) or not self.able(other, opened, opened + YOUNG_SECONDS):
            return False
        last = max((fault for fault in self.faults_of(node, 0, time)), key=lambda fault: fault.healed, default=None)
        if last is None or last.healed < opened:
            return True
        return any(began <= opened or ended <= time for began, ended in self.dumps_of(other, last.healing))

    # Requests

    def excuse(self, since: float, until: float) -> Window | None:
        """Why a request that took this time may have failed."""
        return next((window for window in self.windows if window.since <= until and window.until >= since), None)

    def _windows(self):
        for fault in self.history.faults:
            if fault.effect == Effect.SERVER_DOWN:
                yield Window(fault.began, fault.struck + DETECTION_SECONDS, fault.words)
            elif fault.effect == Effect.FLUSHED and self.master_at(fault.began) == fault.node:
                yield Window(fault.began, fault.struck + FLUSH_SECONDS, fault.words)
            elif fault.effect in DIRECTOR_LOST:
                yield from self._windows_of_director(fault)
        for new in self.reigns:
            yield Window(new.first - TAKEOVER_SECONDS, new.first + TAKEOVER_SECONDS, f"{new.node} takes over")

    def _windows_of_director(self, fault: Fault):
        """Nothing where the other one was master; else until somebody is. Who comes back must learn which servers are down: all
        were for one that was cut off, for others those that are."""
        if self.master_at(fault.began) == fault.node:
            later = (advert.time for advert in self.history.adverts if advert.time > fault.struck and advert.priority > 0)
            back = min(later, default=self.history.ended)
            yield Window(fault.began, back + TAKEOVER_SECONDS, fault.words)
        relearned = fault.healed + DETECTION_SECONDS
        downs = [each for each in self.history.faults if each.effect == Effect.SERVER_DOWN and each.touches(fault.began, relearned)]
        reigns = any(reign.node == fault.node and reign.first <= relearned and reign.last >= fault.healing for reign in self.reigns)
        if reigns and (fault.effect == Effect.UNPLUGGED or downs):
            yield Window(fault.healing, relearned, f"{fault.node} learns which servers are there")
