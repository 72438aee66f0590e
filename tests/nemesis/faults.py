"""What the nemesis can do to the pair, and how each of it is healed."""

import dataclasses
import os
import signal
import time
from collections.abc import Callable

from history import Effect, Oddity
from lab import keepalived_conf, topology
from lab.lab import Lab
from lab.penstockd import Penstockd
from lab.waiting import wait_for
from test_failover import BACKUP_PRIORITY

DIRECTORS = (topology.DIRECTOR, topology.DIRECTOR2)
CONFIGURATION = "configuration"
# Short ones are over before anybody's patience, long ones are not.
MOMENT, SHORT, LONG, ANY = (0.1, 1.0), (0.2, 2.0), (5.0, 11.0), (1.0, 8.0)
APPLY_SECONDS = 10


class Stage:
    """The pair, its files and the real servers, as the faults leave them. `change_backup`: of the other director's file, for mutants."""

    def __init__(self, lab: Lab, daemons: dict[str, Penstockd], text: str, change_backup: Callable[[str], str] = lambda text: text):
        self.lab = lab
        self.daemons = daemons
        self.text = text
        self.complete_text = text
        self.still: set[str] = set()
        # Directors that nobody has ended.
        self.alive: set[str] = set()
        self.oddities: list[Oddity] = []
        self._change_backup = change_backup

    def text_of(self, node: str) -> str:
        return self.text if node == topology.DIRECTOR.name else self._change_backup(keepalived_conf.for_backup(self.text, BACKUP_PRIORITY))

    def start(self, node: str) -> None:
        self.daemons[node].start(self.text_of(node), as_master=False)
        self.alive.add(node)

    def end(self, node: str) -> None:
        self.alive.discard(node)
        status = self.daemons[node].stop()
        if status != 0:
            self.note("a stop ends well", f"{node}: exit status {status}")

    def kill(self, node: str) -> None:
        self.alive.discard(node)
        self.daemons[node].kill()

    def signal(self, node: str, number: signal.Signals) -> None:
        os.kill(int(self.daemons[node].pid_file.read_text()), number)

    def release(self) -> None:
        """What would outlive a run that broke off: directors that stand still, cables that are out."""
        for node in sorted(self.still & self.alive):
            self.signal(node, signal.SIGCONT)
        for node in topology.NODES:
            self.lab.set_cable(node, up=True)
        for server in topology.REAL_SERVERS:
            self.lab.start_web_server(server)

    def note(self, rule: str, words: str) -> None:
        self.oddities.append(Oddity(time.time(), rule, words))

    def note_unexpected_ends(self) -> None:
        for node in sorted(self.alive):
            if not self.daemons[node].is_running():
                self.alive.discard(node)
                self.note("nobody ends by itself", node)

    def listening(self) -> list[str]:
        """Directors that a file can be given to now."""
        return sorted(self.alive - self.still)

    def apply(self, text: str, shows: Callable[[dict[str, int]], bool]) -> None:
        """This file for both; wait until the web service's listing of those that can be asked shows it."""
        self.text = text
        for node in sorted(self.alive):
            self.daemons[node].write(self.text_of(node))
            self.daemons[node].hang_up()
        for node in self.listening():
            try:
                wait_for("the new file", lambda node=node: shows(self.web_servers(node)), APPLY_SECONDS)
            except TimeoutError as error:
                self.note("a reload takes effect", f"{node}: {error}")

    def web_servers(self, node: str) -> dict[str, int]:
        """Weights by address, as that director lists them."""
        listed = self.daemons[node].services()["TCP", f"{topology.VIP}:80"]
        return {name.removesuffix(":80"): weight for name, weight in listed.items()}


Action = Callable[[Stage, str], None]


@dataclasses.dataclass(frozen=True)
class Kind:
    words: str
    effect: Effect
    # Names of nodes.
    targets: tuple[str, ...]
    # How long it holds, in seconds.
    holds: tuple[float, float]
    strike: Action
    heal: Action
    # What it changes, where that isn't its target: of two at the same time each has its own.
    subject: str = ""


def stand_still(stage: Stage, node: str) -> None:
    stage.still.add(node)
    stage.signal(node, signal.SIGSTOP)


def go_on(stage: Stage, node: str) -> None:
    stage.signal(node, signal.SIGCONT)
    stage.still.discard(node)


def unplug(stage: Stage, node: str) -> None:
    stage.lab.set_cable(topology.node(node), up=False)


def plug_in(stage: Stage, node: str) -> None:
    stage.lab.set_cable(topology.node(node), up=True)


def delete_tap(stage: Stage, node: str) -> None:
    stage.lab.run(node, "ip", "link", "del", "eth0")


def start_anew(stage: Stage, node: str) -> None:
    stage.end(node)
    stage.start(node)


def flush_neighbours(stage: Stage, node: str) -> None:
    stage.lab.run(node, "ip", "neigh", "flush", "dev", "eth0")


def nothing(stage: Stage, node: str) -> None:
    """It heals by itself."""


def remove_server(stage: Stage, node: str) -> None:
    """From the web service; the service of held connections keeps it."""
    address = topology.node(node).address
    of_web, of_held = _parts(stage)
    stage.apply(keepalived_conf.without_real_server(of_web, address) + of_held, lambda servers: address not in servers)


def reweight(weight: int) -> Action:
    def strike(stage: Stage, node: str) -> None:
        """In both services: connections of a server with weight 0 go on."""
        address = topology.node(node).address
        text = stage.text
        for port in (80, 7000):
            head = f"real_server {address} {port} {{\n        weight "
            assert text.count(head + "1") == 1
            text = text.replace(head + "1", f"{head}{weight}")
        stage.apply(text, lambda servers: servers.get(address, weight) == weight)

    return strike


def complete_file(stage: Stage, node: str) -> None:
    address = topology.node(node).address
    stage.apply(stage.complete_text, lambda servers: servers.get(address, 1) == 1)


def _parts(stage: Stage) -> tuple[str, str]:
    """The file up to the service of held connections, and from there."""
    at = stage.text.index(f"virtual_server {topology.VIP} 7000")
    return stage.text[:at], stage.text[at:]


def bad_file(stage: Stage, node: str) -> None:
    """Nothing changes, and each director says why."""
    for each in stage.listening():
        daemon = stage.daemons[each]
        before, mark = daemon.services(), len(daemon.log_text())
        daemon.write(stage.text_of(each).replace("lb_kind DR", "lb_kind SIDEWAYS", 1))
        daemon.hang_up()
        try:
            wait_for("a complaint", lambda daemon=daemon, mark=mark: f"{daemon.configuration}:" in daemon.log_text()[mark:], APPLY_SECONDS)
        except TimeoutError as error:
            stage.note("a bad file is named", f"{each}: {error}")
        if (after := daemon.services()).keys() != before.keys():
            stage.note("a bad file changes nothing", f"{each}: {before}, then {after}")


def good_file(stage: Stage, node: str) -> None:
    stage.apply(stage.text, lambda _: True)


def stop_web_server(stage: Stage, node: str) -> None:
    stage.lab.stop_web_server(topology.node(node))


def start_web_server(stage: Stage, node: str) -> None:
    stage.lab.start_web_server(topology.node(node))
    stage.lab.wait_for_web_server(topology.node(node))


_PAIR = tuple(node.name for node in DIRECTORS)
_SERVERS = tuple(node.name for node in topology.REAL_SERVERS)

KINDS = (
    Kind("kill -9", Effect.KILLED, _PAIR, ANY, Stage.kill, Stage.start),
    Kind("stop", Effect.STOPPED, _PAIR, ANY, Stage.end, Stage.start),
    Kind("stand still for a moment", Effect.STILL, _PAIR, SHORT, stand_still, go_on),
    Kind("stand still", Effect.STILL, _PAIR, LONG, stand_still, go_on),
    Kind("cable out for a moment", Effect.UNPLUGGED, _PAIR, MOMENT, unplug, plug_in),
    Kind("cable out", Effect.UNPLUGGED, _PAIR, LONG, unplug, plug_in),
    Kind("TAP deleted", Effect.TAPLESS, _PAIR, ANY, delete_tap, start_anew),
    Kind("neighbours flushed", Effect.FLUSHED, _PAIR, MOMENT, flush_neighbours, nothing),
    Kind("server removed", Effect.REMOVED, _SERVERS, ANY, remove_server, complete_file, CONFIGURATION),
    Kind("weight 0", Effect.REMOVED, _SERVERS, ANY, reweight(0), complete_file, CONFIGURATION),
    Kind("weight 3", Effect.NOTHING, _SERVERS, ANY, reweight(3), complete_file, CONFIGURATION),
    Kind("bad file", Effect.NOTHING, _PAIR[:1], MOMENT, bad_file, good_file, CONFIGURATION),
    Kind("web server stopped", Effect.SERVER_DOWN, _SERVERS, ANY, stop_web_server, start_web_server),
    Kind("server's cable out", Effect.SERVER_DOWN, _SERVERS, LONG, unplug, plug_in),
)
