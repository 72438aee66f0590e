"""Many frames by one system call: sendmmsg(2) and recvmmsg(2), which Python's socket module lacks.

In User Mode Linux a system call costs as much as hundreds elsewhere, and the questions to mh are hundreds of thousands of packets.
"""

import ctypes
import os
import socket

LIBC = ctypes.CDLL(None, use_errno=True)
MSG_WAITFORONE = 0x10000


class IoVector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class MessageHeader(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32), ("vectors", ctypes.POINTER(IoVector)), ("vector_count", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t), ("flags", ctypes.c_int)]


class Message(ctypes.Structure):
    _fields_ = [("header", MessageHeader), ("length", ctypes.c_uint)]


class PacketBatch:
    """Room for `size` frames of at most `room` bytes."""

    def __init__(self, size: int, room: int):
        self._size, self._room = size, room
        self._bytes = (ctypes.c_char * (size * room))()
        self._vectors = (IoVector * size)()
        self._messages = (Message * size)()
        for number in range(size):
            self._vectors[number].base = ctypes.addressof(self._bytes) + number * room
            self._messages[number].header.vectors = ctypes.pointer(self._vectors[number])
            self._messages[number].header.vector_count = 1

    def send(self, raw: socket.socket, frames: list[bytes]) -> None:
        """All of them, in order; as many as there is room for at most."""
        memory = memoryview(self._bytes).cast("B")
        for number, frame in enumerate(frames):
            memory[number * self._room:number * self._room + len(frame)] = frame
            self._vectors[number].length = len(frame)
        sent = 0
        while sent < len(frames):
            sent += self._checked(LIBC.sendmmsg(raw.fileno(), ctypes.byref(self._messages, sent * ctypes.sizeof(Message)), len(frames) - sent, 0))

    def receive(self, raw: socket.socket) -> list[bytes]:
        """What is there, cut to the room; waits for the first."""
        for vector in self._vectors:
            vector.length = self._room
        count = self._checked(LIBC.recvmmsg(raw.fileno(), self._messages, self._size, MSG_WAITFORONE, None))
        memory = bytes(self._bytes)
        return [memory[number * self._room:number * self._room + self._messages[number].length] for number in range(count)]

    @staticmethod
    def _checked(result: int) -> int:
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result
