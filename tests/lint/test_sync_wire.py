"""The tests' own reader and writer of sync messages, against what the kernel sent."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from lab import sync_wire  # noqa: E402
from lab.sync_wire import Entry, Message  # noqa: E402

DATA = ROOT / "tests" / "sync" / "data"


def captured() -> list[bytes]:
    return list(sync_wire.messages_in((DATA / "kernel.pcap").read_bytes()))


def words(entry: Entry) -> str:
    """As in the file of words, without sizes and names of states."""
    return (f"proto={entry.protocol} flags=0x{entry.flags:08x} state={entry.state} c={entry.client}:{entry.client_port} "
            f"v={entry.virtual}:{entry.virtual_port} d={entry.server}:{entry.server_port} fwmark={entry.firewall_mark} timeout={entry.timeout}")


def test_the_kernels_messages_say_what_is_listed():
    pattern = r"(proto=\d+) .*(flags=\w+) state=\w*\((\d+)\) (c=.*) opts="
    listed = re.findall(pattern, (DATA / "kernel.decoded.txt").read_text())
    messages = [sync_wire.decode(datagram) for datagram in captured()]
    assert [message.syncid for message in messages] == [50] * 4
    assert [words(entry) for message in messages for entry in message.entries] == [f"{a} {b} state={c} {d}" for a, b, c, d in listed]
    assert len(listed) == 70


def test_the_kernels_messages_are_written_again_byte_for_byte():
    assert [sync_wire.encode(sync_wire.decode(datagram)) for datagram in captured()] == captured()


def test_options_and_notes_survive():
    plain = Entry("10.77.0.10", 40001, "10.77.0.100", 80, "10.77.0.22", 80)
    rich = Entry("fd77::10", 40001, "fd77::100", 80, "fd77::22", 80, shifts=(1, 2, 3, 4, 5, 6), engine_data=b"call", engine_name="sip")
    for message in (Message(50, (rich, plain, rich)), *(Message(7, note=name) for name in sync_wire.NOTES)):
        assert sync_wire.decode(sync_wire.encode(message)) == message
