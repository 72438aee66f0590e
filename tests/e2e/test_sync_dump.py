"""A director that has just started asks for all connections and gets them: `./run bench sync` with few of them, and without its clock."""

import pytest
from lab.sync_bench import SOURCES, Pair

COUNT = 5000


@pytest.mark.parametrize("source", SOURCES)
def test_all_connections_arrive(lab, source):
    with Pair(lab, COUNT) as pair:
        try:
            pair.fill(SOURCES[source])
            assert pair.dump().failures(COUNT) == []
        finally:
            for daemon in (pair.master, pair.other):
                print(f"---- log of penstockd in {daemon.node.name}\n{daemon.log_text()}")
