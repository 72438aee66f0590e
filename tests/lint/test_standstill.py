"""What is taken off a bench's figures must be what the machine stood still, and no more."""

import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from lab.standstill import Standstill  # noqa: E402

# Of two processors: the second and third overlap, the fourth lies within the third.
SPANS = [(10.0, 11.0), (20.0, 22.0), (21.0, 25.0), (23.0, 24.0)]


@pytest.mark.parametrize("begin, end, seconds", [
    (0, 9, 0),
    (9, 12, 1),
    (10.25, 10.5, 0.25),  # within one
    (10.5, 20.5, 1),  # the end of one and the beginning of another
    (19, 30, 5),  # what several processors share counts once
    (11, 20, 0),
    (30, 40, 0),
])
def test_a_time_has_the_standstills_that_lie_in_it(begin, end, seconds):
    assert Standstill(list(SPANS)).within(begin, end) == pytest.approx(seconds)


def test_the_longest_is_one_processors():
    assert Standstill(list(SPANS)).longest() == 4
    assert Standstill().longest() == 0


def test_watchers_end_and_tell_of_their_time_only():
    before = time.time()
    with Standstill() as standstill:
        pass
    assert 0 <= standstill.within(before, time.time()) <= standstill.within(0, time.time())
    assert standstill.within(0, before) == 0
