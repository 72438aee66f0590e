"""Sockets of this program that live in a node's namespace: a test can be client and observer without starting programs there."""

import ctypes
import os
import socket

_libc = ctypes.CDLL(None, use_errno=True)


def socket_in(namespace: str, *arguments: int) -> socket.socket:
    """socket.socket(*arguments) in another network namespace. Only this thread leaves its own, and only for that call."""
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{namespace}") as there:
        if _libc.setns(there.fileno(), 0) != 0:
            error = ctypes.get_errno()
            raise OSError(error, f"setns to {namespace}: {os.strerror(error)}")
        try:
            return socket.socket(*arguments)
        finally:
            if _libc.setns(home.fileno(), 0) != 0:
                os.abort()  # a thread that has lost its namespace must not go on
