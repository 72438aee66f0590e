"""What a packet costs the kernel: its pktgen sends through a veth to a director, which drops it, forwards it or balances it by IPVS to a sink.

    generator -- director -- sink      three namespaces

All of it happens on processor 0, one packet after the other: what pktgen took for its packets is what they cost from their making to their
end at the sink. A case's own cost is what it took more than packets that end at the director's reception. The kernel leaves what it receives
to ksoftirqd whenever it thinks that there is too much of it; so this thread comes before pktgen's meanwhile (SCHED_FIFO), which else would
send on and on.
"""

import contextlib
import ipaddress
import pathlib
import re
import statistics
import subprocess

from lab.lab import Lab

# With their parameters. ipvsadm has the scheduler's loaded.
MODULES = (("veth",), ("pktgen",), ("ip_vs", "conn_tab_bits=20"))
VIP, ROUTED, PORT = "10.9.9.9", "10.8.8.8", 53
DIRECTOR_MAC, OTHER_MAC = "02:00:00:00:00:02", "02:00:00:00:00:99"
SERVERS = [f"10.2.0.{number}" for number in (11, 12, 13)]
FIRST_CLIENT = 10 << 24 | 16 << 16  # 10.16.0.0


class KernelPath:
    """The three namespaces, while it is entered. RuntimeError where the kernel lacks a module."""

    def __init__(self, lab: Lab):
        self._lab = lab
        self._next_client = FIRST_CLIENT

    def __enter__(self) -> "KernelPath":
        for module in MODULES:
            if subprocess.run(["modprobe", *module], capture_output=True).returncode != 0:
                raise RuntimeError(f"this kernel has no module {module[0]}")
        with contextlib.ExitStack() as undo:
            undo.callback(self._remove)
            self._build()
            undo.pop_all()
        return self

    def __exit__(self, *_) -> None:
        self._remove()

    def _build(self) -> None:
        for node in ("generator", "director", "sink"):
            self._ip("netns", "add", self._lab.namespace(node))
            self._run(node, "ip", "link", "set", "lo", "up")
            self._set(node, "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1", "net.ipv4.conf.all.rp_filter=0",
                      "net.ipv4.conf.default.rp_filter=0")
        self._veth("generator", "out", "02:00:00:00:00:01", "director", "in", DIRECTOR_MAC)
        self._veth("director", "out", "02:00:00:00:00:03", "sink", "in", "02:00:00:00:00:04")
        self._run("director", "ip", "addr", "add", "10.1.0.2/16", "dev", "in")
        self._run("director", "ip", "addr", "add", "10.2.0.2/24", "dev", "out")
        self._run("director", "ip", "addr", "add", f"{VIP}/32", "dev", "lo")
        self._set("director", "net.ipv4.ip_forward=1")
        for number, server in enumerate(SERVERS):
            self._run("director", "ip", "neigh", "add", server, "lladdr", f"02:00:00:00:01:{number:02}", "dev", "out", "nud", "permanent")
        self._run("director", "ip", "route", "add", ROUTED, "via", SERVERS[0])
        self._run("director", "ipvsadm", "-A", "-u", f"{VIP}:{PORT}", "-s", "rr")
        for server in SERVERS:
            self._run("director", "ipvsadm", "-a", "-u", f"{VIP}:{PORT}", "-r", server, "-g")
        self._set_policy_of_softirqs("--fifo", "1")
        self._pktgen("kpktgend_0", "rem_device_all", "add_device out")

    def _remove(self) -> None:
        self._set_policy_of_softirqs("--other", "0")
        for node in ("generator", "director", "sink"):
            subprocess.run(["ip", "netns", "del", self._lab.namespace(node)], check=False)

    def dropped(self, packets: int, rounds: int) -> float:
        """Nanoseconds of a packet that ends at the director's reception: it is for another machine."""
        return self._median(packets, rounds, OTHER_MAC, VIP, arrives=False)

    def forwarded(self, packets: int, rounds: int) -> float:
        """Of one that is forwarded by a route."""
        return self._median(packets, rounds, DIRECTOR_MAC, ROUTED)

    def balanced(self, packets: int, rounds: int, flows: int) -> float:
        """Of one of `flows` connections that IPVS has already."""
        self._send(flows, DIRECTOR_MAC, VIP, FIRST_CLIENT, flows)
        return self._median(packets, rounds, DIRECTOR_MAC, VIP, flows)

    def begun(self, packets: int, rounds: int) -> float:
        """Of one that begins a connection."""
        taken = []
        for _ in range(rounds):
            self._next_client += 1 << 20
            taken.append(self._send(packets, DIRECTOR_MAC, VIP, self._next_client, packets))
        return statistics.median(taken)

    def _median(self, packets: int, rounds: int, mac: str, destination: str, flows: int = 1, arrives: bool = True) -> float:
        return statistics.median(self._send(packets, mac, destination, FIRST_CLIENT, flows, arrives) for _ in range(rounds))

    def _send(self, packets: int, mac: str, destination: str, first_client: int, flows: int, arrives: bool = True) -> float:
        """From so many clients by turns. RuntimeError when not all arrived."""
        before = self._arrived()
        self._pktgen("out", f"count {packets}", "clone_skb 0", "pkt_size 60", "delay 0", f"dst_mac {mac}", f"dst {destination}",
                     f"src_min {ipaddress.IPv4Address(first_client)}", f"src_max {ipaddress.IPv4Address(first_client + flows - 1)}",
                     "udp_src_min 1024", "udp_src_max 1024", f"udp_dst_min {PORT}", f"udp_dst_max {PORT}")
        self._pktgen("pgctrl", "start")
        said = self._run("generator", "cat", "/proc/net/pktgen/out")
        result = re.search(r"Result: OK: (\d+)\(", said)
        arrived = self._arrived() - before
        if not result or arrived != (packets if arrives else 0):
            raise RuntimeError(f"{arrived} of {packets} packets to {destination} arrived\n{said}")
        return int(result[1]) * 1000 / packets

    def _arrived(self) -> int:
        return int(self._run("sink", "cat", "/sys/class/net/in/statistics/rx_packets"))

    def _pktgen(self, file: str, *orders: str) -> None:
        for order in orders:
            self._run("generator", "sh", "-c", f'echo "{order}" > /proc/net/pktgen/{file}')

    def _veth(self, node: str, name: str, mac: str, other: str, other_name: str, other_mac: str) -> None:
        self._ip("link", "add", name, "netns", self._lab.namespace(node), "address", mac, "type", "veth",
                 "peer", "name", other_name, "netns", self._lab.namespace(other), "address", other_mac)
        self._run(node, "ip", "link", "set", name, "up")
        self._run(other, "ip", "link", "set", other_name, "up")

    @staticmethod
    def _set_policy_of_softirqs(policy: str, priority: str) -> None:
        threads = [process for process in pathlib.Path("/proc").glob("[0-9]*/comm") if read_or_nothing(process) == "ksoftirqd/0"]
        if not threads:
            raise RuntimeError("no thread ksoftirqd/0 is seen here: this is not the machine's own process namespace")
        subprocess.run(["chrt", policy, "--pid", priority, threads[0].parent.name], check=True)

    def _ip(self, *arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True)

    def _set(self, node: str, *settings: str) -> None:
        self._run(node, "sysctl", "-qw", *settings)

    def _run(self, node: str, *arguments: str) -> str:
        return self._lab.run(node, *arguments, timeout=600).stdout


def read_or_nothing(file: pathlib.Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:  # a process that has ended meanwhile
        return ""
