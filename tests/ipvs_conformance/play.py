"""Plays the scenarios against one director and writes its transcript.

    play.py kernel|penstock OUT SCENARIO...

Needs root and a kernel that has what the director needs: the guest for the kernel's IPVS; penstockd plays on any host too, which is quicker
while one works on it (but too_large needs a kernel that lets 1504 bytes through a veth of 1500, as Linux 6.1 does). A scenario is one of
scenarios.py, or random_N, which comes of the seed N. OUT/transcript.txt holds a section for each, headed "=== NAME"; logs of the daemon lie
beside it.
"""

import pathlib
import sys
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "ipvs_differential")]

from bench import Bench  # noqa: E402
from directors import KernelDirector, PenstockDirector  # noqa: E402
from random_scenario import scenario_of  # noqa: E402
from scenarios import SCENARIOS  # noqa: E402

from lab import topology  # noqa: E402
from lab.lab import Lab  # noqa: E402

RANDOM = "random_"
FIRST_PORT = 8000
PORTS_OF_A_SCENARIO = 20
# All cables but the director's: see the scenario too_large.
LARGE_MTU = 1600


def prepare(lab: Lab) -> None:
    (lab.directory / "pids").mkdir(parents=True, exist_ok=True)
    lab.network_up()
    for node in (topology.CLIENT, *topology.REAL_SERVERS):
        lab.run("bridge", "ip", "link", "set", node.name, "mtu", str(LARGE_MTU))
        lab.run(node.name, "ip", "link", "set", node.interface, "mtu", str(LARGE_MTU))
    # One SYN-ACK for each SYN, an ICMP error for each packet that deserves one: nothing that depends on time.
    lab.sysctl("director", "net.ipv4.tcp_synack_retries=0", "net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=10000",
               "net.ipv6.icmp.ratelimit=0")


def play(bench: Bench, names: list[str]) -> None:
    """One that breaks leaves its traceback in the transcript; the others still have something to say."""
    for number, name in enumerate(names):
        scenario = scenario_of(int(name.removeprefix(RANDOM))) if name.startswith(RANDOM) else SCENARIOS[name]
        bench.client = f"fd77::{50 + number}" if name.startswith("ipv6_") else f"192.168.1.{50 + number}"
        bench.lines.append(f"=== {name}")
        try:
            scenario(bench, FIRST_PORT + PORTS_OF_A_SCENARIO * number)
        except Exception:
            bench.lines.append(traceback.format_exc())


def main(which: str, out: pathlib.Path, names: list[str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    lab = Lab("conformance")
    prepare(lab)
    director = KernelDirector(lab) if which == "kernel" else PenstockDirector(lab)
    try:
        director.start()
        bench = Bench(lab, director)
        bench.prepare_neighbours()
        bench.warm_up()
        play(bench, names)
        (out / "transcript.txt").write_text("\n".join(bench.lines) + "\n")
        director.stop()
    finally:
        for log in lab.directory.glob("*.log"):
            (out / log.name).write_bytes(log.read_bytes())
        lab.down()


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:])
