"""Answers each connection by its first byte: "e": every further byte comes back; "u": all that comes is counted, and its end answered with the
number (8 bytes).

    python3 echo_server.py PORT      (until it is ended)
"""

import select
import socket
import struct
import sys


def serve(port: int) -> None:
    listener = socket.create_server(("", port), backlog=1024)
    listener.setblocking(False)
    epoll = select.epoll()
    epoll.register(listener, select.EPOLLIN)
    connections: dict[int, socket.socket] = {}
    # What is known of each: None before its first byte, -1 where it is echoed, else how many bytes have been uploaded.
    kinds: dict[int, int | None] = {}

    def end(fd: int) -> None:
        epoll.unregister(fd)
        connections.pop(fd).close()
        del kinds[fd]

    while True:
        for fd, _ in epoll.poll():
            if fd == listener.fileno():
                try:
                    while True:
                        connection, _ = listener.accept()
                        connection.setblocking(False)
                        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        connections[connection.fileno()], kinds[connection.fileno()] = connection, None
                        epoll.register(connection, select.EPOLLIN)
                except BlockingIOError:
                    continue
            try:
                data = connections[fd].recv(65536)
                if not data:
                    if (kinds[fd] or 0) >= 0:
                        connections[fd].sendall(struct.pack("!Q", kinds[fd] or 0))
                    end(fd)
                    continue
                if kinds[fd] is None:
                    kinds[fd], data = (-1 if data[:1] == b"e" else 0), data[1:]
                if kinds[fd] == -1:
                    connections[fd].sendall(data)
                else:
                    kinds[fd] += len(data)
            except OSError:
                end(fd)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
