"""Who may include whom (docs/ARCHITECTURE.md): the layering that the linker cannot see, because a header needs no library."""

import re

import pytest
from sources import LAYERS, ROOT, cpp_files, includes, layer

ALLOWED = {
    "dataplane/packet": set(),
    "dataplane/core": {"dataplane/packet"},
    "dataplane/dpdk": {"dataplane/packet", "dataplane/core"},
    "notify": set(),
    "healthcheck/spec": {"dataplane/packet", "notify"},
    "healthcheck": {"dataplane/packet", "notify", "healthcheck/spec"},
    "healthcheck/io": {"dataplane/packet", "notify", "healthcheck/spec", "healthcheck", "control/loop"},
    "vrrp/spec": {"dataplane/packet", "notify"},
    "vrrp": {"dataplane/packet", "notify", "vrrp/spec"},
    "sync": {"dataplane/packet"},
    "config": {"dataplane/packet", "notify", "healthcheck/spec", "vrrp/spec"},
    "control/loop": set(),
    "control": {"dataplane/packet", "dataplane/core", "dataplane/dpdk", "notify", "config", "vrrp/spec", "vrrp", "sync",
                "healthcheck/spec", "healthcheck", "healthcheck/io", "control/loop"},
}

# Libraries that one place keeps from the rest: what an include looks like, and which files may have it.
KEPT = [
    ("DPDK", re.compile(r"rte_.*\.h"), re.compile(r"(dataplane/dpdk|tests/dpdk|bench)/")),
    ("libuv", re.compile(r"uv\.h|uv/.*"), re.compile(r"control/loop/event_loop\.(h|cc)")),
    ("libnl", re.compile(r"(netlink/.*|libnl.*)"), re.compile(r"control/netlink/")),
    ("GoogleTest", re.compile(r"(gtest|gmock|rapidcheck|benchmark)[/.].*"), re.compile(r"(tests|bench)/")),
]


def offenders(forbidden):
    """'file:line: name' for each include that `forbidden(file, name, quoted)` objects to."""
    return [f"{file}:{number}: {name}" for file in cpp_files() for number, name, quoted in includes(file) if forbidden(file, name, quoted)]


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_includes_only_the_layers_below_it(name):
    def forbidden(file, included, quoted):
        target = layer(included)
        return quoted and layer(file) == name and target not in (None, name) and target not in ALLOWED[name]

    assert offenders(forbidden) == []


@pytest.mark.parametrize("library, pattern, home", KEPT, ids=[entry[0] for entry in KEPT])
def test_a_library_is_included_only_at_its_home(library, pattern, home):
    assert offenders(lambda file, name, quoted: pattern.fullmatch(name) and not home.match(str(file))) == []


def test_no_layer_includes_a_test_or_a_benchmark():
    assert offenders(lambda file, name, quoted: layer(file) and name.startswith(("tests/", "bench/"))) == []


def test_own_headers_are_included_from_the_root():
    """So a name says where the header lies, and no two headers can be confused."""
    assert offenders(lambda file, name, quoted: quoted and not (ROOT / name).is_file()) == []


def test_no_header_of_the_project_is_included_with_angle_brackets():
    assert offenders(lambda file, name, quoted: not quoted and (ROOT / name).is_file()) == []
