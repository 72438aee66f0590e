"""`./run bench forward` in little, without its figures: penstockd and testpmd by turns on a device that needs no wire, and no packet is lost."""

import pytest
from lab.forward_bench import Case, measure, measure_sync
from lab.packet_loads import Load

SECONDS = 0.1


@pytest.mark.parametrize("load", [Load(256, device="pcap"), Load(256), Load(256, protocol="tcp", new_each=100)],
                         ids=["pcap", "source", "source with new flows"])
def test_both_programs_forward_everything(lab, load):
    rows, is_well = measure(lab, Case("in little", load, warm_up=20_000), SECONDS, rounds=1)
    assert [row.program for row in rows] == ["penstock", "testpmd"]
    assert all(row.ns_per_packet > 0 for row in rows)
    assert is_well


def test_connections_are_synced_meanwhile(lab):
    rows, is_well = measure_sync(lab, SECONDS, rounds=1)
    assert [row.case for row in rows] == ["connection sync off", "connection sync on"]
    assert is_well
