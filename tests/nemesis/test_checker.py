"""Each rule finds what it is there for: a history in which all is well, and the same one with one thing wrong in it.

In it the master is killed at 20 and back at 29; at 60 it is stopped and started; at 90 the backup is killed. Meanwhile a web server stops
(110), a real server is removed (130), the master stands still for a moment (150).
"""

import dataclasses
from collections.abc import Callable

import checker
import pytest
from history import Effect, Fault, History, LogLine, Loss, Oddity, Quiet, Request
from lab import topology
from lab.vrrp_wire import Advert, Announcement, Note

SERVERS = tuple(server.address for server in topology.REAL_SERVERS)
HIGHER, LOWER = topology.DIRECTOR.name, topology.DIRECTOR2.name
END = 180.0
KILLED, STOPPED, BACKUP_KILLED, SERVER_DOWN, REMOVED, STILL = 20.0, 60.0, 90.0, 110.0, 130.0, 150.0


def advert(time: float, node: str, priority: int | None = None) -> Advert:
    return Advert(time, node, topology.node(node).address, "224.0.0.18", 2, 50, checker.PRIORITIES[node] if priority is None else priority, "")


def reign(node: str, first: float, last: float) -> list[Advert]:
    return [advert(first + second, node) for second in range(int(last - first) + 1)]


def fault(words: str, effect: Effect, node: str, began: float, healed: float) -> Fault:
    return Fault(words, effect, node, began, began + 0.1, healed - 0.5, healed)


def good() -> History:
    adverts = [*reign(HIGHER, 0.5, KILLED), *reign(LOWER, 23.2, 32.2), *reign(HIGHER, 32.7, 59.7), advert(60.05, HIGHER, 0),
               *reign(LOWER, 60.7, 70.7), *reign(HIGHER, 71.0, STILL), *reign(HIGHER, 151.9, END)]
    history = History(
        began=0.0, ended=END, adverts=adverts,
        announcements=[Announcement(time, node, topology.VIP, "") for node, time in
                       ((LOWER, 23.21), (HIGHER, 32.71), (LOWER, 60.71), (HIGHER, 71.01))],
        faults=[fault("kill", Effect.KILLED, HIGHER, KILLED, 29.0), fault("stop", Effect.STOPPED, HIGHER, STOPPED, 67.0),
                fault("kill", Effect.KILLED, LOWER, BACKUP_KILLED, 95.0), fault("web server", Effect.SERVER_DOWN, "rs1", SERVER_DOWN, 125.0),
                fault("removed", Effect.REMOVED, "rs2", REMOVED, 140.0), fault("still", Effect.STILL, HIGHER, STILL, 151.8)],
        notes=[note for time, node in ((28.6, LOWER), (66.6, LOWER), (94.6, HIGHER)) for note in
               (Note(time, node, "dump begins"), Note(time + 0.1, node, "dump ends"))],
        quiets=[Quiet(45.0, 50.0, SERVERS), Quiet(165.0, 170.0, SERVERS)],
        # One that nobody could know: too young when its director was killed. One that was told.
        losses=[Loss("new", 1, KILLED - 0.2, KILLED - 0.1, 24.0, "reset")],
        log=[LogLine(12.0, HIGHER, "(VI_1) Entering MASTER STATE"), LogLine(112.0, LOWER, "Error connecting server [192.168.1.179]:tcp:80.")])
    history.requests = [request(history, number) for number in range(int(END * 10))]
    return history


def request(history: History, number: int) -> Request:
    """Nobody answers while there is no master; the one whose web server has stopped fails until it is known; the removed one isn't asked."""
    began = number / 10
    server = SERVERS[number % 3]
    if KILLED < began < 23.2 or STILL < began < 151.9 or (server == SERVERS[0] and SERVER_DOWN < began < SERVER_DOWN + 2):
        return Request(began, began + 5, "", "timed out")
    if SERVER_DOWN <= began < 126 and server == SERVERS[0] or REMOVED <= began < 140 and server == SERVERS[1]:
        server = SERVERS[2]
    return Request(began, began + 0.01, server)


def failing(history: History, time: float, why: str = "Connection refused") -> None:
    at = next(index for index, each in enumerate(history.requests) if each.began >= time)
    history.requests[at] = dataclasses.replace(history.requests[at], server="", why=why)


def two_masters(history: History) -> None:
    history.adverts += reign(LOWER, 40.0, 43.0)


def lower_one_speaks_once(history: History) -> None:
    """As a director that stood still might, before it hears anything."""
    history.adverts.append(advert(80.2, LOWER))


def no_takeover(history: History) -> None:
    history.adverts = [each for each in history.adverts if not 23 < each.time < 31]


def nobody_comes_back(history: History) -> None:
    history.adverts = [each for each in history.adverts if each.time < 152]


def takes_over_too_early(history: History) -> None:
    history.adverts += reign(LOWER, 22.0, 23.0)


def takes_over_from_a_healthy_one(history: History) -> None:
    """The higher one is silent for no reason."""
    history.adverts = [each for each in history.adverts if not 100 < each.time < 106] + reign(LOWER, 103.9, 105.9)


def without_resignation(history: History) -> None:
    history.adverts = [each for each in history.adverts if each.priority or each.time < STOPPED] + []


def resignation_is_not_heard(history: History) -> None:
    history.adverts = [each for each in history.adverts if not 60.1 < each.time < 64.5]


def without_announcement(history: History) -> None:
    history.announcements.pop(2)


def announced_by_the_wrong_one(history: History) -> None:
    history.announcements[0] = dataclasses.replace(history.announcements[0], node=HIGHER)


def a_request_fails_for_nothing(history: History) -> None:
    failing(history, 15.0)


def a_request_fails_when_the_backup_is_killed(history: History) -> None:
    failing(history, BACKUP_KILLED + 0.5)


def requests_fail_long_after_a_fault(history: History) -> None:
    failing(history, SERVER_DOWN + 14)


def a_request_fails_at_a_reload(history: History) -> None:
    failing(history, REMOVED + 0.1)


def a_server_does_not_come_back(history: History) -> None:
    history.requests = [dataclasses.replace(each, server=SERVERS[2]) if each.began > 130 and each.server == SERVERS[0] else each
                        for each in history.requests]


def quiet_without_requests(history: History) -> None:
    history.requests = [each for each in history.requests if not 165 < each.began < 170]


def removed_one_answers(history: History) -> None:
    at = next(index for index, each in enumerate(history.requests) if each.began > 135)
    history.requests[at] = dataclasses.replace(history.requests[at], server=SERVERS[1])


def an_old_connection_is_lost_by_a_kill(history: History) -> None:
    history.losses.append(Loss("held", 2, 5.0, 5.1, 24.0, "reset"))


def a_connection_is_lost_by_nothing(history: History) -> None:
    history.losses.append(Loss("held", 2, 80.0, 80.1, 88.0, "reset"))


def a_connection_is_lost_at_the_masters_return(history: History) -> None:
    """It began with the other one, long enough before."""
    history.losses.append(Loss("new", 2, 62.0, 62.1, 72.0, "reset"))


def a_connection_is_lost_by_a_pause(history: History) -> None:
    history.losses.append(Loss("held", 2, 5.0, 5.1, 152.5, "reset"))


def anothers_bytes(history: History) -> None:
    history.losses.append(Loss("held", 2, 5.0, 5.1, 15.0, "byte 7 of the echo is another"))


def without_a_dump(history: History) -> None:
    del history.notes[2:4]


def a_long_absence_without_a_dump(history: History) -> None:
    history.faults.append(fault("still", Effect.STILL, LOWER, 153.0, 160.0))


def a_dump_that_does_not_end(history: History) -> None:
    del history.notes[5]


def a_complaint_without_reason(history: History) -> None:
    history.log.append(LogLine(47.0, LOWER, "eth0: the kernel refused a frame: Input/output error"))


def an_oddity(history: History) -> None:
    history.oddities.append(Oddity(100.0, "nobody ends by itself", LOWER))


# What each breaks.
MUTANTS: tuple[tuple[Callable[[History], None], set[Callable]], ...] = (
    (two_masters, {checker.one_master, checker.takeover_has_a_reason, checker.takeover_is_announced}),
    (lower_one_speaks_once, {checker.one_master, checker.takeover_has_a_reason, checker.takeover_is_announced}),
    (no_takeover, {checker.some_master, checker.takeover_is_announced, checker.connections_survive}),
    (nobody_comes_back, {checker.some_master}),
    (takes_over_too_early, {checker.takeover_has_a_reason, checker.takeover_is_announced}),
    (takes_over_from_a_healthy_one, {checker.takeover_has_a_reason, checker.takeover_is_announced}),
    (without_resignation, {checker.resignation, checker.takeover_has_a_reason}),
    (resignation_is_not_heard, {checker.resignation, checker.takeover_is_announced}),
    (without_announcement, {checker.takeover_is_announced}),
    (announced_by_the_wrong_one, {checker.takeover_is_announced}),
    (a_request_fails_for_nothing, {checker.requests_are_answered}),
    (a_request_fails_when_the_backup_is_killed, {checker.requests_are_answered}),
    (requests_fail_long_after_a_fault, {checker.requests_are_answered}),
    (a_request_fails_at_a_reload, {checker.requests_are_answered}),
    (a_server_does_not_come_back, {checker.quiet_is_quiet}),
    (quiet_without_requests, {checker.quiet_is_quiet}),
    (removed_one_answers, {checker.removed_server_is_silent}),
    (an_old_connection_is_lost_by_a_kill, {checker.connections_survive}),
    (a_connection_is_lost_by_nothing, {checker.connections_survive}),
    (a_connection_is_lost_at_the_masters_return, {checker.connections_survive}),
    (a_connection_is_lost_by_a_pause, {checker.connections_survive}),
    (anothers_bytes, {checker.connections_survive}),
    (without_a_dump, {checker.dump_follows_a_return}),
    (a_long_absence_without_a_dump, {checker.dump_follows_a_return}),
    (a_dump_that_does_not_end, {checker.dump_follows_a_return}),
    (a_complaint_without_reason, {checker.quiet_logs_are_quiet}),
    (an_oddity, {checker.nothing_odd}),
)


def broken(history: History) -> set[str]:
    history.adverts.sort(key=lambda each: each.time)
    return {violation.rule for violation in checker.violations(history)}


def test_a_good_history_breaks_no_rule():
    assert checker.violations(good()) == []


@pytest.mark.parametrize("mutant, rules", MUTANTS, ids=lambda each: getattr(each, "__name__", ""))
def test_a_mutant_is_found(mutant, rules):
    history = good()
    mutant(history)
    assert broken(history) == {rule.__name__ for rule in rules}


def test_each_rule_has_a_mutant():
    assert set(checker.RULES) == {rule for _, rules in MUTANTS for rule in rules}


# What may be lost.

def test_both_directors_gone_excuse_a_lost_connection():
    history = good()
    history.faults.append(fault("kill", Effect.KILLED, LOWER, 15.0, 19.0))
    an_old_connection_is_lost_by_a_kill(history)
    assert broken(history) == set()


def test_a_fault_of_the_master_excuses_requests_until_somebody_is_master():
    history = good()
    failing(history, 22.0)
    failing(history, 24.0)
    assert broken(history) == set()
