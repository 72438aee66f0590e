"""Waiting for a condition of the outside world, with a bound and with words for the case that it never comes."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def wait_for(what: str, condition: Callable[[], Result], seconds: float = 20, interval_seconds: float = 0.02,
             evidence: Callable[[], str] = lambda: "") -> Result:
    """Ask again and again until `condition` returns something true, and return that. TimeoutError names `what`, how often was asked and how
    long the slowest answer took, which tells whoever waits from whoever doesn't answer; and the `evidence`, which is asked for only then."""
    deadline = time.monotonic() + seconds
    asked, slowest = 0, 0.0
    while True:
        begin = time.monotonic()
        result = condition()
        asked, slowest = asked + 1, max(slowest, time.monotonic() - begin)
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}; last of {asked} answers: {result!r}; the slowest took {slowest:.1f} s. {evidence()}".rstrip())
        time.sleep(interval_seconds)
