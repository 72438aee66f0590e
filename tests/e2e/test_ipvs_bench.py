"""The half of `./run bench ipvs` that needs no kernel of its own, in little and without its figures."""

from lab.ipvs_bench import FLOWS, dpdk_rows


def test_what_a_packet_costs_both_programs_is_read_off(lab):
    # The kernel notes a processor's time each few milliseconds: fewer packets may have come in none.
    rows = list(dpdk_rows(lab, rounds=1, packets=1_000_000))
    cases = [("established", flows) for flows in FLOWS] + [("each packet new", 1)]
    assert [(row.program, row.case, row.flows) for row in rows] == [(program, *case) for case in cases for program in ("testpmd", "penstock")]
    assert all(row.cost > 0 for row in rows)
