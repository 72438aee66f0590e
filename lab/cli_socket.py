"""The daemon's command line socket (control/cli/protocol.h), asked without the program: where many questions are asked, and in a guest, where
to start a program takes longer than everything else."""

import json
import os
import socket
import struct
import subprocess

TIMEOUT_SECONDS = 60
FRAME_HEADER = struct.Struct("!cI")


def ask(path: str | os.PathLike, *arguments: str) -> subprocess.CompletedProcess:
    """What `penstock ARGUMENTS` would print and end with. OSError when nobody listens, or the answer breaks off."""
    said = {b"o": bytearray(), b"e": bytearray()}
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(TIMEOUT_SECONDS)
        peer.connect(os.fspath(path))
        peer.sendall(json.dumps({"args": arguments}).encode() + b"\n")
        with peer.makefile("rb") as answer:
            while True:
                kind, length = FRAME_HEADER.unpack(_exactly(answer, FRAME_HEADER.size))
                payload = _exactly(answer, length)
                if kind == b"x":
                    return subprocess.CompletedProcess(arguments, payload[0], said[b"o"].decode(), said[b"e"].decode())
                said[kind] += payload


def _exactly(answer, size: int) -> bytes:
    read = answer.read(size)
    if len(read) < size:
        raise ConnectionError("the daemon's answer broke off")
    return read
