"""penstockd and the kernel's IPVS do the same, packet for packet: one client script, two directors, two guests, equal transcripts.

recorded-kernel-ipvs.txt is the transcript of the kernel's IPVS of Linux 6.1. It is compared with a fresh one, so that a change of the
scenarios shows in review as a change of what IPVS does; write it anew with

    python3 -m pytest tests/ipvs_conformance --record
"""

import pathlib

import pytest
from guests import assert_same, sections
from guests import transcripts as play
from scenarios import SCENARIOS

RECORDED = pathlib.Path(__file__).resolve().parent / "recorded-kernel-ipvs.txt"


@pytest.fixture(scope="session")
def transcripts(tmp_path_factory):
    """The sections of both directors."""
    return play(tmp_path_factory.mktemp("guests"), SCENARIOS)


@pytest.fixture(scope="session", autouse=True)
def record(request):
    if request.config.getoption("--record"):
        both = request.getfixturevalue("transcripts")
        RECORDED.write_text("".join(f"=== {name}\n" + "\n".join(lines) + "\n" for name, lines in both["kernel"].items()))


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_kernel_does_what_is_recorded(transcripts, name):
    assert_same(transcripts["kernel"].get(name, []), sections(RECORDED.read_text())[name], "the kernel now", "recorded")


@pytest.mark.parametrize("name", SCENARIOS)
def test_penstock_does_what_the_kernel_does(transcripts, name):
    assert_same(transcripts["penstock"].get(name, []), sections(RECORDED.read_text())[name], "penstock", "the kernel's IPVS")
