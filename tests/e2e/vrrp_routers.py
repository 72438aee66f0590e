"""VRRP routers that are tried against each other: penstockd, Debian's keepalived, and FRR's vrrpd, each in a director's namespace.

All are started with the same instances, and answer the same questions: does it hold the addresses, and what does it say. Foreign ones
speak by the kernel's interface x0 itself, which gets the director's addresses for that time.
"""

import abc
import dataclasses
import os
import shutil
import signal

from lab import topology
from lab.lab import Lab
from lab.penstockd import Penstockd
from lab.topology import Node
from lab.waiting import wait_for


@dataclasses.dataclass(frozen=True)
class Instance:
    """One virtual router, the same on both sides but for state and priority."""
    name: str
    vrid: int
    vip: str
    version: int = 3
    password: str = ""
    is_unicast: bool = False
    group: str = ""
    # use_vmac, and whether adverts leave by the interface's own address nevertheless.
    has_virtual_mac: bool = False
    transmits_base: bool = False

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.vip

    @property
    def virtual_mac(self) -> str:
        """RFC 9568, 7.3."""
        return f"00:00:5e:00:0{2 if self.is_ipv6 else 1}:{self.vrid:02x}"

    def device(self, interface: str) -> str:
        """Where the address is, in an instance upon `interface`."""
        return f"vrrp.{self.vrid}" if self.has_virtual_mac else interface


def keepalived_text(instances: list[Instance], interface: str, priority: int, own: Node, peer: Node, advert_seconds: float = 0.1,
                    more: str = "") -> str:
    """The instances for penstockd or keepalived; `more` goes into each. Version 2 knows whole seconds only."""
    text = "global_defs {\n    router_id LAB\n}\n\n"
    groups: dict[str, list[str]] = {}
    for instance in instances:
        if instance.group:
            groups.setdefault(instance.group, []).append(instance.name)
    for group, members in groups.items():
        text += f"vrrp_sync_group {group} {{\n    group {{\n" + "".join(f"        {member}\n" for member in members) + "    }\n}\n\n"
    for instance in instances:
        lines = ["state BACKUP", f"interface {interface}", f"virtual_router_id {instance.vrid}", f"priority {priority}",
                 f"version {instance.version}", f"advert_int {advert_seconds if instance.version == 3 else 1}"]
        if instance.password:
            lines += ["authentication {", "    auth_type PASS", f"    auth_pass {instance.password}", "}"]
        if instance.is_unicast:
            lines += [f"unicast_src_ip {own.address}", "unicast_peer {", f"    {peer.address}", "}"]
        lines += ["use_vmac"] * instance.has_virtual_mac + ["vmac_xmit_base"] * instance.transmits_base
        lines += ["virtual_ipaddress {", f"    {instance.vip}", "}", *more.splitlines()]
        text += f"vrrp_instance {instance.name} {{\n" + "".join(f"    {line}\n" for line in lines) + "}\n\n"
    return text


class Router(abc.ABC):
    """`own` is its node, `peer` the other's. start() and stop() may come again and again; clean() leaves the node as it was."""

    # Whether it announces its addresses when it is master and its link comes back.
    announces_after_cable = True

    def __init__(self, lab: Lab, own: Node, peer: Node):
        self.lab = lab
        self.own = own
        self.peer = peer

    @abc.abstractmethod
    def start(self, instances: list[Instance], priority: int) -> None: ...

    @abc.abstractmethod
    def stop(self) -> None:
        """SIGTERM, and its end."""

    @abc.abstractmethod
    def kill(self) -> None:
        """SIGKILL: nothing is said any more."""

    @abc.abstractmethod
    def holds(self, instance: Instance) -> bool:
        """Whether the kernel has the address where the router puts it."""

    @abc.abstractmethod
    def log_text(self) -> str: ...

    def clean(self) -> None:
        self.stop()

    def mac(self, instance: Instance) -> str:
        """Where it announces the address."""
        return instance.virtual_mac if instance.has_virtual_mac else self.own.mac

    def advert_mac(self, instance: Instance) -> str:
        """Whom its adverts come from."""
        return self.own.mac if instance.transmits_base else self.mac(instance)


class Penstock(Router):
    def __init__(self, lab: Lab, own: Node, peer: Node):
        super().__init__(lab, own, peer)
        self._daemon = Penstockd(lab, node=own)
        self._daemon.log.unlink(missing_ok=True)

    def start(self, instances: list[Instance], priority: int) -> None:
        self._daemon.start(keepalived_text(instances, "eth0", priority, self.own, self.peer), as_master=False)

    def stop(self) -> None:
        self._daemon.stop()

    def kill(self) -> None:
        self._daemon.kill()

    def holds(self, instance: Instance) -> bool:
        return self._daemon.has_address(instance.vip, instance.device("eth0"))

    def log_text(self) -> str:
        return self._daemon.log_text()


class Foreign(Router):
    """One whose interface is the kernel's x0."""

    def prepare(self) -> None:
        self.lab.sysctl(self.own.name, "net.ipv6.conf.x0.accept_dad=0", "net.ipv6.conf.x0.disable_ipv6=0")
        for address in (f"{self.own.address}/{topology.PREFIX_LENGTH}", f"{self.own.address6}/{topology.PREFIX_LENGTH6}"):
            self.lab.run(self.own.name, "ip", "addr", "replace", address, "dev", "x0")

    def clean(self) -> None:
        super().clean()
        self.lab.run(self.own.name, "ip", "addr", "flush", "dev", "x0")
        self.lab.sysctl(self.own.name, "net.ipv6.conf.x0.disable_ipv6=1")


class Keepalived(Foreign):
    """VRRP only (-P): its checkers need a kernel with IPVS."""

    def __init__(self, lab: Lab, own: Node, peer: Node):
        super().__init__(lab, own, peer)
        self._name = f"{own.name}-keepalived"
        self._configuration = lab.directory / f"{self._name}.conf"
        self._log = lab.directory / f"{self._name}.log"
        self._log.unlink(missing_ok=True)

    def _pid_file(self, which: str):
        return self.lab.directory / f"{self._name}-{which}.pid"

    def start(self, instances: list[Instance], priority: int) -> None:
        self.prepare()
        self._configuration.write_text(keepalived_text(instances, "x0", priority, self.own, self.peer))
        pid_files = [word for option, name in (("-p", "parent"), ("-r", "vrrp"), ("-c", "checkers"), ("-b", "bfd"))
                     for word in (option, str(self._pid_file(name)))]
        self.lab.processes.start(self._name, self.lab.command(self.own.name, "keepalived", "-n", "-l", "-D", "-P", "-f",
                                                              str(self._configuration), *pid_files), self._log)

    def stop(self) -> None:
        self.lab.processes.stop(self._name)

    def kill(self) -> None:
        """The parent must not see its child's end, nor the child its parent's: either would say goodbye."""
        parent = self.lab.processes.pid(self._name)
        if parent is None:
            raise RuntimeError(f"keepalived is not running:\n{self.log_text()}")
        child = int(self._pid_file("vrrp").read_text())
        os.kill(parent, signal.SIGSTOP)
        os.kill(child, signal.SIGKILL)
        self.lab.processes.stop(self._name, first=signal.SIGKILL)

    def holds(self, instance: Instance) -> bool:
        return f" {instance.vip}/" in self.lab.run(self.own.name, "ip", "-o", "addr", "show", "dev", instance.device("x0"), check=False).stdout

    def log_text(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""


class Frr(Foreign):
    """FRR's vrrpd and its zebra. Each virtual router is a macvlan of the RFC's address, which is protodown while the router is a backup."""

    # It goes on as master, and only its adverts are heard (8.4.4).
    announces_after_cable = False

    def __init__(self, lab: Lab, own: Node, peer: Node):
        super().__init__(lab, own, peer)
        self._directory = lab.directory / f"{own.name}-frr"
        self._log = self._directory / "log"
        self._macvlans: list[str] = []

    @staticmethod
    def _macvlan(instance: Instance) -> str:
        return f"vrrp{6 if instance.is_ipv6 else 4}-{instance.vrid}"

    def mac(self, instance: Instance) -> str:
        return instance.virtual_mac

    def prepare_macvlan(self, instance: Instance) -> None:
        name, prefix = self._macvlan(instance), 64 if instance.is_ipv6 else 24
        if name in self._macvlans:
            return
        run = lambda *words: self.lab.run(self.own.name, *words)  # noqa: E731
        run("ip", "link", "add", name, "link", "x0", "address", self.mac(instance), "type", "macvlan", "mode", "bridge")
        run("sysctl", "-qw", f"net.ipv6.conf.{name}.accept_dad=0")
        run("ip", "addr", "add", f"{instance.vip}/{prefix}", "dev", name)
        run("ip", "link", "set", name, "up")
        self._macvlans.append(name)

    def start(self, instances: list[Instance], priority: int) -> None:
        self._directory.mkdir(exist_ok=True)
        shutil.chown(self._directory, "frr", "frr")  # its daemons' own user: they refuse any that is not of the package's group
        self.prepare()
        configuration = "interface x0\n"
        for instance in instances:
            self.prepare_macvlan(instance)
            kind = "ipv6" if instance.is_ipv6 else "ip"
            configuration += (f" vrrp {instance.vrid} version 3\n vrrp {instance.vrid} priority {priority}\n"
                              f" vrrp {instance.vrid} advertisement-interval 100\n vrrp {instance.vrid} {kind} {instance.vip}\n")
        (self._directory / "zebra.conf").write_text("")
        (self._directory / "vrrpd.conf").write_text(configuration)
        socket = str(self._directory / "zserv")
        for program in ("zebra", "vrrpd"):
            self.lab.processes.start(f"{self.own.name}-{program}", self.lab.command(
                self.own.name, f"/usr/lib/frr/{program}", "-f", str(self._directory / f"{program}.conf"), "-i",
                str(self._directory / f"{program}.pid"), "-z", socket, "--vty_socket", str(self._directory), "-P", "0",
                "--log", "stdout", "--log-level", "info"), self._log)
            if program == "zebra":
                wait_for("zebra", (self._directory / "zserv").exists)

    def stop(self) -> None:
        for program in ("vrrpd", "zebra"):
            self.lab.processes.stop(f"{self.own.name}-{program}")
        (self._directory / "zserv").unlink(missing_ok=True)

    def kill(self) -> None:
        self.lab.processes.stop(f"{self.own.name}-vrrpd", first=signal.SIGKILL)

    def holds(self, instance: Instance) -> bool:
        return "protodown on" not in self.lab.run(self.own.name, "ip", "-d", "-o", "link", "show", self._macvlan(instance)).stdout

    def log_text(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def clean(self) -> None:
        super().clean()
        for name in self._macvlans:
            self.lab.run(self.own.name, "ip", "link", "del", name)
        self._macvlans.clear()
