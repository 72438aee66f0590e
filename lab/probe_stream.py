"""A steady stream of small UDP packets with numbers in them: what is lost of it, and when, tells how long an address was nowhere.

    python3 -m lab.probe_stream ADDRESS PORT PACKETS_A_SECOND      (until it is ended)
"""

import socket
import struct
import sys
import time

BURSTS_A_SECOND = 1000
NUMBER = struct.Struct("!Q")


def send(address: str, port: int, packets_a_second: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    stream = socket.socket(family, socket.SOCK_DGRAM)
    burst = packets_a_second // BURSTS_A_SECOND
    number, due = 0, time.monotonic()
    while True:
        for _ in range(burst):
            try:
                stream.sendto(NUMBER.pack(number), (address, port))
            except OSError:
                pass  # lost as others are: nobody answers ARP now, or an ICMP error came back
            number += 1
        due += 1 / BURSTS_A_SECOND
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    send(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
