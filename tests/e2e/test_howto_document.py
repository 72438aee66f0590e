"""docs/HOWTO.md, from top to bottom: its commands are run on bare machines, and print what it says they print."""

import os

import pytest
from howto_document import DOCUMENT, Command, File, Machines, commands, parse, pattern_of
from lab import keepalived_conf, topology
from lab.lab import Lab

SECTIONS = parse(DOCUMENT.read_text())


@pytest.fixture(scope="module")
def machines():
    lab = Lab(f"e{os.getpid()}howto")
    machines = Machines(lab)
    yield machines
    machines.end()


@pytest.mark.parametrize("section", SECTIONS, ids=[section.title for section in SECTIONS])
def test_what_the_document_says_is_so(machines, section):
    if not machines.are_well:
        pytest.skip("an earlier section failed")
    machines.play(section)


def test_its_configuration_is_the_how_tos_with_the_pages_digests():
    configuration, = [step.text for section in SECTIONS for step in section.steps
                      if isinstance(step, File) and step.path == "/etc/keepalived/keepalived.conf"]
    assert configuration == keepalived_conf.for_pages({server.address: f"{server.address}\n".encode() for server in topology.REAL_SERVERS})


def test_a_block_that_nobody_understands_is_an_error():
    with pytest.raises(ValueError, match="line 2: what is a block of `bash`"):
        parse("words\n```bash\nls\n```\n")
    with pytest.raises(ValueError, match="line 7: output of no command"):
        commands(["what is it?"], 7)
    with pytest.raises(KeyError):
        commands(["nobody# ls"], 1)


def test_a_command_has_its_machines_its_continuation_and_its_output():
    assert commands(["rs# one \\", "  two", "said", "client$ three"], 5) == [
        Command(5, ["rs1", "rs2", "rs3"], "one \\\n  two", ["said"]), Command(8, ["client"], "three")]


@pytest.mark.parametrize("printed, is_that", [
    ("first\nlast line\n", True), ("first\nmore\nand more\nlast long line  \n", True), ("last line\n", False), ("first\nlast line\nmore\n", False)])
def test_three_dots_stand_for_anything(printed, is_that):
    assert (pattern_of(["first", "...", "last...line"]).fullmatch(printed) is not None) == is_that
