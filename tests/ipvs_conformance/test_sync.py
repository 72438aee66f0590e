"""Connection sync with the kernel's IPVS (Linux 6.1, in a guest): it takes what our codec writes, we read what it sends, and what is wrong
is wrong to both."""

import dataclasses
import json
import pathlib
import re
import struct
import subprocess

import pytest

from lab import sync_wire, topology
from lab.penstockd import build_directory
from lab.sync_wire import INACTIVE, TCP, TEMPLATE, UDP, Entry, Message

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
GUEST_SECONDS = 300
MODULES = "bridge veth"
SYNCID, MAXLEN = 50, 1472
VIP, VIP6 = topology.VIP, topology.VIP6
RS1, RS2, RS3 = (server.address for server in topology.REAL_SERVERS)
CLIENT, CLIENT6, MARKER = "192.168.1.60", "fd77::60", "192.168.1.99"

TCP_ENTRY = Entry(CLIENT, 40000, VIP, 80, RS1, 80)


def entries_to_send() -> list[Entry]:
    """More than one message: each state of TCP, both families, UDP, templates; timeouts that tell them apart."""
    plain = [dataclasses.replace(TCP_ENTRY, client_port=41000 + number, server=(RS1, RS2, RS3)[number % 3], timeout=600 + number)
             for number in range(60)]
    states = [dataclasses.replace(TCP_ENTRY, client_port=42000 + state, state=state, flags=TCP_ENTRY.flags if state in (1, 2, 3) else INACTIVE,
                                  timeout=100 + 20 * state) for state in range(len(sync_wire.TCP_STATES))]
    ipv6 = [Entry(CLIENT6, 43000 + number, VIP6, 80, topology.REAL_SERVERS[number].address6, 80, timeout=800 + number) for number in range(3)]
    udp = [Entry(CLIENT, 44000 + number, VIP, 5353, RS2, 5353, UDP, INACTIVE, 0, 300 + number) for number in range(3)]
    templates = [Entry(f"192.168.1.{60 + state}", 0, VIP, 443, RS3, 443, TCP, TEMPLATE, state, 120) for state in (0, 1)]
    return [*plain[:30], *ipv6, *states, *udp, *templates, *plain[30:]]


def changed(entry: Entry, at: int, value: int, size: str = "!B") -> bytes:
    """The entry's bytes, with others from `at` on."""
    bytes_ = bytearray(sync_wire.entry_bytes(entry))
    struct.pack_into(size, bytes_, at, value)
    return bytes(bytes_)


def with_options(entry: Entry, options: str) -> bytes:
    plain = sync_wire.entry_bytes(entry)
    raw = bytes.fromhex(options)
    return plain[:2] + struct.pack("!H", len(plain) + len(raw)) + plain[4:] + raw


SHIFTS = "0118" + "00000001" * 6
# What is wrong with an entry -> its bytes. Where we are stricter on purpose is not among them.
DAMAGES = {
    "nothing": sync_wire.entry_bytes,
    "size of 0": lambda entry: changed(entry, 2, 0, "!H"),
    "size of 35": lambda entry: changed(entry, 2, 35, "!H"),
    "size past the end": lambda entry: changed(entry, 2, 0x0fff, "!H"),
    "version 1": lambda entry: changed(entry, 2, 0x1024, "!H"),
    "type 2": lambda entry: changed(entry, 0, 2),
    "type of IPv6 with addresses of IPv4": lambda entry: changed(entry, 0, 1),
    "unsupported protocol": lambda entry: changed(entry, 1, 47),
    "state 11": lambda entry: changed(entry, 8, 11, "!H"),
    "state 11 of a template": lambda entry: changed(dataclasses.replace(entry, flags=TEMPLATE, virtual_port=443), 8, 11, "!H"),
    "half an option": lambda entry: with_options(entry, "01"),
    "option of length 0": lambda entry: with_options(entry, "0200"),
    "option past its entry": lambda entry: with_options(entry, "0203aaaa"),
    "shifts": lambda entry: with_options(entry, SHIFTS),
    "shifts of 23 bytes": lambda entry: with_options(entry, "0117" + SHIFTS[6:]),
    "shifts twice": lambda entry: with_options(entry, SHIFTS + SHIFTS),
    "shifts marked as skippable": lambda entry: with_options(entry, "41" + SHIFTS[2:]),
    "name of 17 bytes": lambda entry: with_options(entry, "0311" + "61" * 17),
    "name twice": lambda entry: with_options(entry, "030161030161"),
    "name alone, padded": lambda entry: with_options(entry, "030161"),
    "data without a name": lambda entry: with_options(entry, "0201aa"),
    "unknown option": lambda entry: with_options(entry, "0401aa"),
    "unknown option, skippable": lambda entry: with_options(entry, "4401aa"),
    "unknown option with another bit": lambda entry: with_options(entry, "8118" + SHIFTS[4:]),
}


def ports_of(number: int) -> tuple[int, int, int]:
    return 45000 + 3 * number, 45001 + 3 * number, 45002 + 3 * number


def damaged_datagrams() -> dict[str, bytes]:
    """A good entry, the damaged one, a good one."""
    datagrams = {}
    for number, (name, damage) in enumerate(DAMAGES.items()):
        before, itself, behind = (dataclasses.replace(TCP_ENTRY, client_port=port) for port in ports_of(number))
        datagrams[name] = sync_wire.message_bytes(SYNCID, (sync_wire.entry_bytes(before), damage(itself), sync_wire.entry_bytes(behind)))
    return datagrams


# Our codec


def tool(*arguments: str, words: str = "") -> list[str]:
    program = build_directory() / "tests" / "sync" / "sync-message"
    return subprocess.run([program, *arguments], input=words, capture_output=True, text=True, check=True).stdout.splitlines()


def to_json(entry: Entry) -> dict:
    return dataclasses.asdict(entry) | {"engine_data": entry.engine_data.hex()}


def from_json(read: dict) -> Entry:
    return Entry(**read | {"engine_data": bytes.fromhex(read["engine_data"]), "shifts": read["shifts"] and tuple(read["shifts"])})


def written(entries: list[Entry]) -> list[str]:
    return tool("write", str(SYNCID), str(MAXLEN), words=json.dumps([to_json(entry) for entry in entries]))


def read(datagrams: list[str]) -> list[dict]:
    return [json.loads(line) for line in tool("read", words="\n".join(datagrams) + "\n")]


# The kernel's listing


def end(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def line_of(entry: Entry) -> tuple[str, ...]:
    """Protocol, state, client, virtual and real server as `ipvsadm -Lnc` has them."""
    state = sync_wire.TCP_STATES[entry.state] if entry.protocol == TCP else "UDP"
    if entry.flags & 0x1000:
        state = ("NONE", "ASSURED")[entry.state]
    return ({TCP: "TCP", UDP: "UDP"}[entry.protocol], state, end(entry.client, entry.client_port), end(entry.virtual, entry.virtual_port),
            end(entry.server, entry.server_port))


def lines_of(listing: list[str]) -> dict[tuple[str, ...], int]:
    """Each connection -> the seconds that it has left."""
    lines = {}
    for protocol, expires, *rest in map(str.split, listing):
        minutes, seconds = map(int, expires.split(":"))
        lines[protocol, *rest] = 60 * minutes + seconds
    return lines


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    out = tmp_path_factory.mktemp("sync")
    markers = [sync_wire.encode(Message(SYNCID, (dataclasses.replace(TCP_ENTRY, client=MARKER, client_port=port),))) for port in (1, 2, 3)]
    (out / "orders.json").write_text(json.dumps({
        "messages": written(entries_to_send()),
        "notes": [line for name in sync_wire.NOTES for line in tool("note", str(SYNCID), name)],
        "damaged": [datagram.hex() for datagram in damaged_datagrams().values()],
        "markers": [marker.hex() for marker in markers],
    }))
    command = f"modprobe -a {MODULES} && exec /usr/bin/python3 {HERE}/sync_play.py {out}"
    guest = subprocess.run([ROOT / "lab/guest/run.sh", "-t", str(GUEST_SECONDS), out, "bash", "-c", command], capture_output=True, text=True)
    logs = "\n".join((out / name).read_text(errors="replace")[-4000:] for name in ("console.log", "output.log") if (out / name).exists())
    assert guest.returncode == 0, f"{guest.stderr}\n{logs}"
    return json.loads((out / "answers.json").read_text())


def test_two_codecs_write_the_same_bytes():
    """Ours, and the tests' own, which shares nothing with it."""
    rich = dataclasses.replace(TCP_ENTRY, shifts=(1, 2, 3, 4, 5, 6), engine_data=b"call", engine_name="sip")
    for entries in ([TCP_ENTRY, rich, rich, TCP_ENTRY], entries_to_send()[:36]):
        assert written(entries) == [sync_wire.encode(Message(SYNCID, tuple(entries))).hex()]
    for name in sync_wire.NOTES:
        assert tool("note", str(SYNCID), name) == [sync_wire.encode(Message(SYNCID, note=name)).hex()]


def test_the_kernel_lists_exactly_the_connections_that_we_wrote(answers):
    entries = entries_to_send()
    assert len(written(entries)) >= 2
    listed = lines_of(answers["messages"]["connections"])
    assert sorted(listed) == sorted(map(line_of, entries))
    for entry in entries:
        assert entry.timeout - 60 <= listed[line_of(entry)] <= entry.timeout, entry


def test_the_kernel_ignores_our_notes_without_a_word(answers):
    assert sorted(lines_of(answers["notes"]["connections"])) == sorted(map(line_of, entries_to_send()))
    assert answers["notes"]["log"] == []


def test_the_kernel_and_we_use_the_same_entries_of_damaged_messages(answers):
    listed = {int(port) for port in re.findall(rf" {re.escape(CLIENT)}:(45\d\d\d) ", "\n".join(answers["damaged"]["connections"]))}
    ours, kernels = {}, {}
    for number, (name, message) in enumerate(zip(DAMAGES, read([datagram.hex() for datagram in damaged_datagrams().values()]))):
        used = {entry["client_port"] for entry in message["entries"]}
        ours[name] = [port in used for port in ports_of(number)]
        kernels[name] = [port in listed for port in ports_of(number)]
    assert ours == kernels
    assert ours["nothing"] == [True, True, True]
    # So that the silence about our notes means something.
    assert any("Dropping buffer" in line for line in answers["damaged"]["log"])


def test_we_read_the_connections_that_the_kernel_tells(answers):
    told = {}
    for message in read(answers["master"]["datagrams"]):
        assert message["refusals"] == []
        assert (message["version"], message["syncid"], message["note"]) == (1, SYNCID, None)
        for entry in map(from_json, message["entries"]):
            told[line_of(entry)[2:4]] = line_of(entry)
    assert sorted(told.values()) == sorted(lines_of(answers["master"]["connections"]))
    states = {(protocol, state) for protocol, state, *_ in told.values()}
    assert states >= {("TCP", "ESTABLISHED"), ("TCP", "FIN_WAIT"), ("TCP", "CLOSE"), ("TCP", "ASSURED"), ("UDP", "UDP")}


def test_we_write_the_kernels_messages_byte_for_byte(answers):
    datagrams = answers["master"]["datagrams"]
    assert datagrams
    assert [written([from_json(entry) for entry in message["entries"]]) for message in read(datagrams)] == [[datagram] for datagram in datagrams]
