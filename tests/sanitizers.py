"""What each run of the tests has under sanitizers; ./run test asan, tsan, clang-asan and clang-tsan have everything.

AddressSanitizer with UBSan sees what wrong input does to the pure layers; ThreadSanitizer what threads do to each other.
"""

# For each variant, what ninja calls the programs of its tests.
PROGRAMS = {
    "clang-asan": ("tests/packet/test-packet", "tests/core/test-core", "tests/sync/test-sync", "tests/vrrp/test-vrrp",
                   "tests/config/test-config", "tests/healthcheck/test-healthcheck"),
    "clang-tsan": ("tests/dpdk/test-dpdk", "tests/dpdk/test-two-workers", "tests/control/sync/test-control-sync",
                   "tests/control/loop/test-event-loop", "tests/control/loop/test-control-loop"),
}
# Programs that they start.
HELPERS = {"clang-asan": (), "clang-tsan": ("tests/dpdk/rcu-race",)}


def missing(variant: str, tests: list[dict]) -> list[str]:
    """The programs that are no tests."""
    there = {test["cmd"][0] for test in tests}
    return [program for program in PROGRAMS[variant] if not any(path.endswith(f"/{program}") for path in there)]


def is_wanted(variant: str, test: dict) -> bool:
    """Whether that is one of them, as meson describes it."""
    return test["cmd"][0].endswith(tuple(f"/{program}" for program in PROGRAMS[variant]))
