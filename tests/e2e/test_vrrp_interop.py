"""penstockd beside Debian's keepalived and FRR's vrrpd, either as the master: who takes over, and who returns.

A play has all kinds of virtual routers at once and goes through three faults of the master: SIGTERM, SIGKILL, and its cable pulled out.
What is expected of each virtual router is then a test of its own.
"""

import pytest
from lab import topology
from lab.vrrp_wire import VrrpWire
from lab.waiting import wait_for
from vrrp_routers import Frr, Instance, Keepalived, Penstock, Router

KEEPALIVED_CASES = {
    "version 2": [Instance("V2", 61, "192.168.1.201", version=2)],
    "version 2, PASS": [Instance("V2_PASS", 62, "192.168.1.202", version=2, password="admin123")],
    "version 3": [Instance("V3", 63, "192.168.1.203")],
    "version 3, IPv6": [Instance("V3_IPV6", 64, "fd77::204")],
    "unicast": [Instance("UNICAST", 65, "192.168.1.205", is_unicast=True)],
    "virtual MAC": [Instance("VMAC", 68, "192.168.1.208", has_virtual_mac=True)],
    "virtual MAC, IPv6": [Instance("VMAC_IPV6", 69, "fd77::209", has_virtual_mac=True)],
    "virtual MAC, adverts by the base": [Instance("VMAC_BASE", 70, "192.168.1.210", has_virtual_mac=True, transmits_base=True)],
    "sync group": [Instance("GROUP_A", 66, "192.168.1.206", group="G1"), Instance("GROUP_B", 67, "192.168.1.207", group="G1")],
}
FRR_CASES = {
    "version 3": [Instance("V3", 71, "192.168.1.211")],
    "version 3, IPv6": [Instance("V3_IPV6", 72, "fd77::212")],
}
FAULTS = ("SIGTERM", "SIGKILL", "cable")
PRIORITY_OF_MASTER = 150
PRIORITY_OF_BACKUP = 100
PATIENCE_SECONDS = 15


class Play:
    """One pair, and what was missing after each fault of its master and after each return, by virtual router."""

    def __init__(self, wire: VrrpWire, master: Router, backup: Router, cases: dict[str, list[Instance]]):
        self._wire = wire
        self._master = master
        self._backup = backup
        self.cases = cases
        self._instances = [instance for case in cases.values() for instance in case]
        self.missing: dict[tuple[str, str], list[str]] = {}
        # Seconds from the old master's last advert to the new one's first.
        self.gaps: dict[tuple[str, str], float] = {}

    def run(self) -> None:
        self._backup.start(self._instances, PRIORITY_OF_BACKUP)
        start = self._wire.now()
        self._master.start(self._instances, PRIORITY_OF_MASTER)
        self._settle("start", self._master, self._backup, PRIORITY_OF_MASTER, start)
        for fault in FAULTS:
            self._fail(fault)

    def _fail(self, fault: str) -> None:
        since = self._wire.now()
        match fault:
            case "SIGTERM":
                self._master.stop()
            case "SIGKILL":
                self._master.kill()
            case "cable":
                self._master.lab.set_cable(self._master.own, up=False)
        self._settle(fault, self._backup, None, PRIORITY_OF_BACKUP, since)
        since = self._wire.now()
        if fault == "cable":
            self._master.lab.set_cable(self._master.own, up=True)
        else:
            self._master.start(self._instances, PRIORITY_OF_MASTER)
        self._settle(f"return after {fault}", self._master, self._backup, PRIORITY_OF_MASTER, since)

    def _settle(self, what: str, new: Router, other: Router | None, priority: int, since: int) -> None:
        """Wait until all virtual routers are at `new`, and note what doesn't come."""
        def missing() -> dict[str, list[str]]:
            return {instance.name: self._missing(instance, new, other, priority, since, needs_announcement) for instance in self._instances}
        needs_announcement = what != "return after cable" or new.announces_after_cable
        try:
            wait_for(what, lambda: not any(missing().values()), seconds=PATIENCE_SECONDS, interval_seconds=0.1)
        except TimeoutError:
            pass
        for name, complaints in missing().items():
            self.missing[what, name] = complaints
        for instance in self._instances:
            first = next(iter(self._adverts(instance, new, priority, since)), None)
            last = [advert for advert in self._wire.adverts(self._peer_of(new).own.name, instance.vrid) if first and advert.time < first.time]
            if first and last:
                self.gaps[what, instance.name] = first.time - last[-1].time

    def _peer_of(self, router: Router) -> Router:
        return self._backup if router is self._master else self._master

    def _adverts(self, instance: Instance, router: Router, priority: int, since: int):
        return [advert for advert in self._wire.adverts(router.own.name, instance.vrid, since)
                if advert.priority == priority and advert.mac == router.advert_mac(instance)]

    def _missing(self, instance: Instance, new: Router, other: Router | None, priority: int, since: int,
                 needs_announcement: bool) -> list[str]:
        found = []
        if not self._adverts(instance, new, priority, since):
            found.append(f"an advert of priority {priority} from {new.own.name}, {new.advert_mac(instance)}")
        announcement = (instance.vip, new.mac(instance))
        if needs_announcement and announcement not in [(each.address, each.mac) for each in self._wire.announcements(new.own.name, since)]:
            found.append(f"an announcement that {instance.vip} is at {announcement[1]}")
        if not new.holds(instance):
            found.append(f"{instance.vip} at {new.own.name}")
        if other is not None and other.holds(instance):
            found.append(f"the end of {instance.vip} at {other.own.name}")
        return found


def play(lab, foreign: type[Router], is_ours_master: bool, cases: dict[str, list[Instance]]):
    ours = Penstock(lab, topology.DIRECTOR, topology.DIRECTOR2)
    theirs = foreign(lab, topology.DIRECTOR2, topology.DIRECTOR)
    master, backup = (ours, theirs) if is_ours_master else (theirs, ours)
    with VrrpWire(lab) as wire:
        play = Play(wire, master, backup, cases)
        try:
            play.run()
            yield play
        finally:
            lab.set_cable(master.own, up=True)
            for router in (ours, theirs):
                router.clean()
            for (what, name), gap in play.gaps.items():
                print(f"{what:24} {name:12} {gap * 1000:8.2f} ms from the last advert to the new master's first")
            for router in (ours, theirs):
                print(f"---- log in {router.own.name}\n{router.log_text()}")


PLAYS = {
    "penstockd over keepalived": (Keepalived, True, KEEPALIVED_CASES),
    "keepalived over penstockd": (Keepalived, False, KEEPALIVED_CASES),
    "penstockd over FRR": (Frr, True, FRR_CASES),
    "FRR over penstockd": (Frr, False, FRR_CASES),
}


@pytest.fixture(scope="module")
def played(lab, request):
    """One fixture for all plays: the one before is cleared away before the next begins, as they use the same nodes."""
    yield from play(lab, *PLAYS[request.param])


@pytest.mark.parametrize("played, case, fault", [(name, case, fault) for name, (_, _, cases) in PLAYS.items() for case in cases for fault in FAULTS],
                         indirect=["played"], scope="module")
def test_the_backup_takes_over_and_the_master_returns(played, case, fault):
    for instance in played.cases[case]:
        assert played.missing["start", instance.name] == []
        assert played.missing[fault, instance.name] == []
        assert played.missing[f"return after {fault}", instance.name] == []
