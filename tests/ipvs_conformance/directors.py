"""The two directors that are compared: the kernel's IPVS, driven by ipvsadm, and penstockd, driven by its configuration file.

Both serve the same VIP from the lab's director namespace and take the same orders: which services there are now, and their listings.
Orders go the way keepalived gives them: what is unchanged is not touched, a changed weight is an edit.
"""

import dataclasses
import re

from lab import topology
from lab.lab import Lab
from lab.penstockd import Penstockd
from lab.waiting import wait_for

DIRECTOR = topology.DIRECTOR


@dataclasses.dataclass(frozen=True)
class Service:
    """A virtual service on a VIP. `servers` are (address, weight), in the order of configuration; all use the service's port."""
    protocol: str  # "tcp" or "udp"
    port: int
    scheduler: str
    servers: tuple[tuple[str, int], ...]
    address: str = topology.VIP
    flags: tuple[str, ...] = ()  # of the scheduler, as keepalived.conf and ipvsadm spell them

    @property
    def option(self) -> tuple[str, str]:
        return {"tcp": "-t", "udp": "-u"}[self.protocol], self.end(self.address)

    def end(self, address: str) -> str:
        """The address with the service's port, as ipvsadm writes it."""
        return f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"


class Director:
    """What both have in common. `interface` is the one that has the director's addresses."""

    interface: str

    def __init__(self, lab: Lab):
        self.lab = lab
        self.services: tuple[Service, ...] = ()

    def listing(self, *arguments: str) -> list[str]:
        """The lines of `ipvsadm ARGUMENTS`."""
        raise NotImplementedError

    def set_sloppy_tcp(self, on: bool) -> None:
        """IPVS's sysctl of that name. Without services, and then without connections and neighbours: it may take a new start."""
        raise NotImplementedError

    def services_listing(self, service: Service) -> list[str]:
        """The heading without the table's size, and the lines of one service, of `-Ln`."""
        lines = self.listing("-Ln")
        heading = [re.sub(r"size=\d+", "size=N", lines[0]), *lines[1:3]]
        start = next((at for at, line in enumerate(lines) if line.startswith(f"{service.protocol.upper()}  {service.option[1]} ")), None)
        if start is None:
            return [*heading, "(the service is not listed)"]
        end = next((at for at in range(start + 1, len(lines)) if not lines[at].startswith("  ->")), len(lines))
        return heading + lines[start:end]

    def connections_listing(self, client: str) -> list[str]:
        """The lines of `-Lnc` about one client, sorted, with the time of expiry masked."""
        lines = self.listing("-Lnc")
        source = f" [{client}]:" if ":" in client else f" {client}:"
        masked = [re.sub(r"^(\w+ +)\d\d:\d\d ", r"\1MM:SS ", line) for line in lines[2:] if source in line]
        return [*lines[:2], *sorted(masked)]


class KernelDirector(Director):
    interface = DIRECTOR.interface

    def start(self) -> None:
        for module in ("ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_lc", "ip_vs_wlc", "ip_vs_mh"):
            self.lab.run("director", "modprobe", module)
        self.lab.sysctl("director", f"net.ipv6.conf.{self.interface}.disable_ipv6=0")
        for address in (f"{DIRECTOR.address}/{topology.PREFIX_LENGTH}", f"{topology.VIP}/32"):
            self.lab.run("director", "ip", "addr", "add", address, "dev", self.interface)
        for address in (f"{DIRECTOR.address6}/{topology.PREFIX_LENGTH6}", f"{topology.VIP6}/128"):
            self.lab.run("director", "ip", "addr", "add", address, "dev", self.interface, "nodad")

    def stop(self) -> None:
        self.configure()

    def configure(self, *services: Service) -> None:
        before = {service.option: service for service in self.services}
        after = {service.option: service for service in services}
        for option in (option for option in before if option not in after):
            self._ipvsadm("-D", *option)
        for option, service in after.items():
            old = before.get(option)
            if old is None:
                flags = ("-b", ",".join(service.flags)) if service.flags else ()
                self._ipvsadm("-A", *option, "-s", service.scheduler, *flags)
            old_servers = dict(old.servers) if old else {}
            for address in (address for address in old_servers if address not in dict(service.servers)):
                self._ipvsadm("-d", *option, "-r", service.end(address))
            for address, weight in service.servers:
                if old_servers.get(address) != weight:
                    self._ipvsadm("-e" if address in old_servers else "-a", *option, "-r", service.end(address), "-g", "-w", str(weight))
        self.services = services

    def listing(self, *arguments: str) -> list[str]:
        return self._ipvsadm(*arguments).splitlines()

    def set_sloppy_tcp(self, on: bool) -> None:
        self.lab.sysctl("director", f"net.ipv4.vs.sloppy_tcp={int(on)}")

    def _ipvsadm(self, *arguments: str) -> str:
        return self.lab.run("director", "ipvsadm", *arguments).stdout


class PenstockDirector(Director):
    interface = "eth0"

    def __init__(self, lab: Lab):
        super().__init__(lab)
        self._daemon = self._make()

    def _make(self, extra: tuple[str, ...] = ()) -> Penstockd:
        return Penstockd(self.lab, eal="--no-huge -m 256", extra=extra)

    def start(self) -> None:
        # af_packet leaves the kernel on the same wire with the TAP's MAC address. penstockd drops what arrives there, but User Mode
        # Linux's nftables knows no netdev family, so there the traffic control does it. A kernel without this classifier has nftables.
        self.lab.run("director", "tc", "qdisc", "add", "dev", DIRECTOR.interface, "ingress", check=False)
        self.lab.run("director", "tc", "filter", "add", "dev", DIRECTOR.interface, "ingress", "matchall", "action", "drop", check=False)
        self._daemon.start(configuration(()))

    def stop(self) -> None:
        self._daemon.stop()

    def configure(self, *services: Service) -> None:
        self._daemon.reload(configuration(services), {
            (service.protocol.upper(), service.option[1]): {service.end(address): weight for address, weight in service.servers}
            for service in services})
        # A server that is new here gets connections once its MAC address is known.
        wait_for("the real servers' MAC addresses", lambda: not self._daemon.unresolved())
        self._daemon.wait_for_workers()
        self.services = services

    def listing(self, *arguments: str) -> list[str]:
        return self._daemon.ipvsadm(*arguments).splitlines()

    def set_sloppy_tcp(self, on: bool) -> None:
        self._daemon.stop()
        self._daemon = self._make(("--sloppy-tcp",) if on else ())
        self._daemon.start(configuration(()))


def configuration(services: tuple[Service, ...]) -> str:
    """The keepalived.conf of these services."""
    blocks = [f"vrrp_instance {name} {{\n    state MASTER\n    interface eth0\n    virtual_router_id 50\n    priority 100\n"
              f"    virtual_ipaddress {{\n        {address}\n    }}\n}}\n" for name, address in (("VI_4", topology.VIP), ("VI_6", topology.VIP6))]
    for service in services:
        servers = "".join(f"    real_server {address} {service.port} {{\n        weight {weight}\n    }}\n" for address, weight in service.servers)
        flags = "".join(f"    {flag}\n" for flag in service.flags)
        blocks.append(f"virtual_server {service.address} {service.port} {{\n    lb_algo {service.scheduler}\n{flags}    lb_kind DR\n"
                      f"    protocol {service.protocol.upper()}\n{servers}}}\n")
    return "\n".join(blocks)
