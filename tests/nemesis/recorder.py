"""Writes the history: requests of a client that asks on and on, connections that are held, the wire, the directors' logs."""

import concurrent.futures
import itertools
import re
import socket
import threading
import time
from collections.abc import Iterable

import held
from history import History, LogLine, Loss, Oddity, Request
from lab import topology
from lab.lab import Lab
from lab.penstockd import Penstockd
from lab.sockets import socket_in
from lab.vrrp_wire import Advert, Announcement, Note, Told, VrrpWire
from lab.waiting import wait_for

REQUEST_EVERY_SECONDS = 0.1
REQUEST_TIMEOUT_SECONDS = 5
# Each request has a port of its own for half an hour: a SYN from a port whose last connection is remembered goes to that one's server,
# as with IPVS, whatever has become of it. Below the ports that the kernel gives.
PORTS = range(10000, 32768)
ADDRESSES = tuple(server.address for server in topology.REAL_SERVERS)
HELD, UPLOADS, NEW_A_SECOND = 60, 4, 5
# TCP's own patience after an outage of a quarter of a minute.
ANSWER_SECONDS = 60
DATED = re.compile(r"(?m)^(\w+ \w+ +\d+ [\d:]+ \d+): (.*)$")


class Requests:
    """A request for the VIP's page each REQUEST_EVERY_SECONDS, whatever became of the last one. A context manager."""

    def __init__(self, lab: Lab, requests: list[Request]):
        self._lab = lab
        self._requests = requests
        self._ports = itertools.cycle(PORTS)
        self._end = threading.Event()
        self._clock = threading.Thread(target=self._run)

    def __enter__(self) -> "Requests":
        self._clock.start()
        return self

    def __exit__(self, *_) -> None:
        self._end.set()
        self._clock.join()

    def _run(self) -> None:
        at_once = int(2 * REQUEST_TIMEOUT_SECONDS / REQUEST_EVERY_SECONDS)
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            while not self._end.wait(REQUEST_EVERY_SECONDS):
                pool.submit(self._ask)

    def _ask(self) -> None:
        began = time.time()
        try:
            page = self._page()
            answer = (page, "") if page in ADDRESSES else ("", f"the answer was {page!r}")
        except OSError as error:
            answer = ("", str(error))
        self._requests.append(Request(began, time.time(), *answer))

    def _page(self) -> str:
        with socket_in(self._lab.namespace("client"), socket.AF_INET, socket.SOCK_STREAM) as client:
            client.settimeout(REQUEST_TIMEOUT_SECONDS)
            client.bind((topology.CLIENT.address, next(self._ports)))
            client.connect((topology.VIP, 80))
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            with client.makefile("rb") as answer:
                return answer.read().rpartition(b"\r\n\r\n")[2].decode().strip()


class HeldConnections(held.Held):
    """The connections of held.py, whose losses are for the checker to judge."""

    def __init__(self, lab: Lab):
        super().__init__(lab, HELD, UPLOADS, NEW_A_SECOND)

    def finish(self, history: History) -> None:
        """End them, and write down what was lost, what stays silent, and uploads that neither were lost nor came whole."""
        since = time.time()

        def silent() -> list[dict]:
            return [each for each in self.status()["most_silent"] if each["last_echo"] <= since]

        try:
            wait_for("an answer on every connection", lambda: not silent(), seconds=ANSWER_SECONDS)
        except TimeoutError:
            history.oddities.append(Oddity(since, "connections go on", f"no answer for {ANSWER_SECONDS} s: {silent()}"))
        self.stop()
        status = self.status()
        history.losses = [Loss(**each) for each in status["failures"]]
        lost_uploads = sum(loss.kind == "upload" for loss in history.losses)
        if status["counted_uploads"] + lost_uploads != UPLOADS:
            history.oddities.append(Oddity(time.time(), "uploads come whole",
                                           f"{status['counted_uploads']} counted, {lost_uploads} lost, of {UPLOADS}"))


def take_wire(history: History, wire: VrrpWire, vrid: int) -> None:
    for event in wire.events():
        match event:
            case Advert() if event.vrid == vrid:
                history.adverts.append(event)
            case Announcement():
                history.announcements.append(event)
            case Note():
                history.notes.append(event)
            case Told():
                history.told.append(event)


def take_logs(history: History, daemons: Iterable[Penstockd]) -> None:
    for daemon in daemons:
        history.log += [LogLine(time.mktime(time.strptime(date)), daemon.node.name, text) for date, text in DATED.findall(daemon.log_text())]
