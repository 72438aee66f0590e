"""What a director did to its table in one scenario: the table at the first check, then one event for each change of it.

Both directors give changes: keepalived by the requests that it sends, penstockd by successive listings. From here on both look the same.
A change that leaves the table as it was (a request to set the weight that is set) is none.
"""

import dataclasses
import re
from collections.abc import Iterable

from scenarios import Scenario

# Before a scenario's first check is seen to arrive, its first verdict on another server may already be in; the table is filled a second earlier.
START_MARGIN_SECONDS = 0.3


@dataclasses.dataclass(frozen=True)
class Change:
    """`weight` is None for a server that goes; a change without a server is the end of the service. `time` is of time.monotonic()."""
    time: float
    service: str
    server: str | None
    weight: int | None = None


@dataclasses.dataclass(frozen=True)
class Event:
    """`time`: seconds after the scenario's time 0. `server`: a name of scenarios.py, or "service".
    `action`: "added W", "weight W", "removed"; "gone" for the service."""
    time: float
    server: str
    action: str


@dataclasses.dataclass(frozen=True)
class Recording:
    """`start`: the weights of the servers that were in the table at the first check."""
    start: dict[str, int]
    events: tuple[Event, ...]


def recording_of(scenario: Scenario, changes: Iterable[Change], zero: float) -> Recording:
    """The recording of one scenario out of the changes of a whole run, which are in order of time."""
    weights: dict[str, int] = {}
    start: dict[str, int] = {}
    events: list[Event] = []
    for change in changes:
        time = change.time - zero
        if change.service != scenario.service or time > scenario.until:
            continue
        server = scenario.name_of(change.server) if change.server else "service"
        before = weights.get(server)
        if change.server is None:
            # Servers that the listing still showed went with the service.
            weights.clear()
            action = "gone"
        elif change.weight is None:
            action = "removed" if weights.pop(server, None) is not None else None
        else:
            weights[server] = change.weight
            action = f"added {change.weight}" if before is None else f"weight {change.weight}" if before != change.weight else None
        if time < -START_MARGIN_SECONDS:
            start = dict(weights)
        elif action:
            events.append(Event(time, server, action))
    return Recording(start, tuple(events))


# As text, for a file that people read and review

def to_text(recordings: dict[str, Recording]) -> str:
    """Times in hundredths of a second: a record doesn't change with each run."""
    parts = []
    for name, recording in recordings.items():
        start = " ".join(f"{server}={weight}" for server, weight in sorted(recording.start.items()))
        parts.append(f"=== {name}\n  start {start}\n" + "".join(f"{event.time:7.2f} {event.server} {event.action}\n" for event in recording.events))
    return "".join(parts)


def from_text(text: str) -> dict[str, Recording]:
    """What to_text wrote. ValueError on anything else."""
    parts = re.split(r"(?m)^=== (\w+)\n", text)
    recordings = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        first, *lines = body.splitlines()
        start = {server: int(weight) for server, _, weight in (word.partition("=") for word in first.split()[1:])}
        events = (line.split(maxsplit=2) for line in lines)
        recordings[name] = Recording(start, tuple(Event(float(time), server, action) for time, server, action in events))
    return recordings
