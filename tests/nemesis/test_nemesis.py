"""Random faults, healed and repeated, while clients write down what they see; then the rules: `./run test nemesis`.

PENSTOCK_TEST_SEED=n does the same faults in the same order (else from a random n), PENSTOCK_NEMESIS_FAULTS=m so many of them.
"""

import os
import random
import re
import time

import held
import pytest
from checker import Violation, violations
from faults import DIRECTORS, KINDS, Stage
from history import History
from lab import topology
from lab.vrrp_wire import VrrpWire
from nemesis import SETTLED_SECONDS, Nemesis, Planned, plan
from recorder import HeldConnections, Requests, take_logs, take_wire
from report import report
from test_failover import VRID
from test_health import paced

SEED = int(os.environ.get("PENSTOCK_TEST_SEED") or random.randrange(1 << 31))
FAULTS = int(os.environ.get("PENSTOCK_NEMESIS_FAULTS") or 23)


SERVICE_CHECK = re.compile(r"(?s)        HTTP_GET \{.*?\n        \}\n")
# A mutant needn't come back.
IMPATIENT_SECONDS = 15


def same(text: str) -> str:
    return text


@pytest.fixture
def play(lab, make_daemon, configuration, echo_servers):
    """play(rounds, ...) is the history of these rounds. `change`: of both files, `change_backup`: of the backup's alone."""
    def play(rounds, change=same, change_backup=same, settled_seconds: float = SETTLED_SECONDS) -> History:
        text = change(paced(configuration, 1, 0.25).replace("connect_timeout 3", "connect_timeout 2") + held.SERVICE)
        daemons = {node.name: make_daemon(node=node, workers=workers) for node, workers in zip(DIRECTORS, (2, 1))}
        stage, history = Stage(lab, daemons, text, change_backup), History()
        nemesis = Nemesis(stage, history, settled_seconds)
        connections = HeldConnections(lab)
        for node in reversed(DIRECTORS):
            stage.start(node.name)
        try:
            with VrrpWire(lab, hears_all_sync=True) as wire:
                connections.start()
                history.began = time.time()
                with Requests(lab, history.requests):
                    nemesis.settle("the start")
                    nemesis.work(rounds)
                connections.finish(history)
                history.ended = time.time()
                take_wire(history, wire, VRID)
        finally:
            stage.release()
            connections.stop()
        take_logs(history, daemons.values())
        history.oddities += stage.oddities
        return history

    return play


def judged(history: History, capsys) -> list[Violation]:
    """The violations. The report is shown, its first line even of a run that passes."""
    found = violations(history)
    text = report(history, found, SEED)
    print(text)
    with capsys.disabled():
        print(f"\n{text.splitlines()[0]}")
    return found


def test_whatever_befalls_the_pair(play, capsys):
    found = judged(play(plan(SEED, FAULTS)), capsys)
    assert not found, f"PENSTOCK_TEST_SEED={SEED}: {len(found)} violations, the first: {found[0]}"


# The whole can fail: what is wrong with these pairs is found.

def a_round(words: str, target: str, hold: float) -> tuple[Planned]:
    return (Planned(next(kind for kind in KINDS if kind.words == words), target, 0, hold),)


def rules(history: History, capsys) -> set[str]:
    return {violation.rule for violation in judged(history, capsys)}


def test_a_director_that_believes_no_advert_is_found(play, capsys):
    def wrong_password(text: str) -> str:
        return text.replace("auth_pass admin123", "auth_pass another")

    history = play([], change_backup=wrong_password, settled_seconds=IMPATIENT_SECONDS)
    assert "one_master" in rules(history, capsys)


def test_a_pair_without_connection_sync_is_found(play, capsys):
    def without_sync(text: str) -> str:
        return text.replace("    lvs_sync_daemon_interface eth0\n", "")

    history = play([a_round("kill -9", topology.DIRECTOR.name, 5)], change=without_sync)
    assert rules(history, capsys) == {"connections_survive", "dump_follows_a_return"}


def test_servers_without_checks_are_found(play, capsys):
    def unchecked(text: str) -> str:
        return SERVICE_CHECK.sub("", text)

    history = play([a_round("web server stopped", topology.REAL_SERVERS[0].name, 16)], change=unchecked)
    assert rules(history, capsys) == {"requests_are_answered"}
