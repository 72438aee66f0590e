"""Long transfers through the virtual service whose pace the test sets: so they outlast whatever happens meanwhile, on any machine.

A transfer may move one more portion each time the test allows one. It ends early only when something broke.
"""

import hashlib
import random
import socket
import threading

from lab import topology
from lab.lab import Lab
from lab.sockets import socket_in

PIECE = 65536  # transfer_server.py draws its stream in such pieces
TIMEOUT_SECONDS = 60


class Transfer(threading.Thread):
    """`portions` portions of `portion_bytes`, a multiple of PIECE. After join, `error` is None and `digests` are two equal ones."""

    def __init__(self, lab: Lab, port: int, portions: int, portion_bytes: int):
        super().__init__(daemon=True)
        assert portion_bytes % PIECE == 0
        self.length = portions * portion_bytes
        self.error: Exception | None = None
        self.digests: tuple[str, ...] = ()
        self._portions = portions
        self._portion_bytes = portion_bytes
        self._allowed = threading.Semaphore(0)
        self._socket = socket_in(lab.namespace("client"), socket.AF_INET, socket.SOCK_STREAM)
        self._socket.settimeout(TIMEOUT_SECONDS)
        self._address = (topology.VIP, port)

    def allow_one_portion(self) -> None:
        self._allowed.release()

    def run(self) -> None:
        try:
            with self._socket:
                self._socket.connect(self._address)
                self.digests = self.transfer()
        except Exception as error:
            self.error = error

    def transfer(self) -> tuple[str, ...]:
        raise NotImplementedError

    def stream_digest(self) -> str:
        """The digest of what transfer_server.py draws for this length."""
        stream, digest = random.Random(self.length), hashlib.sha256()
        for _ in range(self.length // PIECE):
            digest.update(stream.randbytes(PIECE))
        return digest.hexdigest()


class Upload(Transfer):
    def transfer(self) -> tuple[str, ...]:
        self._socket.sendall(f"put {self.length}\n".encode())
        stream = random.Random(self.length)
        for _ in range(self._portions):
            self._allowed.acquire()
            for _ in range(self._portion_bytes // PIECE):
                self._socket.sendall(stream.randbytes(PIECE))
        return self._socket.makefile().readline().strip(), self.stream_digest()


class Download(Transfer):
    def transfer(self) -> tuple[str, ...]:
        self._socket.sendall(f"get {self.length}\n".encode())
        source, digest = self._socket.makefile("rb"), hashlib.sha256()
        for _ in range(self._portions):
            self._allowed.acquire()
            data = source.read(self._portion_bytes)
            if len(data) != self._portion_bytes:
                raise EOFError(f"the stream ended after {len(data)} of a portion's {self._portion_bytes} bytes")
            digest.update(data)
        return digest.hexdigest(), self.stream_digest()
