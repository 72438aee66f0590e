"""penstockd and the kernel's IPVS, as the judge, do the same with random scenarios: `./run test differential`.

PENSTOCK_TEST_SEED=n plays the scenarios n, n + 1, ... (else from a random n), PENSTOCK_SCENARIOS=m so many of them, 40 at most. What differs is
shown by its scenario's seed.
"""

import os
import random

import guests
import pytest

SEED = int(os.environ.get("PENSTOCK_TEST_SEED") or random.randrange(1 << 31))
SCENARIOS = [f"random_{SEED + number}" for number in range(int(os.environ.get("PENSTOCK_SCENARIOS", "20")))]


@pytest.fixture(scope="session")
def transcripts(tmp_path_factory):
    return guests.transcripts(tmp_path_factory.mktemp("guests"), SCENARIOS)


def without_order(lines: list[str]) -> list[str]:
    """What each probe brought about, sorted: what the director's kernel answers goes another way than what it forwards, and may come later."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("#"):
            parts.append([])
        parts[-1].append(line)
    return [line for part in parts for line in (*part[:1], *sorted(part[1:]))]


@pytest.mark.parametrize("name", SCENARIOS)
def test_penstock_does_what_the_kernel_does(transcripts, name):
    assert transcripts["kernel"].get(name), "the kernel's guest has nothing to say"
    ours, theirs = (without_order(transcripts[which].get(name, [])) for which in ("penstock", "kernel"))
    guests.assert_same(ours, theirs, "penstock", "the kernel's IPVS")
