"""What one daemon says of itself and what the kernel says of it and of the machine, for the benches."""

import json
import os
import pathlib

from lab.penstockd import Penstockd

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def stolen_seconds() -> float:
    """Processor time that the machine's hypervisor gave to others, of all processors: whoever had to run then was late."""
    words = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()
    return int(words[8]) / CLOCK_TICKS


class Meter:
    """Of a daemon that is running."""

    def __init__(self, daemon: Penstockd):
        self._daemon = daemon
        self._pid = int(daemon.pid_file.read_text())

    def _json(self, *command: str):
        return json.loads(self._daemon.penstock("show", *command, "--json").stdout)

    def punctuality(self) -> dict:
        return self._json("checks")["punctuality"]

    def verdicts(self) -> dict:
        return self._json("checks")["verdict_latency"]

    def threads(self) -> dict[str, dict]:
        return {thread["thread"]: thread for thread in self._json("threads")}

    def publications(self) -> int:
        return self._json("stats")["daemon"]["snapshots_published"]

    def servers_in_service(self) -> int:
        """Without the daemon's longer listings, which would be what is measured."""
        return self._daemon.ipvsadm("-Ln").count("\n  -> ") - 1  # one is the title's

    def checks(self) -> list[dict]:
        return [check for service in self._json("checks")["services"] for server in service["servers"] for check in server["checks"]]

    def cpu_seconds(self) -> dict[str, float]:
        """By thread name; those of one name are summed up."""
        used: dict[str, float] = {}
        for task in pathlib.Path(f"/proc/{self._pid}/task").iterdir():
            name, _, rest = (task / "stat").read_text().partition("(")[2].rpartition(")")
            fields = rest.split()
            used[name] = used.get(name, 0) + (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
        return used

    def memory_mib(self) -> float:
        lines = pathlib.Path(f"/proc/{self._pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

    def descriptors(self) -> int:
        return len(list(pathlib.Path(f"/proc/{self._pid}/fd").iterdir()))
