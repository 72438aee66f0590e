"""penstockd on a NIC that it drives itself, in the guest of virtio.sh: requests rotate over the real servers, and every packet is counted.

    python3 -m lab.guest.virtio_forward DIRECTOR_PCI_ADDRESS KERNEL_DRIVER UPLINK_PCI_ADDRESS

The lab's namespaces and bridge are those of the demo, but a second NIC, the uplink, hangs on the bridge in the place of the director's
veth, and its wire (in QEMU) leads to the NIC that penstockd gets. The exit status is 0 when every number was right.
"""

import collections
import json
import pathlib
import select
import socket
import struct
import subprocess
import sys

from lab import topology
from lab.lab import Lab
from lab.penstockd import Penstockd
from lab.sockets import socket_in
from lab.waiting import wait_for

UDP_PORT = 9000
SERVERS = topology.REAL_SERVERS
FLOWS = 100 * len(SERVERS)
PACKETS_OF_A_FLOW = 10
WINDOW = 64  # packets under way at most, while none may be lost
FLOOD = 2000  # packets without a window
# Ethernet's smallest frame and its largest, and one between.
PAYLOAD_BYTES = (18, 512, 1472)
BUFFER_BYTES = 8 << 20
# Linux's numbers, which Python has no names for.
SO_RCVBUFFORCE, IP_RECVTTL = 33, 12
HUGE_PAGES = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB")
UDP_SERVICE = f"""
virtual_server {topology.VIP} {UDP_PORT} {{
    lb_algo rr
    lb_kind DR
    protocol UDP
""" + "".join(f"    real_server {server.address} {UDP_PORT} {{\n    }}\n" for server in SERVERS) + "}\n"


class Report:
    """One line for each check, and whether all of them were right."""

    def __init__(self):
        self.failures = 0

    def check(self, what: str, actual, expected) -> None:
        right = actual == expected
        self.failures += not right
        self.line(f"{'ok  ' if right else 'FAIL'} {what}: {actual}" + ("" if right else f" instead of {expected}"))

    def line(self, text: str) -> None:
        print(text, flush=True)


# The machine


def bind_pci(address: str, driver: str) -> None:
    """Take a PCI device from the kernel's own driver and give it to one that lets programs drive it."""
    device = pathlib.Path("/sys/bus/pci/devices") / address
    subprocess.run(["modprobe", driver], check=True)
    if (device / "driver").exists():
        (device / "driver" / "unbind").write_text(address)
    (device / "driver_override").write_text(driver)
    pathlib.Path("/sys/bus/pci/drivers_probe").write_text(address)
    bound = (device / "driver").resolve().name
    if bound != driver:
        raise RuntimeError(f"{address} is bound to {bound} instead of {driver}")


def plug_in_uplink(lab: Lab, address: str) -> None:
    """The NIC at that PCI address becomes a port of the lab's bridge."""
    interface = next(pathlib.Path("/sys/bus/pci/devices", address).glob("**/net/*")).name
    subprocess.run(["ip", "link", "set", interface, "netns", lab.namespace("bridge"), "name", "uplink"], check=True)
    # The director's NIC takes the place of its veth.
    lab.run("bridge", "ip", "link", "set", topology.DIRECTOR.name, "nomaster", "down")
    lab.run("bridge", "ip", "link", "set", "uplink", "master", "br0", "up")


def free_huge_pages() -> int:
    return int((HUGE_PAGES / "free_hugepages").read_text())


# Traffic


def payload_of(number: int) -> bytes:
    size = PAYLOAD_BYTES[number // FLOWS % len(PAYLOAD_BYTES)]
    return struct.pack("!I", number) + bytes((number + at) & 0xFF for at in range(size - 4))


class Sender:
    """Numbered datagrams to the VIP from a raw socket at the client, so that one socket is as many flows as it likes."""

    def __init__(self, lab: Lab):
        self._socket = socket_in(lab.namespace("client"), socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        self._socket.connect((topology.VIP, 0))

    def send(self, number: int, source_port: int) -> None:
        payload = payload_of(number)
        # Checksum 0 means none (RFC 768); the receiver compares the payload instead.
        self._socket.send(struct.pack("!HHHH", source_port, UDP_PORT, 8 + len(payload), 0) + payload)


class Receivers:
    """A socket on each real server that counts what arrives, and compares it with what was sent."""

    def __init__(self, lab: Lab):
        self.per_server: collections.Counter[str] = collections.Counter()
        self.flows_of_server: collections.defaultdict[str, set[int]] = collections.defaultdict(set)
        self.ttls: set[int] = set()
        self.seen: set[int] = set()
        self.repeated = 0
        self.damaged = 0
        self._names: dict[socket.socket, str] = {}
        for server in SERVERS:
            receiver = socket_in(lab.namespace(server.name), socket.AF_INET, socket.SOCK_DGRAM, 0)
            receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
            receiver.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
            receiver.bind((topology.VIP, UDP_PORT))
            receiver.setblocking(False)
            self._names[receiver] = server.address

    @property
    def total(self) -> int:
        return sum(self.per_server.values())

    def drain(self, patience_seconds: float = 0) -> None:
        """Take what is there; wait that long for the first of it."""
        for receiver in select.select(list(self._names), [], [], patience_seconds)[0]:
            while self._take_one(receiver):
                pass

    def _take_one(self, receiver: socket.socket) -> bool:
        try:
            data, ancillary, _, (_, source_port) = receiver.recvmsg(2048, 64)
        except BlockingIOError:
            return False
        server = self._names[receiver]
        self.per_server[server] += 1
        self.flows_of_server[server].add(source_port)
        self.ttls.update(struct.unpack("=i", value)[0] for _, _, value in ancillary)
        number = struct.unpack("!I", data[:4])[0]
        self.repeated += number in self.seen
        self.seen.add(number)
        self.damaged += data != payload_of(number)
        return True

    def wait_for_total(self, total: int) -> bool:
        """Whether as many have arrived in all; gives up when nothing more comes."""
        while self.total < total:
            before = self.total
            self.drain(patience_seconds=10)
            if self.total == before:
                return False
        return True


# The checks


class Play:
    def __init__(self, report: Report, lab: Lab, daemon: Penstockd, pci_address: str):
        self.report = report
        self.lab = lab
        self.daemon = daemon
        self.pci_address = pci_address

    def run(self) -> None:
        free = free_huge_pages()
        self.daemon.start(self.lab.configuration.read_text() + UDP_SERVICE)
        self.report.line(self.daemon.log_text())
        self.report.check("huge pages are used", free_huge_pages() < free, True)
        port = self.show("ports")[0]
        self.report.check("the port", (port["device"], port["mac"], port["link_up"], port["mtu"]),
                          (self.pci_address, topology.DIRECTOR.mac, True, 1500))
        self.check_requests(9)
        self.check_ping()
        self.check_counted_packets()
        self.check_flood()
        for command in (("ipvsadm", "-Ln"), ("ipvsadm", "-Ln", "--stats"), ("show", "ports"), ("show", "workers"), ("show", "drops")):
            self.report.line(f"\n$ penstock {' '.join(command)}\n{self.daemon.penstock(*command).stdout}")
        self.stop(free)
        # Drivers leave a device in the state of their last run, and the next start must cope with it.
        self.daemon.start(self.lab.configuration.read_text())
        self.check_requests(len(SERVERS), " after another start")
        self.stop(free)

    def stop(self, free: int) -> None:
        self.report.check("exit status of penstockd at SIGTERM", self.daemon.stop(), 0)
        self.report.check("free huge pages at the end", free_huge_pages(), free)

    def check_requests(self, count: int, when: str = "") -> None:
        pages = [self.lab.run("client", "curl", "-sS", "--fail", "--max-time", "20", f"http://{topology.VIP}/", check=False).stdout.strip()
                 for _ in range(count)]
        self.report.check(f"{count} requests to http://{topology.VIP}/{when}", dict(sorted(collections.Counter(pages).items())),
                          {server.address: count // len(SERVERS) for server in SERVERS})

    def check_ping(self) -> None:
        """Through the NIC, the TAP, the kernel and back: the slow path in both directions."""
        answer = self.lab.run("client", "ping", "-c", "3", "-i", "0.2", "-W", "10", topology.DIRECTOR.address, check=False).stdout
        self.report.check("pings of the director's own address", "3 received" in answer, True)

    def show(self, subject: str) -> list[dict]:
        return json.loads(self.daemon.penstock("show", subject, "--json").stdout)

    def dropped(self) -> dict[str, int]:
        return {drop["reason"]: drop["packets"] for drop in self.show("drops") if drop["packets"]}

    def service_packets(self) -> int:
        return next(service["counters"]["in_packets"] for service in self.show("services") if service["port"] == UDP_PORT)

    def check_counted_packets(self) -> None:
        """So few under way that nothing has a reason to be lost: then all of them must arrive."""
        sender, receivers = Sender(self.lab), Receivers(self.lab)
        dropped = self.dropped()
        count = FLOWS * PACKETS_OF_A_FLOW
        for number in range(count):
            sender.send(number, 10000 + number % FLOWS)
            if number >= WINDOW and not receivers.wait_for_total(number - WINDOW):
                break
        receivers.wait_for_total(count)
        each = count // len(SERVERS)
        self.report.check(f"{count} packets of {FLOWS} flows: arrived", dict(sorted(receivers.per_server.items())),
                          {server.address: each for server in SERVERS})
        # As many pairs of flow and server as flows: none was moved.
        self.report.check("flows at each server", {server: len(flows) for server, flows in sorted(receivers.flows_of_server.items())},
                          {server.address: FLOWS // len(SERVERS) for server in SERVERS})
        self.report.check("missing, repeated, damaged", (count - len(receivers.seen), receivers.repeated, receivers.damaged), (0, 0, 0))
        self.report.check("TTLs at the servers", receivers.ttls, {63})
        self.report.check("packets that penstock counted", self.service_packets(), count)
        self.report.check("packets that penstock dropped", self.dropped(), dropped)

    def check_flood(self) -> None:
        """As fast as the client can: each packet has arrived or has been counted where it was lost."""
        sender, receivers = Sender(self.lab), Receivers(self.lab)
        before, dropped_before = self.service_packets(), sum(self.dropped().values())
        for number in range(FLOOD):
            sender.send(number, 20000 + number % FLOWS)
        # Which of them are lost is not known beforehand: the counters tell when penstockd has seen the last one.
        wait_for("penstockd to see the flood", lambda: self.service_packets() - before == FLOOD, seconds=60)
        lost = sum(self.dropped().values()) - dropped_before
        receivers.wait_for_total(FLOOD - lost)
        self.report.check(f"{FLOOD} packets at once: arrived and dropped by name ({lost})", receivers.total + lost, FLOOD)
        self.report.check("repeated, damaged", (receivers.repeated, receivers.damaged), (0, 0))


def main(pci_address: str, driver: str, uplink_address: str) -> int:
    subprocess.run(["modprobe", "-a", "virtio_net", "tun"], check=True)
    (HUGE_PAGES / "nr_hugepages").write_text("256")
    report, lab = Report(), Lab("nic")
    daemon = Penstockd(lab, device=pci_address)
    try:
        lab.up()
        plug_in_uplink(lab, uplink_address)
        bind_pci(pci_address, driver)
        Play(report, lab, daemon, pci_address).run()
    except (RuntimeError, TimeoutError) as error:
        report.check("the play", f"{error}\n{daemon.log_text()}", "no error")
    finally:
        lab.down()
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
