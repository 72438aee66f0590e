"""The rules that a history is judged by: docs/ARCHITECTURE.md, docs/FAULTS.md and RFC 3768 say so. Pure: a history in, violations out."""

import dataclasses
import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from history import FORGETTING, Effect, Fault, History, Loss
from lab import topology
from timeline import MASTER_DOWN_SECONDS, NOISE_SECONDS, PRIORITIES, REIGN_GAP_SECONDS, YOUNG_SECONDS, Timeline

# How long the lower one may speak after the higher one's first advert: an interval, and a part of one for the way.
YIELD_SECONDS = 1.5
# Nobody speaks although somebody could: what a backup waits, an advert interval for the moment of the fault, and noise.
MASTERLESS_SECONDS = MASTER_DOWN_SECONDS + 1 + NOISE_SECONDS
# How much earlier than after the master down interval a frame's stamp may say.
STAMP_SECONDS = 0.1
# After a resignation a backup waits its skew time.
SKEW_SECONDS = (256 - PRIORITIES[topology.DIRECTOR2.name]) / 256
ANNOUNCED_SECONDS = 1.0
# What workers still had in hand when a listing showed a server removed.
APPLIED_SECONDS = 1.0
# So many requests of a quiet time reach each real server, by rr.
ENOUGH_REQUESTS = 15
# Who was away for so long asks for a dump: a carrier is looked at each second, and half a second late is standing still.
AWAY_SECONDS = 2.0
# A dump is asked for each second.
DUMPED_SECONDS = 2 + NOISE_SECONDS
# A held connection speaks each second.
TURN_SECONDS = 1.5
# Lines that complain.
ODD_LINE = re.compile(r"error|warning|fail|can't|cannot|refused|lost|gone|unreachable|timeout|assert|exhaust", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Violation:
    rule: str
    time: float
    words: str


Found = list[tuple[float, str]]


def _other(director: str) -> str:
    return next(node for node in PRIORITIES if node != director)


def one_master(timeline: Timeline) -> Found:
    """While the higher one reigns, the lower one says nothing."""
    found = []
    for reign in timeline.reigns:
        for advert in timeline.history.adverts:
            if PRIORITIES[advert.node] < PRIORITIES[reign.node] and reign.first + YIELD_SECONDS < advert.time < reign.last and advert.priority > 0:
                found.append((advert.time, f"{advert.node} says to be master {advert.time - reign.first:.2f} s after {reign.node} has begun to"))
    return found


def some_master(timeline: Timeline) -> Found:
    """Nobody is master only as long as it takes who is able to be."""
    history = timeline.history
    moments = [history.began, *(advert.time for advert in history.adverts if advert.priority > 0), history.ended]
    return [(earlier, f"no master for {later - earlier:.2f} s, though {node} was able to be for {able:.2f} s")
            for earlier, later in pairwise(moments) if later - earlier > MASTERLESS_SECONDS
            for node in PRIORITIES if (able := timeline.longest_able(node, earlier, later)) > MASTERLESS_SECONDS]


def takeover_has_a_reason(timeline: Timeline) -> Found:
    """The lower one takes over only from one that has resigned or was silent for its master down interval, and only because of a fault."""
    found = []
    for old, new in timeline.takeovers():
        if PRIORITIES[new.node] > PRIORITIES[old.node]:
            continue
        silence = new.first - old.last
        if not old.resigned and silence < MASTER_DOWN_SECONDS - STAMP_SECONDS:
            found.append((new.first, f"{new.node} takes over {silence:.2f} s after an advert of {old.node}"))
        if not timeline.faults_of(old.node, old.last - REIGN_GAP_SECONDS, new.first):
            found.append((new.first, f"{new.node} takes over from {old.node}, which was well"))
    return found


def resignation(timeline: Timeline) -> Found:
    """A master that is stopped resigns, and the other one follows after its skew time."""
    found = []
    for fault in timeline.history.faults:
        if fault.effect != Effect.STOPPED or not _reigned(timeline, fault):
            continue
        resigned = [advert.time for advert in timeline.history.adverts
                    if advert.node == fault.node and advert.priority == 0 and fault.began <= advert.time <= fault.struck]
        if not resigned:
            found.append((fault.struck, f"{fault.node} was stopped as a master and did not resign"))
            continue
        until = resigned[0] + SKEW_SECONDS + NOISE_SECONDS
        other = _other(fault.node)
        if timeline.able(other, resigned[0] - NOISE_SECONDS, until) and not any(
                advert.node == other and resigned[0] < advert.time <= until for advert in timeline.history.adverts):
            found.append((resigned[0], f"{other} did not follow {fault.node}'s resignation in {until - resigned[0]:.2f} s"))
    return found


def _reigned(timeline: Timeline, fault: Fault) -> bool:
    """Whether it said so shortly before."""
    return any(advert.node == fault.node and advert.priority > 0 and fault.began - REIGN_GAP_SECONDS <= advert.time <= fault.began
               for advert in timeline.history.adverts) and timeline.able(fault.node, fault.began - REIGN_GAP_SECONDS, fault.began - STAMP_SECONDS)


def takeover_is_announced(timeline: Timeline) -> Found:
    """With the VIP's gratuitous ARP, or all goes on to the old one. Who is lost in that moment needn't."""
    found = []
    for _, new in timeline.takeovers():
        announced = any(each.node == new.node and each.address == topology.VIP and abs(each.time - new.first) <= ANNOUNCED_SECONDS
                        for each in timeline.history.announcements)
        if not announced and timeline.able(new.node, new.first, new.first + ANNOUNCED_SECONDS):
            found.append((new.first, f"{new.node} takes over and does not announce {topology.VIP}"))
    return found


def requests_are_answered(timeline: Timeline) -> Found:
    """But for those that touch a time when a fault may cost some."""
    return [(request.began, f"a request failed after {request.ended - request.began:.2f} s: {request.why}")
            for request in timeline.history.requests if not request.server and not timeline.excuse(request.began, request.ended)]


def quiet_is_quiet(timeline: Timeline) -> Found:
    """After everything was healed, whatever had happened before: each request is answered, and each real server takes its part."""
    found = []
    for quiet in timeline.history.quiets:
        asked = [each for each in timeline.history.requests if quiet.since <= each.began and each.ended <= quiet.until]
        if len(asked) < ENOUGH_REQUESTS:
            found.append((quiet.since, f"only {len(asked)} requests ended in a quiet time"))
            continue
        found += [(request.began, f"a request failed in a quiet time: {request.why}") for request in asked if not request.server]
        answers = Counter(request.server for request in asked if request.server)
        found += [(quiet.since, f"{server} answered none of {len(asked)} requests in a quiet time")
                  for server in quiet.servers if not answers[server]]
    return found


def removed_server_is_silent(timeline: Timeline) -> Found:
    """No request that began and ended while a real server was removed (or had weight 0) is answered by it. Who comes back reads its file first."""
    found = []
    for fault in timeline.history.faults:
        if fault.effect != Effect.REMOVED:
            continue
        address = topology.node(fault.node).address
        for request in timeline.history.requests:
            back = any(each.healing <= request.began <= each.healed + NOISE_SECONDS for each in timeline.losses_of_directors)
            while_removed = fault.struck + APPLIED_SECONDS < request.began and request.ended < fault.healing
            if request.server == address and while_removed and not back:
                found.append((request.began, f"{address} answers {request.began - fault.struck:.2f} s after it was removed"))
    return found


def connections_survive(timeline: Timeline) -> Found:
    """An established connection is lost only with the last director that could know of it; what it carries is never another connection's."""
    found = []
    for loss in timeline.history.losses:
        words = f"{loss.kind} connection from port {loss.port}, opened {loss.failed - loss.opened:.2f} s before, is lost: {loss.why}"
        changes = [reign for reign in timeline.reigns if loss.began <= reign.first <= loss.failed]
        if "another" in loss.why or "counted" in loss.why:
            found.append((loss.failed, words))
        elif any(loss.began - YOUNG_SECONDS <= new.first <= loss.opened + YOUNG_SECONDS for new in timeline.reigns):
            continue
        elif not changes:
            found.append((loss.failed, f"{words}; no director has changed since"))
        elif _reigning(timeline, loss) <= timeline.knowing(loss.opened, changes[-1].first):
            told = [f"{each.node} told of it at {each.time - loss.failed:+.2f} s" for each in timeline.history.told
                    if (topology.CLIENT.address, loss.port) in each.clients and each.time <= loss.failed]
            found.append((loss.failed, f"{words}; {changes[-1].node}, master since {changes[-1].first - loss.failed:+.2f} s, must have known it; "
                                       f"{', '.join(told[:1] + told[1:][-1:]) or 'nobody told of it'}"))
    return found


def _reigning(timeline: Timeline, loss: Loss) -> set[str]:
    """Who may have had the packet that it was lost with: its failure shows at the connection's next turn, and during a takeover packets go to
    either."""
    moments = (loss.failed - TURN_SECONDS, loss.failed)
    return {node for moment in moments if (node := timeline.master_at(moment)) and timeline.able(node, moment, moment)}


def dump_follows_a_return(timeline: Timeline) -> Found:
    """A director that has forgotten everything, or was away while connections began, is told everything, if there is who can."""
    found = []
    for fault in timeline.history.faults:
        was_away = fault.effect in (Effect.STILL, Effect.UNPLUGGED) and fault.healing - fault.struck > AWAY_SECONDS
        if fault.effect not in FORGETTING and not was_away:
            continue
        other, until = _other(fault.node), fault.healed + DUMPED_SECONDS
        both_there = timeline.able(other, fault.healing - NOISE_SECONDS, until) and timeline.able(fault.node, fault.healed + STAMP_SECONDS, until)
        if both_there and not any(ended <= until for _, ended in timeline.dumps_of(other, fault.healing)):
            found.append((fault.healed, f"{fault.node} is back and got no dump from {other} in {DUMPED_SECONDS:.0f} s"))
    return found


def quiet_logs_are_quiet(timeline: Timeline) -> Found:
    """Nobody complains in a quiet time. Lines have whole seconds."""
    return [(line.time, f"{line.node} says in a quiet time: {line.text}") for line in timeline.history.log if ODD_LINE.search(line.text)
            and any(quiet.since + 1 < line.time < quiet.until - 1 for quiet in timeline.history.quiets)]


def nothing_odd(timeline: Timeline) -> Found:
    return [(oddity.time, f"{oddity.rule}: {oddity.words}") for oddity in timeline.history.oddities]


RULES: tuple[Callable[[Timeline], Found], ...] = (
    one_master, some_master, takeover_has_a_reason, resignation, takeover_is_announced, requests_are_answered, quiet_is_quiet,
    removed_server_is_silent, connections_survive, dump_follows_a_return, quiet_logs_are_quiet, nothing_odd)


def violations(history: History) -> list[Violation]:
    timeline = Timeline(history)
    found = (Violation(rule.__name__, time, words) for rule in RULES for time, words in rule(timeline))
    return sorted(found, key=lambda each: each.time)
