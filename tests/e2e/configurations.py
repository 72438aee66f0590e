"""Configurations that tests write, beside the how-to's."""

from lab import topology


def vip_on_eth0(*addresses: str) -> str:
    lines = "".join(f"        {address}\n" for address in addresses or (topology.VIP,))
    return ("vrrp_instance VI_1 {\n    state MASTER\n    interface eth0\n    virtual_router_id 50\n    priority 100\n"
            f"    virtual_ipaddress {{\n{lines}    }}\n}}\n\n")


def virtual_server(port: int, servers: dict[str, int], address: str = topology.VIP, scheduler: str = "rr", protocol: str = "TCP") -> str:
    """`servers`: weights by address; every server serves the same port."""
    blocks = "".join(f"    real_server {server} {port} {{\n        weight {weight}\n    }}\n" for server, weight in servers.items())
    return f"virtual_server {address} {port} {{\n    lb_algo {scheduler}\n    lb_kind DR\n    protocol {protocol}\n{blocks}}}\n"


def listed(port: int, servers: dict[str, int], address: str = topology.VIP, protocol: str = "TCP") -> dict:
    """The same service as `Penstockd.services` shows it."""
    return {(protocol, f"{address}:{port}"): {f"{server}:{port}": weight for server, weight in servers.items()}}
