"""penstockd in a director's namespace: started, asked, reloaded and stopped. The demo, the tests and the conformance bench use it."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess

from lab import topology
from lab.cli_socket import ask
from lab.lab import Lab
from lab.topology import Node
from lab.waiting import wait_for

ROOT = pathlib.Path(__file__).resolve().parents[1]
# A service of `ipvsadm -Ln`: protocol, address and port.
ServiceName = tuple[str, str]
Services = dict[ServiceName, dict[str, int]]


def build_directory() -> pathlib.Path:
    """Where the binaries are: build/, or what PENSTOCK_BUILD names (another variant)."""
    return pathlib.Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build"))


def services_of(listing: str) -> Services:
    """What an `ipvsadm -Ln` says: for each service the weight of each real server."""
    found: Services = {}
    servers: dict[str, int] = {}
    for line in listing.splitlines()[3:]:
        words = line.split()
        if words[0] == "->":
            servers[words[1]] = int(words[3])
        else:
            servers = found.setdefault((words[0], words[1]), {})
    return found


def connections_of(listing: str) -> list[tuple[str, str, str, str]]:
    """What an `ipvsadm -Lnc` says: (protocol, state, source, destination) of each connection."""
    return [(words[0], words[2], words[3], words[5]) for words in map(str.split, listing.splitlines()[2:])]


class Penstockd:
    """One daemon. Its configuration file is its own copy, `configuration`, so that it can be edited and reloaded."""

    def __init__(self, lab: Lab, node: Node = topology.DIRECTOR, device: str | None = None, workers: int = 1, eal: str = "",
                 extra: tuple[str, ...] = (), before: tuple[str, ...] = ()):
        """`extra`: more of its arguments. `before`: a command that executes it (its words, then the daemon's)."""
        self.lab = lab
        self.node = node
        self.configuration = lab.directory / f"{node.name}.conf"
        self.log = lab.directory / f"{node.name}-penstockd.log"
        self.socket = lab.directory / f"{node.name}.sock"
        self.pid_file = lab.directory / f"{node.name}.pid"
        self._name = f"{node.name}-penstockd"
        self._device = device or f"net_af_packet0,iface={node.interface}"
        self._workers = workers
        self._eal = eal
        self._extra = extra
        self._before = before

    def arguments(self) -> list[str]:
        return [str(build_directory() / "penstockd"), "-f", str(self.configuration), "-n", "-l", "--port", f"eth0={self._device}",
                "--workers", str(self._workers), "--address", f"eth0={self.node.address}/{topology.PREFIX_LENGTH}",
                "--address", f"eth0={self.node.address6}/{topology.PREFIX_LENGTH6}", "--socket", str(self.socket), "-p", str(self.pid_file),
                "--eal", f"--file-prefix {self.lab.id}-{self.node.name} {self._eal}".strip(), *self._extra]

    # Life

    def start(self, configuration: str, as_master: bool = True) -> None:
        """Start with this configuration's text and wait until the command line socket answers, the VIP is there (`as_master`) and every
        real server's MAC address is known. RuntimeError with the log when the daemon ends instead."""
        self.launch(configuration)
        self.wait_for_an_answer()
        if as_master and topology.VIP in configuration:
            wait_for("the VIP on the TAP", lambda: self.has_address(topology.VIP))
        wait_for("the real servers' MAC addresses", lambda: not self.unresolved())

    def launch(self, configuration: str) -> None:
        """Start with this configuration's text, and wait for nothing."""
        self.write(configuration)
        self.lab.processes.start(self._name, self.lab.command(self.node.name, *self._before, *self.arguments()), self.log)

    def wait_for_an_answer(self) -> None:
        """Until the command line socket answers. RuntimeError with the log when the daemon ends instead."""
        wait_for("penstockd to answer", self._answers, seconds=180)

    def _answers(self) -> bool:
        if not self.is_running():
            raise RuntimeError(f"penstockd ended at its start:\n{self.log_text()}")
        with contextlib.suppress(OSError):
            return ask(self.socket, "ipvsadm", "-Ln").returncode == 0
        return False

    def stop(self) -> int | None:
        """SIGTERM; the exit status, None when this program did not start it."""
        return self.lab.processes.stop(self._name, patience_seconds=20)

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        self.lab.processes.stop(self._name, first=signal.SIGKILL)

    def is_running(self) -> bool:
        return self.lab.processes.pid(self._name) is not None

    def has_address(self, address: str, device: str = "eth0") -> bool:
        """Whether the kernel has that address on the TAP, or on `device`."""
        listing = self.lab.run(self.node.name, "ip", "-o", "addr", "show", "dev", device, check=False).stdout
        return f" {address}/" in listing

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    # Configuration

    def write(self, configuration: str) -> None:
        """As an editor does: the new file takes the old one's place at once."""
        draft = self.configuration.with_suffix(".draft")
        draft.write_text(configuration)
        draft.rename(self.configuration)

    def hang_up(self) -> None:
        """SIGHUP, without waiting for what comes of it."""
        pid = self.lab.processes.pid(self._name)
        if pid is None:
            raise RuntimeError(f"penstockd is not running:\n{self.log_text()}")
        os.kill(pid, signal.SIGHUP)

    def reload(self, configuration: str, expected: Services) -> None:
        """Write, SIGHUP, and wait until the listing shows `expected` and the workers go by it."""
        self.write(configuration)
        self.hang_up()
        wait_for(f"the listing {expected}", lambda: self.services() == expected)
        self.wait_for_workers()

    def wait_for_workers(self) -> None:
        """Until what the listings say is in force. Control publishes at the pace of what that costs, later than it knows. A worker takes what is
        published when a loop begins; one that was preempted in the middle of a loop still goes by the old one when it gets on."""
        wait_for("control to publish what it knows", lambda: not json.loads(ask(self.socket, "show", "stats", "--json").stdout)["daemon"]["snapshot_is_due"])
        before = self._polls()
        wait_for("a new loop of each worker", lambda: all(now > then + 1 for now, then in zip(self._polls(), before, strict=True)))

    def _polls(self) -> list[int]:
        return [worker["polls"] for worker in json.loads(ask(self.socket, "show", "workers", "--json").stdout)]

    # Questions

    def penstock(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        return self.lab.run(self.node.name, str(build_directory() / "penstock"), "--socket", str(self.socket), *arguments, check=check)

    def ipvsadm(self, *arguments: str) -> str:
        """What `penstock ipvsadm ARGUMENTS` prints, asked without it."""
        answer = ask(self.socket, "ipvsadm", *arguments)
        answer.check_returncode()
        return answer.stdout

    def services(self) -> Services:
        """What `ipvsadm -Ln` says: for each service the weight of each real server."""
        return services_of(self.ipvsadm("-Ln"))

    def unresolved(self) -> list[str]:
        """Real servers that get no connections because their MAC address is not known yet."""
        services = json.loads(ask(self.socket, "show", "services", "--json").stdout)
        return [server["address"] for service in services for server in service["servers"] if server["state"] == "unresolved"]

    def new_connections(self) -> dict[str, int]:
        """What `ipvsadm -Ln --stats` says: for each real server the connections that it was ever given."""
        return {words[1]: int(words[2]) for words in map(str.split, self.ipvsadm("-Ln", "--stats", "--exact").splitlines()[3:])
                if words[0] == "->"}

    def connections(self) -> list[tuple[str, str, str, str]]:
        """What `ipvsadm -Lnc` says: (protocol, state, source, destination) of each connection."""
        return connections_of(self.ipvsadm("-Lnc"))

