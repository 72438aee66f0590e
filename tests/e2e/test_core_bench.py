"""`./run bench core` in little, without its figures: both builds go through all cases that were asked for."""

from lab.core_bench import MADE, cases, measure, tell
from lab.penstockd import build_directory

SLICES = 60


def test_builds_go_through_the_same_cases(capsys):
    builds = [build_directory(), build_directory()]
    wanted = [case for case in cases(builds[0]) if case == MADE or case in (("established", 256), ("a line of memory each", 32768))]
    assert len(wanted) == 3
    measured = measure(builds, wanted, rounds=1, count=SLICES)
    assert list(measured) == wanted
    for of_builds in measured.values():
        assert all(len(slices) % SLICES == 0 and slices and all(each.packets == 8192 for each in slices) for slices in of_builds)
    tell(builds, measured)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == [name.split()[0] for name, _ in wanted]
