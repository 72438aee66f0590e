"""What is recorded while the nemesis works: values only. Times are seconds since 1970, one clock for clients, faults and the wire."""

import dataclasses
import enum

from lab.vrrp_wire import Advert, Announcement, Note, Told


class Effect(enum.Enum):
    """What a fault means to the rules."""
    # A director's process is gone and knows nothing when it comes back.
    KILLED = enum.auto()
    STOPPED = enum.auto()  # and has resigned
    TAPLESS = enum.auto()  # alive without its TAP until it is started anew
    # A director is alive and keeps what it knows, but hears and says nothing.
    STILL = enum.auto()
    UNPLUGGED = enum.auto()
    FLUSHED = enum.auto()  # a director's neighbours
    SERVER_DOWN = enum.auto()  # a real server answers no requests
    REMOVED = enum.auto()  # no new connections to that real server: removed from the file, or weight 0
    NOTHING = enum.auto()  # what must not be felt


FORGETTING = (Effect.KILLED, Effect.STOPPED, Effect.TAPLESS)
DIRECTOR_LOST = (*FORGETTING, Effect.STILL, Effect.UNPLUGGED)


@dataclasses.dataclass
class Fault:
    """It surely holds from `struck` to `healing`, surely not before `began` and after `healed`."""
    words: str
    effect: Effect
    node: str  # its name in the lab
    began: float
    struck: float
    healing: float
    healed: float

    def touches(self, since: float, until: float) -> bool:
        return self.began <= until and self.healed >= since


@dataclasses.dataclass(frozen=True)
class Request:
    began: float
    ended: float
    # The address of the real server that answered; empty where none did.
    server: str
    why: str = ""


@dataclasses.dataclass(frozen=True)
class Loss:
    """An established connection of held_connections.py has ended."""
    kind: str
    port: int
    began: float
    opened: float
    failed: float
    why: str


@dataclasses.dataclass(frozen=True)
class Quiet:
    """Everything has been healed and has come back: from now on nothing may fail."""
    since: float
    until: float
    # Addresses of the real servers in the file.
    servers: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Oddity:
    """What the nemesis has met itself: its rule's name, and what was seen."""
    time: float
    rule: str
    words: str


@dataclasses.dataclass(frozen=True)
class LogLine:
    time: float
    node: str
    text: str


@dataclasses.dataclass
class History:
    began: float = 0.0
    ended: float = 0.0
    faults: list[Fault] = dataclasses.field(default_factory=list)
    requests: list[Request] = dataclasses.field(default_factory=list)
    losses: list[Loss] = dataclasses.field(default_factory=list)
    quiets: list[Quiet] = dataclasses.field(default_factory=list)
    oddities: list[Oddity] = dataclasses.field(default_factory=list)
    adverts: list[Advert] = dataclasses.field(default_factory=list)
    announcements: list[Announcement] = dataclasses.field(default_factory=list)
    notes: list[Note] = dataclasses.field(default_factory=list)
    told: list[Told] = dataclasses.field(default_factory=list)
    log: list[LogLine] = dataclasses.field(default_factory=list)
