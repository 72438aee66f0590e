"""`./run bench forward` in little, without its figures: penstockd and testpmd by turns on a device that needs no wire, and no packet is lost but by
memif, when its other end is preempted."""

import pytest
from lab.forward_bench import Case, measure, measure_sync, tell_full_speed
from lab.packet_loads import Load

SECONDS = 0.1


@pytest.mark.parametrize("load", [Load(256, device="pcap"), Load(256, device="memif"), Load(256), Load(256, protocol="tcp", new_each=100)],
                         ids=["pcap", "memif", "source", "source with new flows"])
def test_both_programs_forward_everything(lab, load):
    measured = measure(lab, Case("in little", load, warm_up=20_000), SECONDS, rounds=1)
    assert [row.program for row in measured.rows] == ["penstock", "testpmd"]
    assert all(row.ns_per_packet > 0 for row in measured.rows)
    assert measured.is_well
    # Each counts all that it takes: in slices of 8,192 packets, and of both the processor's probes.
    assert all(slices and all(slice_.packets >= 8192 and slice_.probe > 0 for slice_ in slices) for slices in measured.slices)
    tell_full_speed([measured])


def test_connections_are_synced_meanwhile(lab):
    measured = measure_sync(lab, SECONDS, rounds=1)
    assert [row.case for row in measured.rows] == ["connection sync on", "connection sync off"]
    assert measured.is_well
    tell_full_speed([measured])
