"""Scripted real servers: what each one does can be changed while they run, and each connection that comes is told with its time.

One process serves many endpoints in one namespace:

    python3 servers.py      orders on stdin, reports on stdout, one JSON value a line; ends with its stdin

    order    [ADDRESS, PORT, BEHAVIOUR]
    report   {"time": T, "probe": "ADDRESS:PORT"}      a connection was accepted
             {"time": T, "done": "ADDRESS:PORT"}       the order is carried out

Times are time.monotonic(), which all processes of a machine share. Behaviours:

    refuse        nobody listens: a RST
    silent        a listener that the kernel keeps every packet from: no answer at all, and no probe is seen
    stall         accepts, reads, never answers
    page TEXT     answers every request with 200 and this page
    missing       answers every request with 404
    say TEXT      sends a line at once and closes
"""

import asyncio
import ctypes
import json
import pathlib
import queue
import socket
import struct
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
# One instruction of classic BPF, "ret 0": no packet passes, so a SYN is not even answered.
PASS_NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)
LONGEST_STALL_SECONDS = 60


def report(**fields) -> None:
    sys.stdout.write(json.dumps({"time": time.monotonic(), **fields}) + "\n")
    sys.stdout.flush()


class Endpoint:
    """An address and port, and what happens there now. Connections that are open keep the behaviour that they met."""

    def __init__(self, address: str, port: int):
        self.address = address
        self.port = port
        self._behaviour = "refuse"
        self._server: asyncio.Server | None = None

    async def become(self, behaviour: str) -> None:
        self._behaviour = behaviour
        if behaviour == "refuse":
            if self._server:
                self._server.close()
                self._server = None
            return
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, self.address, self.port)
        listener = self._server.sockets[0]
        if behaviour == "silent":
            deafen(listener)
        else:
            # A listener without a filter refuses to have it taken off.
            try:
                listener.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
            except FileNotFoundError:
                pass

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        report(probe=f"{self.address}:{self.port}")
        kind, _, text = self._behaviour.partition(" ")
        try:
            if kind == "say":
                writer.write(f"{text}\n".encode())
            elif await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), LONGEST_STALL_SECONDS) and kind != "stall":
                status, page = ("404 Not Found", "nothing here") if kind == "missing" else ("200 OK", text)
                writer.write(f"HTTP/1.0 {status}\r\nContent-Length: {len(page)}\r\n\r\n{page}".encode())
            else:
                await asyncio.wait_for(reader.read(), LONGEST_STALL_SECONDS)
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.TimeoutError, ConnectionError):
            pass  # a check that only connects, or one that gave up
        finally:
            writer.close()


def deafen(listener) -> None:
    """The kernel drops every packet for this listener from now on."""
    program = ctypes.create_string_buffer(PASS_NOTHING, len(PASS_NOTHING))
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program)))


async def main() -> None:
    endpoints: dict[tuple[str, int], Endpoint] = {}
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        address, port, behaviour = json.loads(line)
        await endpoints.setdefault((address, port), Endpoint(address, port)).become(behaviour)
        report(done=f"{address}:{port}")


class ScriptedServers:
    """The test's side: starts the process with `prefix` before its command line (which namespace), gives orders, and keeps the reports."""

    def __init__(self, prefix: list[str]):
        self._process = subprocess.Popen([*prefix, sys.executable, str(HERE / "servers.py")], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self._done: queue.Queue[dict] = queue.Queue()
        # Probes by endpoint, in order. Written by the reading thread alone.
        self._probes: dict[str, list[float]] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            told = json.loads(line)
            if "done" in told:
                self._done.put(told)
            else:
                self._probes.setdefault(told["probe"], []).append(told["time"])

    def order(self, address: str, port: int, behaviour: str) -> float:
        """Carry out a change and return the time at which it was done. queue.Empty when the process doesn't answer."""
        self._process.stdin.write(json.dumps([address, port, behaviour]) + "\n")
        self._process.stdin.flush()
        return self._done.get(timeout=10)["time"]

    def first_probe(self, port: int) -> float | None:
        """When the first connection came to any endpoint with this port."""
        times = [times[0] for endpoint, times in list(self._probes.items()) if endpoint.endswith(f":{port}")]
        return min(times, default=None)

    def probes(self, port: int) -> list[tuple[float, str]]:
        """(time, endpoint) of all connections to this port, by time."""
        return sorted((time, endpoint) for endpoint, times in list(self._probes.items()) if endpoint.endswith(f":{port}") for time in times)

    def stop(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join(10)


if __name__ == "__main__":
    asyncio.run(main())
