"""Connections of the client that live through a takeover: held_connections.py against the real servers' echo_server.py, started, watched, ended.
"""

import dataclasses
import json
import pathlib
import sys
import time

import pytest
from lab import topology
from lab.vrrp_wire import VrrpWire
from lab.waiting import wait_for

HERE = pathlib.Path(__file__).resolve().parent
PORT = 7000
# What may be lost: a connection is told to the other director within this time.
YOUNG_SECONDS = 0.010
# And this many that were told later, because the machine stood still.
MOST_TOLD_LATE = 5
SERVICE = (f"virtual_server {topology.VIP} {PORT} {{\n    lb_algo rr\n    lb_kind DR\n    protocol TCP\n"
           + "".join(f"    real_server {server.address} {PORT} {{\n        weight 1\n    }}\n" for server in topology.REAL_SERVERS) + "}\n")


@dataclasses.dataclass(frozen=True)
class Witness:
    """Of what the old director told the new one: the wire, which hears all of sync. Times are seconds since 1970."""
    wire: VrrpWire
    old_director: topology.Node
    # When the new director took over.
    taken_over: float

    def told(self, lost: dict) -> float | None:
        """When it first told of this connection, if it did."""
        return self.wire.first_told(self.old_director.name).get((topology.CLIENT.address, lost["port"]))

    def late(self, lost: dict) -> bool:
        """Whether it was told of, but too late for the new director."""
        at = self.told(lost)
        return at is not None and at > self.taken_over - YOUNG_SECONDS


class Held:
    """The client's connections: `held` and `uploads` of them, and `new_a_second` more each second."""

    def __init__(self, lab, held: int, uploads: int, new_a_second: float):
        self._lab = lab
        self._held = held
        self._uploads = uploads
        self._new_a_second = new_a_second
        self._status = lab.directory / "held.json"
        self._changes: list[tuple[float, float]] = []  # of the director
        self._excused: list[float] = []  # told late at a change, by when they were opened

    def start(self) -> None:
        self._status.unlink(missing_ok=True)
        self._lab.start(topology.CLIENT.name, "held", sys.executable, str(HERE / "held_connections.py"), topology.VIP, str(PORT),
                        str(self._held), str(self._uploads), str(self._new_a_second), str(self._status))
        try:
            wait_for("all connections", lambda: self._status.exists() and self._are_all_there())
        except TimeoutError:
            pytest.fail(f"not all connections began: {self._status.read_text() if self._status.exists() else 'no status'}")
        self._wait_for_answers()

    def status(self) -> dict:
        return json.loads(self._status.read_text())

    def _are_all_there(self) -> bool:
        status = self.status()
        return (status["held"], status["uploads"]) == (self._held, self._uploads)

    def _wait_for_answers(self, directors=()) -> None:
        """Until each connection has had an answer from now on, and the server has more of each upload."""
        now, taken = time.time(), self.status()["taken"]

        def unanswered() -> list[dict]:
            status = self.status()
            return ([each for each in status["most_silent"] if each["last_echo"] <= now]
                    + [{"kind": "upload", "port": int(port), "taken": after} for port, after in status["taken"].items() if after <= taken[port]])

        try:
            # TCP's own patience: an outage of 3.6 s may make its next attempt come 6.4 s after the last.
            wait_for("an answer on every connection", lambda: not unanswered(), seconds=60)
        except TimeoutError:
            silent = unanswered()
            lines = [f"without an answer since {now}, now {time.time()}", *map(str, silent)]
            pytest.fail("\n".join(lines + self._accounts(silent, directors)))

    def go_on(self, since: float, until: float | None = None, directors=(), witness: Witness | None = None) -> None:
        """Wait until all are answered again, and require that none is lost but such as were young when the director was changed.

        That was at some moment from `since` to `until` (seconds since 1970; without, `since` alone). `witness`: of what the
        new director could know. If one is lost, what `directors` (Penstockd) have counted is told, too.
        """
        self._wait_for_answers(directors)
        until = until or since
        self._changes.append((since, until))
        lost = [each for each in self.status()["failures"] if not self._is_excused(each)]
        late = [each for each in lost if witness and witness.late(each)]
        assert lost == late and len(late) <= MOST_TOLD_LATE, self._describe(lost, since, until, directors, witness)
        self._excused += [each["opened"] for each in late]
        assert self._are_all_there()

    def _describe(self, lost: list[dict], since: float, until: float, directors, witness: Witness | None) -> str:
        lines = [f"times after {since}, until +{until - since:.4f}"]
        for each in lost:
            lines.append(f"{each['kind']} from port {each['port']}: began {each['began'] - since:+.4f} s, opened {each['opened'] - since:+.4f} s, "
                         f"lost {each['failed'] - since:+.4f} s: {each['why']}")
            if witness:
                at = witness.told(each)
                lines.append("never told" if at is None else f"told {at - since:+.4f} s; taken over {witness.taken_over - since:+.4f} s")
        return "\n".join(lines + self._accounts(lost, directors))

    def _accounts(self, connections: list[dict], directors) -> list[str]:
        """What these directors say of these connections."""
        lines = []
        for daemon in directors:
            lines += [f"---- {daemon.node.name}", daemon.penstock("show", "sync").stdout, daemon.penstock("show", "drops").stdout]
            ends = tuple(f":{each['port']}" for each in connections)
            lines += [" ".join(connection) for connection in daemon.connections() if connection[2].endswith(ends)]
        return lines

    def _is_excused(self, lost: dict) -> bool:
        """Told late, or young at a change: its handshake was under way, or over for less than YOUNG_SECONDS."""
        return lost["opened"] in self._excused or any(lost["began"] <= until + YOUNG_SECONDS and lost["opened"] >= since - YOUNG_SECONDS
                                                      for since, until in self._changes)

    def stop(self) -> None:
        """End them, whatever they are like."""
        self._lab.stop(topology.CLIENT.name, "held")

    def end(self) -> None:
        """Every byte of every upload has come to one server."""
        self.stop()
        status = self.status()
        assert status["counted_uploads"] == self._uploads, status["failures"]
        print(f"{status['held']} held, {status['new']} opened meanwhile, {len(status['failures'])} young ones lost, {status['unopened']} not opened")
