"""lab/pace.py: what counts is chosen by the processor's probes, not by the figures themselves."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from lab.pace import FEWEST, Slice, at_full_speed, best_probe, read  # noqa: E402

FULL, HALF = 680.0, 1300.0


def slices(cost: float, probe: float, count: int, queue: int = 0) -> list[Slice]:
    return [Slice(queue, 8192, cost * 8192, probe)] * count


def test_slices_of_a_slow_processor_are_left_out():
    mixed = slices(20, FULL, 200) + slices(40, HALF, 600)
    found = at_full_speed(mixed, best_probe(mixed))
    assert found.ns_per_packet == pytest.approx(20)
    # The first has no probe before it.
    assert found.share == pytest.approx(199 / 799)


def test_a_slice_needs_both_its_probes():
    alternating = [each for _ in range(400) for each in (*slices(20, FULL, 1), *slices(40, HALF, 1))]
    assert at_full_speed(alternating, FULL).ns_per_packet is None


def test_too_few_say_nothing():
    assert at_full_speed(slices(20, FULL, FEWEST), FULL).ns_per_packet is None
    assert at_full_speed(slices(20, FULL, FEWEST + 1), FULL).ns_per_packet == pytest.approx(20)
    assert at_full_speed([], best_probe([])).ns_per_packet is None


def test_workers_add_up():
    both = slices(20, FULL, 100, queue=0) + slices(30, FULL, 100, queue=1)
    assert at_full_speed(both, FULL).ns_per_packet == pytest.approx(12)


def test_the_line_that_is_being_written_is_left_out(tmp_path):
    file = tmp_path / "pace"
    assert read(file) == []
    file.write_text("0 8192 163840.5 680.25\n1 8192 1638")
    assert read(file) == [Slice(0, 8192, 163840.5, 680.25)]
