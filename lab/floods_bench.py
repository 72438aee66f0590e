"""`./run bench floods`: VRRP under floods of small packets, during reloads of a long file and with every script hanging. Needs root.

    python3 -m lab.floods_bench [--seconds N] [--rate PPS] [--lines N]

One penstockd on a memif wire (lab/flood_stage.py). For each flood: how many of its adverts were missed and how late the latest one was, and
whether it stayed backup where the other end is master. Exit status 1 when an advert was missed or a state has changed.
"""

import argparse
import os
import sys
import time

from lab import topology
from lab.flood_stage import INSTANCES, OURS_FAST, OURS_SLOW, THEIRS_FAST, THEIRS_SLOW, VIRTUAL_PORT, Stage, configuration, floods, timing_of
from lab.lab import Lab
from lab.meter import stolen_seconds
from lab.penstockd import Penstockd

# Frames a second that leave the wire while TX shall be full.
DRAIN = 300_000
RELOAD_PERIOD_SECONDS = 2


def counters(stage: Stage) -> dict[str, dict]:
    return {name: shown["counters"] for name, shown in stage.instances().items()}


def measure(stage: Stage, name: str, frames: list[bytes], rate: int, seconds: float) -> bool:
    """Print one row; whether all is well."""
    stage.peer.drain(DRAIN if "TX full" in name else 0)
    before, drops_before, stolen = counters(stage), stage.drops(), stolen_seconds()
    stage.peer.flood(rate, frames)
    stage.peer.report()
    until = time.monotonic() + seconds
    reloads = 0
    while time.monotonic() < until:
        stage.reload()
        reloads += 1
        time.sleep(RELOAD_PERIOD_SECONDS)
    report = stage.peer.report()
    stolen = stolen_seconds() - stolen
    stage.peer.flood(0, [])
    stage.peer.drain(0)
    after, drops = counters(stage), stage.drops()
    slow, fast = timing_of(report, OURS_SLOW), timing_of(report, OURS_FAST)
    changed = [instance.name for instance in INSTANCES for key in ("became_master", "released_master")
               if after[instance.name][key] != before[instance.name][key]]
    claimed = sum(vrid in (THEIRS_SLOW.vrid, THEIRS_FAST.vrid) for _, vrid, _ in report["arrivals"])
    heard = after[THEIRS_FAST.name]["adverts_received"] - before[THEIRS_FAST.name]["adverts_received"]
    most = max(drops, key=lambda reason: drops[reason] - drops_before[reason])
    print(f"{name:30} {report['sent'] / report['seconds']:9,.0f}/s ({report['refused'] / report['seconds']:,.0f}/s refused by the wire), "
          f"{reloads} reloads; 1 s: {slow.count} adverts, {slow.missed} missed, {slow.worst_lateness_seconds * 1000:+.2f} ms; "
          f"0.1 s: {fast.count}, {fast.missed}, {fast.worst_lateness_seconds * 1000:+.2f} ms; as backup: {heard} heard of "
          f"{report['adverts_sent'] // 2}, states changed: {', '.join(changed) or 'none'}; most dropped: {most} "
          f"{drops[most] - drops_before[most]:,}; stolen by the hypervisor: {stolen * 1000:.0f} ms", flush=True)
    return slow.missed == 0 and fast.missed == 0 and not changed and claimed == 0 and stage.has_right_states()


def main() -> int:
    parser = argparse.ArgumentParser(description="VRRP under floods.")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rate", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--only", help="the flood of this name")
    arguments = parser.parse_args()
    lab = Lab(os.environ.get("LAB_ID", "floods"))
    socket = lab.directory / "wire.sock"
    try:
        (lab.directory / "pids").mkdir(parents=True, exist_ok=True)
        lab.network_up()
        daemon = Penstockd(lab, node=topology.DIRECTOR, device=Stage.device(socket))
        with Stage(lab, daemon, socket, arguments.lines) as stage:
            lines = configuration(arguments.lines).count("\n")
            print(f"on {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; the worker on the last one, the flood on the first one "
                  f"({'realtime' if stage.peer.is_realtime else 'without realtime: its stamps may be late'}), control and VRRP where there is room; "
                  f"a configuration of {lines:,} lines read again each {RELOAD_PERIOD_SECONDS} s; all scripts hang; {arguments.seconds:g} s each; "
                  f"VIP traffic to port {VIRTUAL_PORT} leaves by a wire that takes {DRAIN:,}/s", flush=True)
            results = [measure(stage, name, frames, arguments.rate, arguments.seconds) for name, frames in floods().items()
                       if arguments.only in (None, name)]
            print(daemon.penstock("show", "vrrp").stdout)
    finally:
        lab.down()
    print(f"load at the end {os.getloadavg()[0]:.1f}; " + ("no advert missed, no state changed" if all(results) else "NOT as it should be"))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
