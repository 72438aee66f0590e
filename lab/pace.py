"""What packets cost while the processor ran at its full speed, from the slices of bench/pace.h.

The problem: a processor of a shared machine is one hardware thread of a core, whose other one a neighbour has. While he uses it, either has
down to half of what the core can do: a second's mean says more of the neighbours than of the program. Behind each slice of 8,192 packets a probe, which no cache and no program has a part in, tells how fast the
processor is. The slices between two fast probes are taken: chosen by the processor, not by their own figures.
"""

import dataclasses
import itertools
import pathlib
import statistics

# A processor at full speed answers the probe within so much of its best time.
TOLERANCE = 1.1
# The best time: this share of all are quicker.
BEST = 0.01
# Fewer say nothing.
FEWEST = 50


@dataclasses.dataclass(frozen=True)
class Slice:
    queue: int
    packets: int
    nanoseconds: float
    # That the probe took, behind it.
    probe: float


@dataclasses.dataclass(frozen=True)
class AtFullSpeed:
    """`ns_per_packet` of all workers together; None: the processor was hardly ever at full speed. `share`: of the slices."""
    ns_per_packet: float | None
    share: float


def read(file: pathlib.Path) -> list[Slice]:
    """A last line that is being written is left out."""
    text = file.read_text() if file.exists() else ""
    return parse(text[:text.rfind("\n") + 1])


def parse(text: str) -> list[Slice]:
    lines = (line.split() for line in text.splitlines())
    return [Slice(int(queue), int(packets), float(nanoseconds), float(probe)) for queue, packets, nanoseconds, probe in lines]


def best_probe(slices: list[Slice]) -> float:
    """Of the processors of all these slices; infinite where there are none."""
    return sorted(each.probe for each in slices)[int(len(slices) * BEST)] if slices else float("inf")


def at_full_speed(slices: list[Slice], best: float) -> AtFullSpeed:
    """Of one program; `best`: best_probe() of the whole run, since a case may have seen a slow processor only. The median over the slices
    of each worker."""
    rate, taken, count = 0.0, 0, 0
    for _, of_queue in itertools.groupby(sorted(slices, key=lambda each: each.queue), key=lambda each: each.queue):
        pairs = list(itertools.pairwise(of_queue))
        costs = [each.nanoseconds / each.packets for before, each in pairs if max(before.probe, each.probe) <= best * TOLERANCE]
        if len(costs) < FEWEST:
            return AtFullSpeed(None, 0)
        rate += 1 / statistics.median(costs)
        taken, count = taken + len(costs), count + len(pairs)
    return AtFullSpeed(1 / rate, taken / count) if rate else AtFullSpeed(None, 0)
