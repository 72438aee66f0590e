"""Background processes that outlive the program which started them, and are found again by process id.

A process id alone may have been given to a stranger since; so the kernel's start time of the process is noted beside it, and one whose
start time differs is taken as gone. Nothing is ever ended by name.
"""

import os
import pathlib
import select
import signal
import subprocess


def _start_time(pid: int) -> str | None:
    """Field 22 of /proc/PID/stat, in clock ticks since boot; None when the process is gone or a zombie."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]


class ProcessList:
    """The processes of one lab: a file per process in `directory`, which exists."""

    def __init__(self, directory: pathlib.Path):
        self._directory = directory
        # Those that this program started itself: only a parent learns an exit status.
        self._children: dict[str, subprocess.Popen] = {}

    def start(self, name: str, command: list[str], log: pathlib.Path) -> int:
        """Start `command` in a session of its own, output to `log`, unless it is already running. Returns its process id."""
        running = self.pid(name)
        if running is not None:
            return running
        with open(log, "ab") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        (self._directory / name).write_text(f"{process.pid} {_start_time(process.pid)}\n")
        self._children[name] = process
        return process.pid

    def pid(self, name: str) -> int | None:
        """The process id of a running process, or None."""
        try:
            pid, start_time = (self._directory / name).read_text().split()
        except FileNotFoundError:
            return None
        return int(pid) if _start_time(int(pid)) == start_time else None

    def stop(self, name: str, patience_seconds: float = 5, first: signal.Signals = signal.SIGTERM) -> int | None:
        """The signal `first`, and SIGKILL for one that does not end in time. One that is gone already is fine.
        Returns the exit status (negative: the signal's number) when this program started it, else None."""
        pid = self.pid(name)
        if pid is not None:
            descriptor = os.pidfd_open(pid)
            signal.pidfd_send_signal(descriptor, first)
            if not select.select([descriptor], [], [], patience_seconds)[0]:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                select.select([descriptor], [], [], patience_seconds)
            os.close(descriptor)
        (self._directory / name).unlink(missing_ok=True)
        child = self._children.pop(name, None)
        return child.wait(patience_seconds) if child else None

    def stop_all(self) -> None:
        for file in sorted(self._directory.iterdir()):
            self.stop(file.name)
