"""Whether two recordings of a scenario tell the same story, the documented differences apart.

Each server's events are compared in their order, with their times. That is as strong as one order for all servers, up to the tolerance: two
events of different servers that lie further apart than twice the tolerance cannot change places unnoticed. Closer ones have no order that
both directors could show, since penstockd swaps whole tables.
"""

import dataclasses

from recording import Event, Recording

TOLERANCE_SECONDS = 0.050


@dataclasses.dataclass(frozen=True)
class Difference:
    """Where penstockd means to differ from keepalived: one event of a scenario.

    keepalived and penstockd: their actions, None where one of them does nothing. `at`: about when, in keepalived's story (or in penstockd's,
    where keepalived does nothing). `later`: how much later penstockd does it, negative for earlier. `tolerance`: of that time; None: the
    comparison's."""
    scenario: str
    server: str
    at: float
    keepalived: str | None
    penstockd: str | None
    reason: str
    later: float = 0.0
    tolerance: float | None = None


@dataclasses.dataclass(frozen=True)
class Expected:
    event: Event
    tolerance: float


@dataclasses.dataclass(frozen=True)
class Verdict:
    """`complaints` is empty when the stories are the same. `deviation`: the largest one of events that were matched, in seconds, and whose."""
    complaints: tuple[str, ...]
    deviation: float = 0.0
    where: str = "no event to compare"


# How far from `at` the event of a difference may lie: it names the event, the tolerance judges it.
REACH_SECONDS = 0.3


def expected_of(reference: Recording, differences: list[Difference], tolerance: float) -> tuple[dict[str, list[Expected]], list[str]]:
    """What penstockd is expected to do, by server, from what keepalived did; and complaints about differences that fit nothing there."""
    kept = list(reference.events)
    replacements: list[Expected] = []
    complaints = []
    for difference in differences:
        time = difference.at
        if difference.keepalived is not None:
            fitting = [event for event in kept if event.server == difference.server and event.action == difference.keepalived
                       and abs(event.time - difference.at) <= REACH_SECONDS]
            if not fitting:
                complaints.append(f"keepalived doesn't do what is documented as different: {difference}")
                continue
            original = min(fitting, key=lambda event: abs(event.time - difference.at))
            kept.remove(original)
            time = original.time
        if difference.penstockd is not None:
            replacements.append(Expected(Event(time + difference.later, difference.server, difference.penstockd),
                                         tolerance if difference.tolerance is None else difference.tolerance))
    servers: dict[str, list[Expected]] = {}
    for each in sorted([Expected(event, tolerance) for event in kept] + replacements, key=lambda each: each.event.time):
        servers.setdefault(each.event.server, []).append(each)
    return servers, complaints


def told(events: list[Event]) -> str:
    return ", ".join(f"{event.action} at {event.time:.3f}" for event in events) or "nothing"


def compare(reference: Recording, observed: Recording, differences: list[Difference] | None = None,
            tolerance: float = TOLERANCE_SECONDS) -> Verdict:
    """Whether `observed` is `reference` with the differences. The deviation is of events that the plain tolerance judges."""
    wanted, complaints = expected_of(reference, differences or [], tolerance)
    if observed.start != reference.start:
        complaints.append(f"the table at the start: {observed.start} instead of {reference.start}")
    seen: dict[str, list[Event]] = {}
    for event in observed.events:
        seen.setdefault(event.server, []).append(event)
    deviation, where = 0.0, "no event to compare"
    for server in sorted(wanted.keys() | seen.keys()):
        expected, events = wanted.get(server, []), seen.get(server, [])
        if [each.event.action for each in expected] != [event.action for event in events]:
            complaints.append(f"{server}: {told(events)}; instead of {told([each.event for each in expected])}")
            continue
        for each, event in zip(expected, events):
            late = event.time - each.event.time
            if each.tolerance == tolerance and abs(late) >= abs(deviation):
                deviation, where = late, f"{server} {event.action} at {each.event.time:.3f}"
            if abs(late) > each.tolerance:
                complaints.append(f"{server}: {event.action} at {event.time:.3f} instead of {each.event.time:.3f}, {late * 1000:+.0f} ms")
    return Verdict(tuple(complaints), deviation, where)
