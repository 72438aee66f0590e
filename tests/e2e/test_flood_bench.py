"""`./run bench flood` in little, without its figures: SYNs of random clients fill a small table, and no established connection is lost."""

from lab.flood_bench import measure


def test_established_connections_live_through_a_syn_flood(lab):
    row, slices = measure(lab, flood=3, flows=256, connections=4096, seconds=0.2)
    assert row.stateless > 0  # the table was full
    assert row.is_well, row
    assert slices
