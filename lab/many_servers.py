"""Thousands of real servers behind one machine: every address of a network answers on port 80, and one nginx serves them all.

The network is local to rs1 (a route of type local: "AnyIP"), and the director has a route to it by rs1: so there are as many checks as
addresses, and one neighbour entry. Ten thousand neighbours would not fit into the kernel's table (gc_thresh3 is 1024 by default), which
all network namespaces of a machine share.
"""

import ipaddress

from lab import topology
from lab.lab import Lab
from lab.waiting import wait_for

NETWORK = ipaddress.ip_network("10.77.0.0/16")
PORT = 80
HOST = topology.REAL_SERVERS[0]
ROUTE = f"eth0={NETWORK} via {HOST.address}"
FIRST_VIRTUAL_PORT = 10_000
CHECKS = {
    "TCP_CHECK": "        TCP_CHECK {\n            connect_port 80\n            connect_timeout 3\n            retry 1\n            delay_before_retry 1\n        }\n",
    "HTTP_GET": "        HTTP_GET {\n            url {\n                path /\n                status_code 200\n            }\n"
                "            connect_port 80\n            connect_timeout 3\n            retry 1\n            delay_before_retry 1\n        }\n",
}


def addresses(count: int) -> list[str]:
    return [str(NETWORK[number + 1]) for number in range(count)]


def configuration(count: int, per_service: int, check: str, delay_loop: float) -> str:
    """The VIP on eth0, and `count` real servers in virtual servers of `per_service` each, by port; first checks spread over delay_loop."""
    parts = ["vrrp_instance VI_1 {\n    state MASTER\n    interface eth0\n    virtual_router_id 50\n    priority 100\n"
             f"    virtual_ipaddress {{\n        {topology.VIP}\n    }}\n}}\n"]
    servers = addresses(count)
    for number, first in enumerate(range(0, count, per_service)):
        parts.append(f"virtual_server {topology.VIP} {FIRST_VIRTUAL_PORT + number} {{\n    delay_loop {delay_loop}\n    lb_algo rr\n"
                     "    lb_kind DR\n    protocol TCP\n")
        parts += [f"    real_server {server} {FIRST_VIRTUAL_PORT + number} {{\n        weight 1\n{CHECKS[check]}    }}\n" for server in servers[first:first + per_service]]
        parts.append("}\n")
    return "".join(parts)


class ManyServers:
    def __init__(self, lab: Lab):
        self._lab = lab

    def up(self) -> None:
        self._lab.run(HOST.name, "ip", "route", "replace", "local", str(NETWORK), "dev", "lo")
        self.start_web_server()

    def down(self) -> None:
        self.speak()
        self.accept()
        self.stop_web_server()
        self._lab.run(HOST.name, "ip", "route", "del", "local", str(NETWORK), "dev", "lo", check=False)

    def start_web_server(self) -> None:
        """nginx with a page of two bytes, in the place of the how-to's web server of this machine."""
        folder = self._lab.directory / "many"
        folder.mkdir(exist_ok=True)
        temporary = "".join(f"  {kind}_temp_path {folder};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"daemon off;\nuser root;\nworker_processes 1;\nworker_rlimit_nofile 20000;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
            f"events {{ worker_connections 16384; }}\nhttp {{\n  access_log off;\n  keepalive_timeout 0;\n{temporary}"
            f"  server {{ listen {PORT} backlog=16384; location / {{ return 200 ok; }} }}\n}}\n")
        self._lab.sysctl(HOST.name, "net.core.somaxconn=16384")
        self._lab.stop_web_server(HOST)
        self._lab.start(HOST.name, "many", "nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"))
        wait_for("nginx", lambda: f":{PORT} " in self._lab.run(HOST.name, "ss", "-Hltn").stdout)

    def stop_web_server(self) -> None:
        """From now on connections are refused."""
        self._lab.stop(HOST.name, "many")

    def fall_silent(self) -> None:
        """From now on nothing answers at all."""
        rules = (f"table ip silence {{ chain input {{ type filter hook input priority 0; ip daddr {NETWORK} drop; }}; }}")
        self._lab.run(HOST.name, "nft", rules)

    def refuse(self, address: str) -> None:
        """From now on connections to this one server are refused."""
        rules = ("table ip refusal { chain input { type filter hook input priority 0; "
                 f"ip daddr {address} tcp dport {PORT} reject with tcp reset; }}; }}")
        self._lab.run(HOST.name, "nft", rules)

    def accept(self) -> None:
        self._lab.run(HOST.name, "nft", "delete table ip refusal", check=False)

    def speak(self) -> None:
        self._lab.run(HOST.name, "nft", "delete table ip silence", check=False)
