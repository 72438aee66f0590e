"""Servers that run on the real servers beside the how-to's web server."""

import pathlib

from lab import topology
from lab.lab import PYTHON, Lab
from lab.waiting import wait_for

HERE = pathlib.Path(__file__).parent


def listens(lab: Lab, node: str, port: int) -> bool:
    return f":{port} " in lab.run(node, "ss", "-Hltn").stdout


def start_nginx(lab: Lab, port: int) -> None:
    """nginx on each real server: unlike Python's server its backlog takes a load test."""
    for server in topology.REAL_SERVERS:
        folder = lab.directory / f"nginx-{server.name}"
        folder.mkdir(exist_ok=True)
        temporary = "".join(f"  {kind}_temp_path {folder};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(
            f"daemon off;\nuser root;\nworker_processes 1;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
            f"events {{ worker_connections 4096; }}\nhttp {{\n  access_log off;\n  keepalive_timeout 0;\n{temporary}"
            f"  server {{ listen {port} backlog=4096; root {lab.document_root(server)}; }}\n}}\n")
        lab.start(server.name, "nginx", "nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"))
    for server in topology.REAL_SERVERS:
        wait_for(f"nginx on {server.name}", lambda: listens(lab, server.name, port))


def stop_nginx(lab: Lab) -> None:
    for server in topology.REAL_SERVERS:
        lab.stop(server.name, "nginx")


def start_script(lab: Lab, script: str, port: int) -> None:
    """One of this folder's scripts on each real server: SCRIPT ADDRESS PORT."""
    for server in topology.REAL_SERVERS:
        lab.start(server.name, script, PYTHON, str(HERE / script), server.address, str(port))
    for server in topology.REAL_SERVERS:
        wait_for(f"{script} on {server.name}", lambda: listens(lab, server.name, port))


def stop_script(lab: Lab, script: str) -> None:
    for server in topology.REAL_SERVERS:
        lab.stop(server.name, script)


def tcp_counter(lab: Lab, node: str, name: str) -> int:
    """A counter of the kernel's own TCP in that namespace, as /proc/net/snmp names it (PassiveOpens, OutRsts ...)."""
    names, values = (line.split()[1:] for line in lab.run(node, "cat", "/proc/net/snmp").stdout.splitlines() if line.startswith("Tcp:"))
    return int(dict(zip(names, values))[name])


class ResetWatch:
    """tcpdump on the client's cable, for TCP resets from or to one port. The kernel's counters would show those of older connections too."""

    def __init__(self, lab: Lab, port: int):
        self._lab = lab
        self._log = lab.start("client", "resets", "tcpdump", "-lni", topology.CLIENT.interface,
                              f"tcp port {port} and tcp[tcpflags] & tcp-rst != 0")
        wait_for("tcpdump", lambda: "listening on" in self._log.read_text())

    def seen(self) -> list[str]:
        return [line for line in self._log.read_text().splitlines() if "Flags [" in line]

    def stop(self) -> None:
        self._lab.stop("client", "resets")
