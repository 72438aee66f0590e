"""The two directors: Debian's keepalived over ipvs_shim.c, and penstockd. Each is started, reloaded and stopped, and tells the changes of its table.

They run in namespaces of their own, director2 and director, one after the other against the same real servers.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

from lab import topology
from lab.lab import Lab
from lab.penstockd import Penstockd, services_of
from lab.waiting import wait_for
from recording import Change

HERE = pathlib.Path(__file__).resolve().parent
# Between two listings. An answer takes about a millisecond, so a change is seen at most so much later than it happened.
POLL_SECONDS = 0.003


def build_shim(directory: pathlib.Path) -> pathlib.Path:
    """Compile ipvs_shim.c; CalledProcessError with the compiler's words on stderr when that fails."""
    shim = directory / "ipvs_shim.so"
    flags = subprocess.run(["pkg-config", "--cflags", "libnl-genl-3.0"], capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["gcc-12", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", *flags, str(HERE / "ipvs_shim.c"), "-o", str(shim)],
                   check=True)
    return shim


class Keepalived:
    """Debian's keepalived with checkers only (-C: no VRRP). Its children survive a parent that is killed, so it is only ever asked to stop."""

    def __init__(self, lab: Lab):
        self._lab = lab
        self._node = topology.DIRECTOR2
        self._configuration = lab.directory / "keepalived-oracle.conf"
        self._changes = lab.directory / "keepalived-changes.json"
        self.log = lab.directory / "keepalived-oracle.log"

    def start(self, configuration: str) -> None:
        self._lab.run(self._node.name, "ip", "addr", "replace", f"{self._node.address}/{topology.PREFIX_LENGTH}", "dev", self._node.interface)
        shim = build_shim(self._lab.directory)
        self._changes.unlink(missing_ok=True)
        self._configuration.write_text(configuration)
        pid_files = [word for option, name in (("-p", "parent"), ("-r", "vrrp"), ("-c", "checkers"), ("-b", "bfd"))
                     for word in (option, str(self._lab.directory / f"keepalived-{name}.pid"))]
        command = ["env", f"LD_PRELOAD={shim}", f"IPVS_SHIM_LOG={self._changes}", "keepalived", "-n", "-l", "-D", "-C",
                   "-f", str(self._configuration), *pid_files]
        self._lab.processes.start("keepalived-oracle", self._lab.command(self._node.name, *command), self.log)

    def reload(self, configuration: str) -> None:
        self._configuration.write_text(configuration)
        self._signal(signal.SIGHUP)

    def stop(self) -> None:
        """Ask it to stop; what it does then still counts as changes."""
        self._signal(signal.SIGTERM)

    def finish(self) -> None:
        self._lab.processes.stop("keepalived-oracle")

    def _signal(self, number: signal.Signals) -> None:
        pid = self._lab.processes.pid("keepalived-oracle")
        if pid is None:
            raise RuntimeError(f"keepalived is not running:\n{self.log.read_text(errors='replace')}")
        os.kill(pid, number)

    def changes(self) -> list[Change]:
        found = []
        for line in self._changes.read_text().splitlines():
            told = json.loads(line)
            match told["command"]:
                case "NEW_DEST" | "SET_DEST":
                    found.append(Change(told["time"], told["service"], told["server"], told["weight"]))
                case "DEL_DEST":
                    found.append(Change(told["time"], told["service"], told["server"]))
                case "DEL_SERVICE":
                    found.append(Change(told["time"], told["service"], None))
        return found


class Penstock:
    """penstockd, watched from outside: a thread asks its socket for `ipvsadm -Ln` again and again and notes what changed."""

    def __init__(self, lab: Lab):
        self._lab = lab
        self._daemon = Penstockd(lab)
        self.log = self._daemon.log
        self._changes: list[Change] = []
        self._services: dict[str, dict[str, int]] = {}
        self._is_stopping = threading.Event()
        self._is_over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self, configuration: str) -> None:
        self._daemon.write(configuration)
        self._lab.processes.start("penstockd-watched", self._lab.command(self._daemon.node.name, *self._daemon.arguments()), self.log)
        wait_for("penstockd to answer", self._answers, seconds=60, interval_seconds=POLL_SECONDS)
        self._watcher.start()

    def _answers(self) -> bool:
        self._pid()
        return self._listing() is not None

    def reload(self, configuration: str) -> None:
        self._daemon.write(configuration)
        os.kill(self._pid(), signal.SIGHUP)

    def stop(self) -> None:
        """Ask it to stop; the end of its services still counts as a change."""
        self._is_stopping.set()
        os.kill(self._pid(), signal.SIGTERM)

    def finish(self) -> None:
        self._is_over.set()
        if self._watcher.ident is not None:
            self._watcher.join(10)
        self._lab.processes.stop("penstockd-watched", patience_seconds=20)

    def _pid(self) -> int:
        pid = self._lab.processes.pid("penstockd-watched")
        if pid is None:
            raise RuntimeError(f"penstockd is not running:\n{self._daemon.log_text()}")
        return pid

    def changes(self) -> list[Change]:
        return list(self._changes)

    def _watch(self) -> None:
        while not self._is_over.wait(POLL_SECONDS):
            listing = self._listing()
            if listing is not None:
                self._note({end: servers for (_, end), servers in services_of(listing).items()}, time.monotonic())
            elif self._is_stopping.is_set():
                self._note({}, time.monotonic())
            # Else a daemon that died: its services never end, which no scenario takes for well.

    def _note(self, services: dict[str, dict[str, int]], now: float) -> None:
        """Changes from the last listing to this one. `now` is after the listing, so that no change is told before it happened."""
        for service in self._services.keys() | services.keys():
            before, after = self._services.get(service, {}), services.get(service)
            if after is None:
                self._changes.append(Change(now, service, None))
                continue
            self._changes += [Change(now, service, server) for server in before if server not in after]
            self._changes += [Change(now, service, server, weight) for server, weight in after.items() if before.get(server) != weight]
        self._services = services

    def _listing(self) -> str | None:
        """One `ipvsadm -Ln`, in the words of control/cli/protocol.h; None when nobody answers, or not to the end."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(str(self._daemon.socket))
                connection.sendall(b'{"args":["ipvsadm","-Ln"]}\n')
                return text_of(b"".join(iter(lambda: connection.recv(65536), b"")))
        except OSError:
            return None


def text_of(answer: bytes) -> str | None:
    """What an answer's frames print on stdout; None unless the frame of exit status 0 ends it."""
    text, at = b"", 0
    while at + 5 <= len(answer):
        kind, length = answer[at:at + 1], int.from_bytes(answer[at + 1:at + 5], "big")
        payload = answer[at + 5:at + 5 + length]
        if kind == b"x":
            return text.decode() if payload == b"\0" else None
        if kind == b"o":
            text += payload
        at += 5 + length
    return None
