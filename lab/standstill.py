"""When the machine itself stood still: a virtual machine's processors are taken away now and then, by its host or by an interrupt, and
whatever is due meanwhile is late. For benches of milliseconds, which else would call that the daemon's.

    python3 -m lab.standstill CPU      (until it is ended; then its standstills as JSON)

A watcher on each processor sleeps half a millisecond at a time, ahead of every other thread (the highest realtime priority; what a
daemon or a script does can't delay it), and notes when it woke late.
"""

import ctypes
import gc
import json
import os
import signal
import subprocess
import sys
import time
from typing import Self

PERIOD_SECONDS = 0.0005
# Less is what each wake-up of a sleeping processor costs.
LATE_SECONDS = 0.0005
PRIORITY = 99
PR_SET_TIMERSLACK = 29
MCL_CURRENT_AND_FUTURE = 3


def watch(cpu: int) -> list[tuple[float, float]]:
    """The standstills of one processor until SIGTERM: from when to when, by the realtime clock."""
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    os.sched_setaffinity(0, {cpu})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_TIMERSLACK, 1)
    libc.mlockall(MCL_CURRENT_AND_FUTURE)
    gc.disable()
    print("watching", flush=True)
    spans = []
    while not ended:
        due = time.time() + PERIOD_SECONDS
        time.sleep(PERIOD_SECONDS)
        now = time.time()
        if now - due > LATE_SECONDS:
            spans.append((due, now))
    return spans


class Standstill:
    """Watches every processor as long as the context lasts; afterwards tells what stood still."""

    def __init__(self, spans: list[tuple[float, float]] | None = None):
        """`spans`: from when to when processors stood still, where that is known already."""
        self._watchers: list[subprocess.Popen] = []
        self._spans = spans or []

    def __enter__(self) -> Self:
        for cpu in sorted(os.sched_getaffinity(0)):
            self._watchers.append(subprocess.Popen([sys.executable, "-m", "lab.standstill", str(cpu)], stdin=subprocess.DEVNULL,
                                                   stdout=subprocess.PIPE, text=True))
        if not all([watcher.stdout.readline() for watcher in self._watchers]):
            for watcher in self._watchers:
                watcher.kill()
                watcher.wait()
            raise RuntimeError("no watcher of standstills: it needs root, for the highest realtime priority")
        return self

    def __exit__(self, *_) -> None:
        for watcher in self._watchers:
            watcher.terminate()
            self._spans += json.loads(watcher.communicate()[0])
        self._watchers.clear()

    def within(self, begin: float, end: float) -> float:
        """Seconds between two times (realtime clock) in which at least one processor stood still: perhaps not the one that mattered, so what is
        taken off by it is taken off generously."""
        total, until = 0.0, begin
        for since, woke in sorted(self._spans):
            since, woke = max(since, until), min(woke, end)
            if woke > since:
                total, until = total + woke - since, woke
        return total

    def longest(self) -> float:
        """Seconds; 0 when none was longer than a wake-up takes."""
        return max((woke - since for since, woke in self._spans), default=0.0)


if __name__ == "__main__":
    print(json.dumps(watch(int(sys.argv[1]))), flush=True)
