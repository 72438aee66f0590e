"""`./run bench latency` in little, without its figures: packets that are stamped come back from both programs, and are counted by their time."""

from lab.latency_bench import rows_at

PACKETS_A_SECOND = 2_000_000


def test_packets_are_timed_on_their_way_through_both_programs(lab):
    rows = rows_at(lab, 0.5, [PACKETS_A_SECOND, PACKETS_A_SECOND], flows=256, seconds=0.2, rounds=1)
    assert [(row.program, row.case) for row in rows] == [("testpmd", ""), ("penstock", "configuration at rest"), ("penstock", "10 changes a second")]
    for row in rows:
        assert row.packets > 0
        assert 0 < row.nanoseconds["0.5"] <= row.nanoseconds["0.99"] <= row.nanoseconds["1"]
