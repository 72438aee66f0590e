"""Builds the lab's namespaces, prepares the real servers as the how-to says, and takes everything down again.

Several labs live side by side: their names begin with the lab's id (environment variable LAB_ID, else "ps"). `up` may be repeated: each
step brings about a state and does nothing where it is there. What belongs to a lab lies in /run/penstock-lab/ID.

Every node is a namespace with one veth; the other ends hang on a bridge, which has a namespace of its own so that the host sees nothing.
A veth leaves checksums and segmentation to a "NIC" that does not exist, and packets that a packet socket forwards would arrive with wrong
checksums: so both ends do them in software. Multicast snooping is off: nobody on this bridge would ask who listens. The bridge forgets nobody
for a day: after five minutes it would flood what is sent to a node that has only listened, and other nodes would see it.
"""

import os
import pathlib
import shutil
import subprocess

from lab import keepalived_conf, topology
from lab.processes import ProcessList
from lab.topology import Node
from lab.waiting import wait_for

PYTHON = "/usr/bin/python3"
A_DAY = 24 * 3600 * 100  # in the bridge's hundredths of a second
OFFLOADS = ("tx", "off", "tso", "off", "gso", "off", "gro", "off")


class Lab:
    """One lab. `queues` is the number of receive queues of a director's interface, for af_xdp with several workers."""

    def __init__(self, lab_id: str | None = None, queues: int = 1):
        self.id = lab_id or os.environ.get("LAB_ID", "ps")
        self.queues = queues
        self.directory = pathlib.Path("/run/penstock-lab") / self.id
        self.configuration = self.directory / "keepalived.conf"
        self.processes = ProcessList(self.directory / "pids")

    # Names and commands

    def namespace(self, name: str) -> str:
        return f"{self.id}-{name}"

    def command(self, node: str, *arguments: str) -> list[str]:
        """The command line that runs `arguments` in that node. Its process is the command itself, not a wrapper."""
        return ["ip", "netns", "exec", self.namespace(node), *arguments]

    def run(self, node: str, *arguments: str, check: bool = True, timeout: float = 60) -> subprocess.CompletedProcess:
        """Run a command in a node and return its output as text. CalledProcessError when it fails and `check` is set."""
        result = subprocess.run(self.command(node, *arguments), capture_output=True, text=True, timeout=timeout)
        if check and result.returncode != 0:
            raise RuntimeError(f"{' '.join(result.args)}: exit {result.returncode}\n{result.stdout}{result.stderr}")
        return result

    def start(self, node: str, name: str, *arguments: str) -> pathlib.Path:
        """Start a background process in a node; `down` ends it. Returns the path of its log."""
        log = self.directory / f"{node}-{name}.log"
        self.processes.start(f"{node}-{name}", self.command(node, *arguments), log)
        return log

    def stop(self, node: str, name: str) -> None:
        self.processes.stop(f"{node}-{name}")

    def document_root(self, node: Node) -> pathlib.Path:
        return self.directory / "www" / node.name

    # Up and down

    def up(self) -> None:
        """Everything there and answering: namespaces, addresses, and a web server with its own page on each real server."""
        (self.directory / "pids").mkdir(parents=True, exist_ok=True)
        self.network_up()
        for server in topology.REAL_SERVERS:
            self._prepare_real_server(server)
            self.start_web_server(server)
        for server in topology.REAL_SERVERS:
            self.wait_for_web_server(server)
        self.configuration.write_text(keepalived_conf.for_pages({
            server.address: (self.document_root(server) / "index.html").read_bytes() for server in topology.REAL_SERVERS}))

    def down(self) -> None:
        """End the processes that this lab started, by their ids, and remove its namespaces and files."""
        if (self.directory / "pids").is_dir():
            self.processes.stop_all()
        for name in sorted(self._namespaces()):
            subprocess.run(["ip", "netns", "del", name], check=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def network_up(self) -> None:
        """The namespaces, the bridge and the addresses, without any server."""
        existing = self._namespaces()
        for name in ("bridge", *(node.name for node in topology.NODES)):
            if self.namespace(name) not in existing:
                subprocess.run(["ip", "netns", "add", self.namespace(name)], check=True)
        if not self._has_link("bridge", "br0"):
            self._ip("bridge", f"link add br0 type bridge mcast_snooping 0 ageing_time {A_DAY}")
        self._ip("bridge", "link set br0 up")
        for node in topology.NODES:
            self._connect(node)

    def _namespaces(self) -> set[str]:
        listing = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
        names = {line.split()[0] for line in listing.splitlines() if line.strip()}
        return names & {self.namespace(name) for name in ("bridge", *(node.name for node in topology.NODES))}

    def _connect(self, node: Node) -> None:
        """The node's cable: a veth from its interface to the bridge, without offloads, and its addresses."""
        interface = node.interface
        if not self._has_link(node.name, interface):
            queues = f"numtxqueues {self.queues} numrxqueues {self.queues}" if not node.owns_addresses else ""
            self._ip(node.name, f"link add {interface} address {node.mac} {queues} type veth "
                                f"peer name {node.name} {queues} netns {self.namespace('bridge')}")
        self.run("bridge", "ethtool", "-K", node.name, *OFFLOADS)
        self.run(node.name, "ethtool", "-K", interface, *OFFLOADS)
        if node.owns_addresses:
            addresses = [f"addr replace {address}/{topology.PREFIX_LENGTH} dev {interface}" for address in node.addresses]
            addresses += [f"addr replace {address}/{topology.PREFIX_LENGTH6} dev {interface} nodad" for address in node.addresses6]
        else:
            # Router solicitations of a kernel that has no address here would only disturb.
            self.sysctl(node.name, f"net.ipv6.conf.{interface}.disable_ipv6=1")
            addresses = []
        self._ip("bridge", f"link set {node.name} master br0 up")
        self._ip(node.name, "link set lo up", f"link set {interface} up", *addresses)

    def _prepare_real_server(self, server: Node) -> None:
        """As the how-to says: the VIP on lo, and no ARP for it, so that only the director is asked for the VIP."""
        self.sysctl(server.name, *(f"net.ipv4.conf.{scope}.{setting}" for scope in ("all", "lo")
                                   for setting in ("arp_ignore=1", "arp_announce=2")))
        self._ip(server.name, f"addr replace {topology.VIP}/32 dev lo", f"addr replace {topology.VIP6}/128 dev lo nodad")
        root = self.document_root(server)
        root.mkdir(parents=True, exist_ok=True)
        (root / "index.html").write_text(f"{server.address}\n")

    # Web servers

    def start_web_server(self, server: Node) -> None:
        """The how-to's web server: Python's own, on port 80, for IPv4 and IPv6."""
        self.start(server.name, "http", PYTHON, "-m", "http.server", "80", "--bind", "::", "--directory", str(self.document_root(server)))

    def stop_web_server(self, server: Node) -> None:
        self.stop(server.name, "http")

    def wait_for_web_server(self, server: Node) -> None:
        page = (self.document_root(server) / "index.html").read_text()
        for host in (server.address, f"[{server.address6}]"):
            wait_for(f"the page of {host}", lambda: self.run("client", "curl", "-s", "-m", "2", f"http://{host}/", check=False).stdout == page)

    # Small tools

    def sysctl(self, node: str, *settings: str) -> None:
        self.run(node, "sysctl", "-qw", *settings)

    def set_cable(self, node: Node, up: bool) -> None:
        """Plug the node's cable in, or pull it out of the bridge: the node loses its carrier, and nobody else."""
        self._ip("bridge", f"link set {node.name} {'up' if up else 'down'}")

    def _ip(self, node: str, *lines: str) -> None:
        """Several ip commands in one go; RuntimeError with its words when one fails."""
        result = subprocess.run(["ip", "-n", self.namespace(node), "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"ip in {node}: {result.stderr.strip()}\n" + "\n".join(lines))

    def _has_link(self, node: str, interface: str) -> bool:
        return self.run(node, "ip", "link", "show", interface, check=False).returncode == 0
