"""Waiting for a condition of the outside world, with a bound and with words for the case that it never comes."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def wait_for(what: str, condition: Callable[[], Result], seconds: float = 20, interval_seconds: float = 0.02) -> Result:
    """Ask again and again until `condition` returns something true, and return that. TimeoutError names `what`."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}; last answer: {result!r}")
        time.sleep(interval_seconds)
