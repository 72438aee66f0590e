"""Many TCP connections that are held and used: what a takeover costs them.

    python3 held_connections.py ADDRESS PORT HELD UPLOADS NEW_A_SECOND STATUS_FILE

HELD connections send a byte each 0.1 s and wait for its echo (echo_server.py), UPLOADS ones send on and on, and NEW_A_SECOND more are opened
and then held with a byte a second. STATUS_FILE tells how they are, as JSON, several times a second. At SIGTERM the uploads end and are counted.
"""

import fcntl
import heapq
import json
import os
import pathlib
import select
import signal
import socket
import struct
import sys
import termios
import time

TICK_SECONDS = 0.005
UPLOAD_PIECE = bytes(1400)
# Every so many ticks each upload sends a piece: 140 kB/s.
UPLOAD_TICKS = 2
STATUS_SECONDS = 0.2
LAST_SECONDS = 30


def unacknowledged(connection: socket.socket) -> int:
    """Bytes that the other side has not yet said to have."""
    return struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]


class Connection:
    def __init__(self, address: tuple[str, int], kind: str, interval: float):
        self.kind = kind
        self.interval = interval
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(address)
        self.port = self.socket.getsockname()[1]
        # Seconds since 1970: of the SYN, and once it is established.
        self.began = time.time()
        self.opened: float | None = None
        self.sent = 0
        self.received = 0
        self.last_echo = 0.0
        self.next_send = 0.0
        self.end = b""


def most_silent(connections: list[Connection]) -> list[Connection]:
    """Some of those whose last echo is longest ago, the first of them first."""
    return heapq.nsmallest(10, connections, key=lambda each: each.last_echo)


def account(connection: Connection) -> dict:
    return {"kind": connection.kind, "port": connection.port, "opened": connection.opened, "last_echo": connection.last_echo,
            "sent": connection.sent, "unacknowledged": unacknowledged(connection.socket), "received": connection.received}


class Connections:
    def __init__(self, address: tuple[str, int], held: int, uploads: int, new_a_second: float, status: pathlib.Path):
        self._address = address
        self._new_every = 1 / new_a_second if new_a_second else None
        self._status = status
        self._epoll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._failures: list[dict] = []
        self._unopened = 0
        self._counted = 0
        self._ending = False
        now = time.time()
        for number in range(held):
            self._open("held", 0.1, now + 0.1 * number / held)
        for _ in range(uploads):
            self._open("upload", TICK_SECONDS * UPLOAD_TICKS, now)
        self._next_new = now + 1

    def _open(self, kind: str, interval: float, first: float) -> None:
        connection = Connection(self._address, kind, interval)
        connection.next_send = first
        self._connections[connection.socket.fileno()] = connection
        self._epoll.register(connection.socket, select.EPOLLOUT)

    def _drop(self, connection: Connection) -> None:
        del self._connections[connection.socket.fileno()]
        self._epoll.unregister(connection.socket)
        connection.socket.close()

    def _fail(self, connection: Connection, why: str) -> None:
        if connection.opened is None:
            self._unopened += 1
        else:
            self._failures.append({"kind": connection.kind, "port": connection.port, "began": connection.began, "opened": connection.opened,
                                   "failed": time.time(), "why": why})
        self._drop(connection)

    def _established(self, connection: Connection) -> None:
        error = connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._fail(connection, os.strerror(error))
            return
        connection.opened = connection.last_echo = time.time()
        self._epoll.modify(connection.socket, select.EPOLLIN)
        connection.socket.send(b"u" if connection.kind == "upload" else b"e")

    def _receive(self, connection: Connection) -> None:
        try:
            data = connection.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(connection, str(error))
            return
        if connection.kind == "upload":
            connection.end += data
            if data:
                return
            counted = struct.unpack("!Q", connection.end)[0] if len(connection.end) == 8 else None
            if self._ending and counted == connection.sent:
                self._counted += 1
                self._drop(connection)
            else:
                self._fail(connection, f"{connection.sent} bytes sent, the server counted {counted}")
            return
        if not data:
            self._fail(connection, "ended by the server")
            return
        for byte in data:
            if byte != connection.received % 256:
                self._fail(connection, f"byte {connection.received} of the echo is another")
                return
            connection.received += 1
        connection.last_echo = time.time()

    def _send(self, connection: Connection, now: float) -> None:
        try:
            if connection.kind == "upload":
                connection.sent += connection.socket.send(UPLOAD_PIECE)
            else:
                connection.sent += connection.socket.send(bytes([connection.sent % 256]))
        except BlockingIOError:
            pass
        except OSError as error:
            self._fail(connection, str(error))
            return
        connection.next_send = max(connection.next_send + connection.interval, now)

    def _turn(self) -> None:
        for fd, events in self._epoll.poll(TICK_SECONDS):
            connection = self._connections.get(fd)
            if connection is None:
                continue
            if connection.opened is None:
                self._established(connection)
            elif events:
                self._receive(connection)

    def _send_due(self, now: float) -> None:
        for connection in list(self._connections.values()):
            if connection.opened is not None and connection.next_send <= now:
                self._send(connection, now)
        if self._new_every and self._next_new <= now:
            self._next_new += self._new_every
            self._open("new", 1.0, now)

    def _write_status(self) -> None:
        opened = [each for each in self._connections.values() if each.opened is not None]
        held = [each for each in opened if each.kind != "upload"]
        text = json.dumps({"held": sum(each.kind == "held" for each in held), "new": sum(each.kind == "new" for each in held),
                           "uploads": len(opened) - len(held), "most_silent": [account(each) for each in most_silent(held)],
                           "taken": {each.port: each.sent - unacknowledged(each.socket) for each in opened if each.kind == "upload"},
                           "unopened": self._unopened, "counted_uploads": self._counted, "failures": self._failures})
        draft = self._status.with_suffix(".draft")
        draft.write_text(text)
        draft.rename(self._status)

    def run(self) -> None:
        next_status, next_sending = 0.0, 0.0
        while not self._ending:
            self._turn()
            now = time.time()
            if now >= next_sending:
                next_sending = now + TICK_SECONDS
                self._send_due(now)
            if now >= next_status:
                next_status = now + STATUS_SECONDS
                self._write_status()
        for connection in list(self._connections.values()):
            if connection.kind == "upload" and connection.opened is not None:
                connection.socket.shutdown(socket.SHUT_WR)
        until = time.time() + LAST_SECONDS
        while any(each.kind == "upload" for each in self._connections.values()) and time.time() < until:
            self._turn()
        self._write_status()

    def end(self, *_) -> None:
        self._ending = True


if __name__ == "__main__":
    connections = Connections((sys.argv[1], int(sys.argv[2])), int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), pathlib.Path(sys.argv[6]))
    signal.signal(signal.SIGTERM, connections.end)
    connections.run()
