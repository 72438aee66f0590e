"""VRRP under floods and malformed adverts: penstockd on a memif wire, with bench/wire_peer.cc at its other end (lab/flood_stage.py).

Nothing here is a measurement (that is `./run bench floods`): what is asserted is that no state changes, that no gap between two adverts
would make a backup take over, that the master is heard, and that whatever was sent is counted under its name.
"""

import dataclasses
import time

import pytest
from lab import topology
from lab.flood_frames import Advert
from lab.flood_stage import DIRECTOR_MAC, INSTANCES, OURS_FAST, OURS_SLOW, THEIRS_FAST, THEIRS_SLOW, Stage, floods, timing_of
from lab.penstockd import Penstockd
from lab.waiting import wait_for

RATE = 150_000
SECONDS = 3
LINES = 4000
DRAIN = 50_000
# Seconds without an advert after which a router of priority 1 takes over.
MASTER_DOWN = 3 + 255 / 256


@pytest.fixture(scope="module")
def stage(lab):
    socket = lab.directory / "wire.sock"
    daemon = Penstockd(lab, device=Stage.device(socket))
    daemon.log.unlink(missing_ok=True)
    with Stage(lab, daemon, socket, LINES) as stage:
        yield stage
    print(f"---- the end of penstockd's log\n{daemon.log_text()[-20_000:]}")


@pytest.fixture
def unchanged(stage):
    """Around a test: the states are as they should be, and none has changed in between."""
    def transitions() -> list[tuple]:
        shown = stage.instances()
        return [(name, each["state"], each["counters"]["became_master"], each["counters"]["released_master"]) for name, each in shown.items()]

    before = transitions()
    assert stage.has_right_states()
    stage.peer.report()
    yield
    assert transitions() == before
    assert not {vrid for _, vrid, _ in stage.peer.report()["arrivals"]} & {THEIRS_SLOW.vrid, THEIRS_FAST.vrid}, "adverts of a backup"


def rejected(stage, reason: str) -> int:
    return sum(each["counters"]["rejected"][reason] for each in stage.instances().values())


# The number that counts a flood's frames where all of them must be in it.
COUNTED = {
    "wrong password": lambda stage: rejected(stage, "wrong_password"),
    "wrong password, many senders": lambda stage: rejected(stage, "wrong_password"),
    "wrong checksum": lambda stage: rejected(stage, "wrong_checksum"),
    "foreign VRIDs": lambda stage: stage.vrrp()["frames_for_unknown_routers"],
}


@pytest.mark.parametrize("name", [name for name in floods() if name != "no flood"])
def test_a_flood_during_a_reload_with_hanging_scripts_changes_nothing(stage, unchanged, name):
    count = COUNTED.get(name, lambda stage: 0)
    counted = count(stage)
    heard = stage.instances()[THEIRS_FAST.name]["counters"]["adverts_received"]
    drops = stage.drops()
    stage.peer.drain(DRAIN if "TX full" in name else 0)
    stage.peer.report()
    stage.peer.flood(RATE, floods()[name])
    stage.reload()
    time.sleep(SECONDS)  # the length of the flood
    stage.peer.flood(0, [])
    stage.peer.drain(0)
    report = stage.peer.report()

    for instance in (OURS_SLOW, OURS_FAST):
        times = [time for time, vrid, _ in report["arrivals"] if vrid == instance.vrid]
        assert len(times) >= 2, instance
        assert timing_of(report, instance).worst_lateness_seconds < (MASTER_DOWN - 1) * instance.interval_seconds
    assert not {vrid for _, vrid, _ in report["arrivals"]} & {THEIRS_SLOW.vrid, THEIRS_FAST.vrid}, "adverts of a backup"
    assert stage.instances()[THEIRS_FAST.name]["counters"]["adverts_received"] > heard
    assert report["sent"] > 0
    if name in COUNTED:
        wait_for(f"{report['sent']} frames to be counted", lambda: count(stage) == counted + report["sent"], seconds=10)
    if "TX full" in name:
        assert stage.drops()["tx_queue_full"] > drops["tx_queue_full"]


def test_a_flood_of_wrong_passwords_is_explained(stage, unchanged):
    stage.peer.flood(RATE, floods()["wrong password"])
    words = f"I hear {topology.DIRECTOR2.address} for VRID {OURS_SLOW.vrid}, rejected: wrong password ("

    def explanation() -> str:
        text = stage.daemon.penstock("show", "vrrp").stdout
        return text if words in text else ""

    text = wait_for(words, explanation)
    stage.peer.flood(0, [])
    totals = [line for line in text.splitlines() if line.startswith("  Rejected   ")]
    assert sum(" wrong password" in line for line in totals) == 2, totals


MALFORMED = {
    "a message cut short": (dict(cut=16), "rejected", "wrong_length"),
    "fewer addresses counted than listed": (dict(address_count=0), "rejected", "wrong_length"),
    "more addresses counted than listed": (dict(address_count=200), "rejected", "wrong_length"),
    "a TTL of 254": (dict(ttl=254), "rejected", "wrong_TTL"),
    "another version": (dict(version=3, interval=100), "rejected", "another_VRRP_version"),
    "an unknown version": (dict(version=9), "rejected", "another_VRRP_version"),
    "an unknown type": (dict(kind=2), "rejected", "no_advertisement"),
    "a wrong checksum": (dict(checksum_error=1), "rejected", "wrong_checksum"),
    "no authentication": (dict(authentication_type=0), "rejected", "another_authentication_type"),
    "an unknown authentication": (dict(authentication_type=7), "rejected", "another_authentication_type"),
    "an AH header": (dict(authentication_header=True), "rejected", "another_authentication_type"),
    "a wrong password": (dict(password="wrong1"), "rejected", "wrong_password"),
    "another interval": (dict(interval=5), "rejected", "another_advert_interval"),
    "by unicast": (dict(destination=topology.DIRECTOR.address, destination_mac=DIRECTOR_MAC), "rejected",
                   "unicast_instead_of_multicast_or_the_reverse"),
    "from our own address": (dict(source=topology.DIRECTOR.address), "rejected", "our_own_address"),
    "a foreign VRID": (dict(vrid=99), "vrrp", "frames_for_unknown_routers"),
    "a message of one byte": (dict(cut=1), "vrrp", "unreadable_frames"),
    "an empty message": (dict(cut=0), "vrrp", "unreadable_frames"),
    "a fragment": (dict(fragment=0x2000), "vrrp", "unreadable_frames"),
    "IP version 5": (dict(ip_version=5), "drops", "ipv4_bad_version"),
    "an IP header of 16 bytes": (dict(header_words=4), "drops", "ipv4_bad_header_length"),
    "an IP packet longer than its frame": (dict(total_length=400), "drops", "ipv4_bad_total_length"),
    "a wrong IP checksum": (dict(ip_checksum_error=1), "drops", "ipv4_bad_checksum"),
    "a source route": (dict(options=bytes([131, 3, 4, 0])), "drops", "ipv4_source_routed"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_advert_changes_nothing_and_is_counted_by_name(stage, unchanged, name):
    """Of priority 255, which would make any master yield if it were believed."""
    changes, where, key = MALFORMED[name]
    adverts: list[Advert] = [dataclasses.replace(instance.advert(priority=255), **changes) for instance in (OURS_SLOW, THEIRS_SLOW)]

    def count() -> int:
        return {"rejected": lambda: rejected(stage, key), "vrrp": lambda: stage.vrrp()[key], "drops": lambda: stage.drops()[key]}[where]()

    def known() -> dict[str, dict]:
        return {each: stage.instances()[each]["master"] for each in (OURS_SLOW.name, OURS_FAST.name)}

    before, masters = count(), known()
    stage.peer.send([advert.frame() for advert in adverts] * 3)
    wait_for("all of them to be counted", lambda: count() == before + 6)
    assert known() == masters, "what our instances believe about another master"


def test_the_instances_of_the_stage_are_both_masters_and_backups():
    assert {instance.is_ours for instance in INSTANCES} == {True, False}
