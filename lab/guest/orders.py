"""Runs in a guest: orders of a program outside, by TCP, one after the other.

    orders.py ADDRESS PORT

An order is a line of JSON, the words of a command; the answer is a line too, [exit status, what it printed]. What a command starts in the
background must not keep its output open. The order ["end"] ends this, and with it the guest. For the lab's own network: it asks nobody
who they are.
"""

import json
import socket
import subprocess
import sys


def run(words: list[str]) -> tuple[int, str]:
    try:
        result = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, str(error)
    return result.returncode, result.stdout


def main(address: str, port: int) -> None:
    with socket.create_server((address, port)) as server:
        while True:
            connection, _ = server.accept()
            with connection, connection.makefile("rw") as stream:
                words = json.loads(stream.readline())
                if words == ["end"]:
                    return
                stream.write(json.dumps(run(words)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
