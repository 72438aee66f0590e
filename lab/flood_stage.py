"""A real penstockd on a memif wire, and bench/wire_peer.cc at its other end: the floods' stage, for the bench and the end-to-end tests.

penstockd is master of two virtual routers and backup of two others, whose master the peer is: version 2 with a password and an advert each
second, and version 3 with one each 0.1 s. So one flood asks everything at once: do our adverts leave, and are the master's heard.
"""

import dataclasses
import json
import pathlib
import subprocess
import tempfile

from lab import flood_frames, topology
from lab.flood_frames import Advert
from lab.lab import Lab
from lab.penstockd import Penstockd, build_directory
from lab.waiting import wait_for

DIRECTOR_MAC = "02:50:53:00:00:66"
PEER = topology.DIRECTOR2
SERVER = topology.REAL_SERVERS[0]
PASSWORD = "right1"
MASTER_PRIORITY = 200
VIRTUAL_PORT = 53
# Of each flood: so many senders or flows, one after the other.
VARIANTS = 4096


@dataclasses.dataclass(frozen=True)
class Instance:
    name: str
    vrid: int
    vip: str
    version: int
    interval_seconds: float
    is_ours: bool

    @property
    def password(self) -> str:
        return PASSWORD if self.version == 2 else ""

    def text(self) -> str:
        authentication = f"    authentication {{\n        auth_type PASS\n        auth_pass {PASSWORD}\n    }}\n" if self.password else ""
        return (f"vrrp_instance {self.name} {{\n    state BACKUP\n    interface eth0\n    virtual_router_id {self.vrid}\n    priority 100\n"
                f"    version {self.version}\n    advert_int {self.interval_seconds:g}\n{authentication}"
                f"    virtual_ipaddress {{\n        {self.vip}/24\n    }}\n    track_script {{\n        hangs\n    }}\n}}\n")

    def advert(self, priority: int = MASTER_PRIORITY) -> Advert:
        """What another router would send for it."""
        return Advert(source=PEER.address, source_mac=PEER.mac, vrid=self.vrid, priority=priority, addresses=(self.vip,), version=self.version,
                      interval=1 if self.version == 2 else round(self.interval_seconds * 100), password=self.password)


OURS_SLOW = Instance("OURS_1S", 51, topology.VIP, 2, 1, True)
OURS_FAST = Instance("OURS_100MS", 52, "192.168.1.201", 3, 0.1, True)
THEIRS_SLOW = Instance("THEIRS_1S", 61, "192.168.1.202", 2, 1, False)
THEIRS_FAST = Instance("THEIRS_100MS", 62, "192.168.1.203", 3, 0.1, False)
INSTANCES = (OURS_SLOW, OURS_FAST, THEIRS_SLOW, THEIRS_FAST)


def configuration(lines: int = 0, weight: int = 1) -> str:
    """The four instances, a script that hangs, the VIP's service with its server, and as many other services as make it `lines` long.
    Another `weight` changes all of them."""
    text = ("vrrp_script hangs {\n    script \"/bin/sleep 1000\"\n    interval 1\n    timeout 2\n    weight -2\n    user root\n}\n"
            + "".join(instance.text() for instance in INSTANCES))

    def service(address: str, port: int) -> str:
        return (f"virtual_server {address} {port} {{\n    delay_loop 5\n    lb_algo rr\n    lb_kind DR\n    protocol UDP\n"
                f"    real_server {SERVER.address} {port} {{\n        weight {weight}\n    }}\n}}\n")

    checked = ("virtual_server 192.168.1.204 80 {\n    delay_loop 1\n    lb_algo rr\n    lb_kind DR\n    protocol TCP\n" + "".join(
        f"    real_server 192.168.1.{number} 80 {{\n        MISC_CHECK {{\n            misc_path \"/bin/sleep 1000\"\n            misc_timeout 2\n"
        "        }\n    }\n" for number in range(20, 30)) + "}\n")
    text += service(topology.VIP, VIRTUAL_PORT) + checked
    one = service("192.168.1.204", 1000)
    missing = max(lines - text.count("\n"), 0)
    return text + "".join(service("192.168.1.204", 1000 + number) for number in range(missing // one.count("\n")))


def floods() -> dict[str, list[bytes]]:
    """The frames of each flood, by its name."""
    ports = range(1024, 1024 + VARIANTS)
    clients = [f"10.{number >> 8 & 255}.{number & 255}.9" for number in range(VARIANTS)]
    wrong = [dataclasses.replace(instance.advert(), password="wrong1") for instance in (OURS_SLOW, THEIRS_SLOW)]
    return {
        "no flood": [],
        "no VIP's": [flood_frames.udp(PEER.mac, DIRECTOR_MAC, "10.1.1.1", topology.DIRECTOR.address, port, 9) for port in ports],
        "a VIP's, TX full": [flood_frames.udp(PEER.mac, DIRECTOR_MAC, client, topology.VIP, 1024, VIRTUAL_PORT) for client in clients],
        "ARP": [flood_frames.arp_request(PEER.mac, PEER.address, topology.DIRECTOR.address)],
        "wrong password": [advert.frame() for advert in wrong],
        "wrong password, many senders": [dataclasses.replace(wrong[number % 2], source=client).frame() for number, client in enumerate(clients)],
        "foreign VRIDs": [dataclasses.replace(OURS_SLOW.advert(), vrid=vrid).frame() for vrid in range(100, 256)],
        "wrong checksum": [dataclasses.replace(instance.advert(), checksum_error=0x5555).frame() for instance in INSTANCES],
    }


class Peer:
    """bench/wire_peer.cc. A context manager."""

    def __init__(self, socket: pathlib.Path, cpu: int = 0):
        self._folder = tempfile.TemporaryDirectory(prefix="penstock-peer-")
        self._files = 0
        device = f"net_memif0,role=client,socket={socket},socket-abstract=no,mac={PEER.mac}"
        self._process = subprocess.Popen([str(build_directory() / "bench" / "wire-peer"), device, str(cpu)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.is_realtime = json.loads(self._line())["realtime"]

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        self._process.wait(10)
        self._folder.cleanup()

    def _line(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"wire-peer ended with {self._process.wait()}")
        return line

    def _ask(self, order: str) -> dict:
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def _file(self, frames: list[bytes]) -> str:
        self._files += 1
        path = pathlib.Path(self._folder.name) / str(self._files)
        path.write_bytes(flood_frames.file_of(frames))
        return str(path)

    def flood(self, rate: float, frames: list[bytes]) -> None:
        self._ask(f"flood {rate:.0f} {self._file(frames)}" if rate and frames else "flood 0")

    def advert(self, interval_seconds: float, frames: list[bytes]) -> None:
        """All of `frames` each interval."""
        self._ask(f"advert {interval_seconds * 1000:.0f} {self._file(frames)}" if frames else "advert 0")

    def send(self, frames: list[bytes]) -> None:
        """Once, now."""
        self._ask(f"once 1 {self._file(frames)}")

    def drain(self, rate: float) -> None:
        """Frames a second that are taken off the wire; 0: all."""
        self._ask(f"drain {rate:.0f}")

    def report(self) -> dict:
        """What happened since the last one; bench/wire_peer.cc says what is in it."""
        return self._ask("report")


class Stage:
    """penstockd running, with the peer being master where it should. A context manager; the lab's network is there."""

    def __init__(self, lab: Lab, daemon: Penstockd, socket: pathlib.Path, lines: int = 0):
        self.lab = lab
        self.daemon = daemon
        self._lines = lines
        self._weight = 1
        self._socket = socket
        self.peer: Peer | None = None

    def __enter__(self) -> "Stage":
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        daemon = self.daemon
        daemon.launch(configuration(self._lines))
        wait_for("the wire", self._socket.exists, seconds=60)
        self.peer = Peer(self._socket)
        # The slow master is heard ten times a second, too: more adverts than it should send do no harm.
        self.peer.advert(THEIRS_FAST.interval_seconds, [instance.advert().frame() for instance in (THEIRS_SLOW, THEIRS_FAST)])
        wait_for("penstockd to answer", lambda: daemon.penstock("show", "vrrp", check=False).returncode == 0, seconds=60)
        self.lab.run(daemon.node.name, "ip", "neigh", "replace", SERVER.address, "lladdr", SERVER.mac, "dev", "eth0", "nud", "permanent")
        wait_for("the states of the instances", self.has_right_states, seconds=30)
        wait_for("the server's MAC address", self._forwards, seconds=30)

    def __exit__(self, *_) -> None:
        if self.peer is not None:
            self.peer.__exit__()
        self.daemon.stop()

    @staticmethod
    def device(socket: pathlib.Path) -> str:
        return f"net_memif0,role=server,socket={socket},socket-abstract=no,mac={DIRECTOR_MAC}"

    def _forwards(self) -> bool:
        return f"{SERVER.address}:{VIRTUAL_PORT}" not in self.daemon.unresolved()

    def reload(self) -> None:
        """With another weight of every server; not waited for."""
        self._weight = 3 - self._weight
        self.daemon.write(configuration(self._lines, self._weight))
        self.daemon.hang_up()

    def vrrp(self) -> dict:
        """`penstock show vrrp --json`."""
        return json.loads(self.daemon.penstock("show", "vrrp", "--json").stdout)

    def instances(self) -> dict[str, dict]:
        """Its instances, by name."""
        return {each["name"]: each for each in self.vrrp()["instances"]}

    def has_right_states(self) -> bool:
        shown = self.instances()
        return all(shown[instance.name]["state"] == ("MASTER" if instance.is_ours else "BACKUP") for instance in INSTANCES)

    def drops(self) -> dict[str, int]:
        return {each["reason"]: each["packets"] for each in json.loads(self.daemon.penstock("show", "drops", "--json").stdout)}


@dataclasses.dataclass(frozen=True)
class Timing:
    """How one instance's adverts arrived."""
    count: int
    missed: int
    worst_lateness_seconds: float


def timing_of(report: dict, instance: Instance) -> Timing:
    times = [time for time, vrid, _ in report["arrivals"] if vrid == instance.vrid]
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    missed = sum(max(round(gap / instance.interval_seconds) - 1, 0) for gap in gaps)
    return Timing(len(times), missed, max((gap - instance.interval_seconds for gap in gaps), default=0.0))
