"""A director as everybody has it, keepalived over the kernel's IPVS, on the lab's bridge: a User Mode Linux guest with a cable of its own.

The guest's network card is a TAP on the bridge; in the guest it is eth0, so keepalived's file is the how-to's as it stands. keepalived's log
lies in the folder that guest and host share.
"""

import json
import pathlib
import socket
import subprocess

from lab import topology
from lab.lab import Lab
from lab.penstockd import ROOT, Services, connections_of, services_of
from lab.sockets import socket_in
from lab.waiting import wait_for

NODE = topology.Node("guest", "eth0", (104,))
ORDERS_PORT = 7000
GUEST_SECONDS = 300
MODULES = "ip_vs ip_vs_rr"
# A service that keepalived leaves alone. A kernel whose last service has gone no longer looks at packets; keepalived, at its end, removes services
# and addresses in two processes that don't wait for each other, and while the VIP is still there, TCP would reset the connections (docs/HOWTO.md).
LAST_SERVICE = "ipvsadm -A -f 65535"


class KernelDirector:
    """start() and stop() concern keepalived, power_off() the guest. `folder` is shared with it."""

    def __init__(self, lab: Lab, folder: pathlib.Path):
        self._lab = lab
        self._folder = folder
        self._log = folder / "keepalived.log"
        self._configuration = folder / "keepalived.conf"
        self._pid_file = folder / "keepalived.pid"
        lab.run("bridge", "ip", "tuntap", "add", "dev", NODE.name, "mode", "tap")
        lab.run("bridge", "ip", "link", "set", NODE.name, "master", "br0", "up")
        prepare = (f"modprobe -a {MODULES} && ip link set vec0 name {NODE.interface} address {NODE.mac} up && "
                   f"ip addr add {NODE.address}/{topology.PREFIX_LENGTH} dev {NODE.interface} && {LAST_SERVICE} && "
                   f"exec /usr/bin/python3 lab/guest/orders.py {NODE.address} {ORDERS_PORT}")
        self._guest = subprocess.Popen(
            lab.command("bridge", str(ROOT / "lab/guest/run.sh"), "-m", "512", "-t", str(GUEST_SECONDS), "-n", NODE.name, str(folder),
                        "bash", "-c", prepare), stdin=subprocess.DEVNULL)
        wait_for("the guest to take orders", self._answers, seconds=60)

    # Orders

    def _order(self, *words: str) -> str:
        """What the guest's answer is, as it comes; OSError when none comes."""
        with socket_in(self._lab.namespace("client"), socket.AF_INET, socket.SOCK_STREAM) as connection:
            connection.settimeout(60)
            connection.connect((NODE.address, ORDERS_PORT))
            with connection.makefile("rw") as stream:
                stream.write(json.dumps(words) + "\n")
                stream.flush()
                return stream.readline()

    def _answers(self) -> bool:
        if self._guest.poll() is not None:
            words = [(self._folder / name).read_text(errors="replace") for name in ("console.log", "output.log") if (self._folder / name).exists()]
            raise RuntimeError("the guest ended at its start:\n" + "\n".join(words))
        try:
            return bool(self._order("true"))
        except OSError:
            return False

    def run(self, *words: str) -> str:
        """What a command prints in the guest; RuntimeError when it fails."""
        status, printed = json.loads(self._order(*words))
        if status != 0:
            raise RuntimeError(f"{' '.join(words)} in the guest: exit {status}\n{printed}")
        return printed

    # keepalived

    def start(self, configuration: str) -> None:
        self._configuration.write_text(configuration)
        self._configuration.chmod(0o644)
        self.run("sh", "-c", f"setsid keepalived -n -l -D -f {self._configuration} -p {self._pid_file} >> {self._log} 2>&1 < /dev/null &")

    def stop(self) -> None:
        """SIGTERM, and the end of all of its processes."""
        self.run("sh", "-c", f"kill $(cat {self._pid_file})")
        wait_for("the end of keepalived", lambda: not self.is_running())

    def is_running(self) -> bool:
        return "keepalived" in self.run("ps", "-A", "-o", "comm=").split()

    def log_text(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    # Questions

    def has_address(self, address: str) -> bool:
        return f" {address}/" in self.run("ip", "-o", "addr", "show", "dev", NODE.interface)

    def services(self) -> Services:
        return services_of(self.run("ipvsadm", "-Ln"))

    def new_connections(self) -> int:
        """How many connections IPVS has made since keepalived's start."""
        return sum(int(line.split()[2]) for line in self.run("ipvsadm", "-Ln", "--stats", "--exact").splitlines()[3:] if "->" in line)

    def connections(self) -> list[tuple[str, str, str, str]]:
        """What `ipvsadm -Lnc` says, as Penstockd.connections()."""
        return connections_of(self.run("ipvsadm", "-Lnc"))

    def sync_daemons(self) -> str:
        """What `ipvsadm -Ln --daemon` says."""
        return self.run("ipvsadm", "-Ln", "--daemon")

    def power_off(self) -> None:
        try:
            self._order("end")
        except OSError:
            self._guest.terminate()
        try:
            self._guest.wait(20)
        finally:
            if self._guest.poll() is None:
                self._guest.terminate()
                self._guest.wait(20)
            self._lab.run("bridge", "ip", "link", "del", NODE.name)
