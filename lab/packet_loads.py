"""penstockd and testpmd on the same DPDK device, which needs no wire: one that gives packets as fast as they are taken.

Three devices: net_pcap, which repeats a file of frames for ever (its own work included); net_null filled by bench/source, for
any number of flows and for new ones, at any rate; and net_memif, with a second testpmd at the other end of it as generator. A program that is not being measured stands still (SIGSTOP), so that both are measured by turns
within one run, on the same processors and in the same minute.
"""

import abc
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import time

from lab import flood_frames, pace, topology
from lab.lab import Lab
from lab.penstockd import Penstockd, build_directory
from lab.topology import Node
from lab.waiting import wait_for

SERVICE_PORT = 53
ROUTER_MAC = "02:00:00:00:00:00"
PCAP_MAC = "02:70:63:61:70:00"  # net_pcap's first one
MEMIF_MAC = "02:00:00:00:00:0e"
MEMORY_MIB = 1024
# What penstockd takes at once. net_null makes so many packets each time, however few come at a rate: testpmd has to have as much of it to do.
BURST = 64
DEFAULT_CONNECTIONS = 1 << 20  # penstockd's, for each worker
HUGE_PAGE_FILE = pathlib.Path("/proc/sys/vm/nr_hugepages")
HUGE_PAGES = 1280  # of 2 MiB: both programs with their packets, and penstockd's tables


class HugePages:
    """Sets huge pages aside while it is entered, where the machine allows it."""

    def __enter__(self) -> "HugePages":
        self._before = HUGE_PAGE_FILE.read_text() if HUGE_PAGE_FILE.exists() else "0"
        if int(self._before) < HUGE_PAGES:
            with contextlib.suppress(OSError):
                HUGE_PAGE_FILE.write_text(str(HUGE_PAGES))
        return self

    def __exit__(self, *_) -> None:
        with contextlib.suppress(OSError):
            HUGE_PAGE_FILE.write_text(self._before)


def memory_arguments() -> str:
    """EAL's: huge pages where they are set aside, for both programs alike."""
    return "--in-memory" if HUGE_PAGE_FILE.exists() and int(HUGE_PAGE_FILE.read_text()) >= HUGE_PAGES else f"--no-huge --no-shconf -m {MEMORY_MIB}"


@dataclasses.dataclass(frozen=True)
class Load:
    """What comes in, as bench/source/library.cc describes it. `new_each`: each so many packets begin a flow; 0: none, once all have begun.
    `syn_flood`: SYNs of random clients behind each packet. `rate`: packets a second; 0: as many as are taken."""
    flows: int
    size: int = 60
    new_each: int = 0
    protocol: str = "udp"
    device: str = "source"  # or "memif"; or "pcap": of it only flows and size
    syn_flood: int = 0
    rate: int = 0

    def device_arguments(self, lab: Lab, workers: int, program: str) -> str:
        if self.device == "source":
            return f"net_null0,size={self.size}"
        if self.device == "memif":
            memif_socket(lab, program).unlink(missing_ok=True)
            return f"net_memif0,role=server,socket={memif_socket(lab, program)},socket-abstract=no,mac={MEMIF_MAC}"
        file = lab.directory / f"load-{self.flows}-{self.size}.pcap"
        if not file.exists():
            write_pcap(file, self)
        return "net_pcap0," + ",".join([f"rx_pcap={file}"] * workers) + ",infinite_rx=1"

    def environment(self, after: pathlib.Path, report: pathlib.Path) -> dict[str, str]:
        """Nothing comes before the file `after` exists. What has a rate is reported on in `report`, of all else the pace stands there."""
        words = self.packets(after) + "," if self.device == "source" else ""
        return {"PENSTOCK_SOURCE": words + (f"rate={self.rate},report={report}" if self.rate else f"pace={report}")}

    def packets(self, after: pathlib.Path) -> str:
        """Of PENSTOCK_SOURCE, where a net_null is filled."""
        return (f"after={after},to={topology.VIP}:{SERVICE_PORT},protocol={self.protocol},flows={self.flows},new={self.new_each},size={self.size},"
                f"flood={self.syn_flood}")

    @property
    def eal(self) -> str:
        return f"-d {build_directory() / 'bench' / 'libpenstock-source.so'}"


def memif_socket(lab: Lab, program: str) -> pathlib.Path:
    return lab.directory / f"{program}-memif.sock"


class MemifGenerator:
    """A testpmd that sends a load to the memif of a program that has just been started, and takes back what that one sends on. On the first
    processor."""

    def __init__(self, lab: Lab, load: Load, program: str, after: pathlib.Path):
        socket = memif_socket(lab, program)
        wait_for(f"the memif of {program}", socket.exists, seconds=60)
        command = ["stdbuf", "-oL", "dpdk-testpmd", "--no-pci", *memory_arguments().split(), "--lcores", "0@0,1@0", "--file-prefix", f"{lab.id}-{program}-generator",
                   *load.eal.split(), "--vdev", f"net_null0,size={load.size}", "--vdev", f"net_memif0,role=client,socket={socket},socket-abstract=no",
                   "--", "-i", "--forward-mode=mac", f"--eth-peer=1,{MEMIF_MAC}", "--nb-cores=1", "--total-num-mbufs=32768"]
        self._log = (lab.directory / f"{program}-generator.log").open("w")
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=self._log, stderr=self._log, text=True,
                                         env=os.environ | {"PENSTOCK_SOURCE": load.packets(after)})
        self._process.stdin.write("start\n")
        self._process.stdin.flush()

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self.go_on()
        end(self._process)
        self._log.close()


def end(testpmd: subprocess.Popen) -> None:
    """By its own command."""
    try:
        testpmd.communicate("quit\n", timeout=20)
    except subprocess.TimeoutExpired:
        testpmd.kill()
        testpmd.wait()


def write_pcap(file: pathlib.Path, load: Load) -> None:
    """One UDP frame of each flow."""
    with file.open("wb") as out:
        out.write(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for flow in range(load.flows):
            client, port = f"10.{flow >> 22 & 255}.{flow >> 14 & 255}.9", 1024 + (flow & 0x3FFF)
            frame = flood_frames.udp(ROUTER_MAC, PCAP_MAC, client, topology.VIP, port, SERVICE_PORT)
            if len(frame) > load.size:
                raise ValueError(f"frames of {load.size} bytes are too short")
            frame = frame.ljust(load.size, b"\0")
            out.write(struct.pack("=IIII", 0, 0, len(frame), len(frame)) + frame)


@dataclasses.dataclass(frozen=True)
class Count:
    time: float
    received: int


@dataclasses.dataclass(frozen=True)
class Delays:
    """What happened to the packets of a load with a rate, since its begin or since an earlier moment."""
    lost: int
    # By nanoseconds from a packet's coming to its leaving; right to 1.6 %.
    packets: dict[float, int]

    def since(self, earlier: "Delays") -> "Delays":
        return Delays(self.lost - earlier.lost, {delay: count - earlier.packets.get(delay, 0) for delay, count in self.packets.items()})

    @property
    def count(self) -> int:
        return sum(self.packets.values())

    def percentile(self, share: float) -> float:
        """The delay, in nanoseconds, that this share (0 to 1) of the packets doesn't exceed."""
        wanted = share * self.count
        for delay, count in sorted(self.packets.items()):
            wanted -= count
            if wanted <= 0 and count:
                return delay
        raise ValueError("no packets")


class Program(abc.ABC):
    """One that forwards the load, by `workers` workers."""

    name = ""
    pid = 0
    # Where bench/source reports: on a load with a rate the delays, on any other the pace.
    report: pathlib.Path
    # Of a load by memif.
    generator: MemifGenerator | None = None

    @abc.abstractmethod
    def stop(self) -> None:
        """Its end."""

    @abc.abstractmethod
    def received(self) -> int:
        """Packets since its start."""

    @abc.abstractmethod
    def drops(self) -> dict[str, int]:
        """Packets that it has not forwarded, by its own names of the reasons."""

    def count(self) -> Count:
        asked = time.monotonic()
        received = self.received()
        return Count((asked + time.monotonic()) / 2, received)

    def pause(self) -> None:
        if self.generator:
            self.generator.pause()
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)
        if self.generator:
            self.generator.go_on()

    def measure(self, seconds: float) -> float:
        """Nanoseconds a packet over `seconds`, or until the first ones come. Runs before and after."""
        before = self.count()
        time.sleep(seconds)
        self.wait_until_received(before.received + 1)
        after = self.count()
        return (after.time - before.time) / (after.received - before.received) * 1e9

    def slices(self) -> list[pace.Slice]:
        """Since its start, but for what came in the last twentieth of a second."""
        return pace.read(self.report)

    def delays(self) -> Delays:
        """Of the packets so far."""
        read = json.loads(self.report.read_text())
        return Delays(read["lost"], {delay: count for delay, count in read["delays"]})

    def wait_until_received(self, packets: int) -> None:
        """Until it has received so many."""
        wait_for(f"{self.name} to receive {packets:,} packets", lambda: self.received() >= packets, seconds=120)


def report_of(lab: Lab, name: str) -> pathlib.Path:
    """Where there is none of an earlier program."""
    report = lab.directory / f"{name}-report"
    report.unlink(missing_ok=True)
    return report


class Testpmd(Program):
    """DPDK's own: it swaps the MAC addresses of each packet and does nothing else."""

    name = "testpmd"

    def __init__(self, lab: Lab, load: Load, workers: int = 1):
        lcores = "0@0," + ",".join(f"{worker + 1}@{os.cpu_count() - 1 - worker}" for worker in range(workers))
        command = ["stdbuf", "-oL", "dpdk-testpmd", "--no-pci", *memory_arguments().split(), "--lcores", lcores, "--file-prefix", f"{lab.id}-testpmd",
                   "--vdev", load.device_arguments(lab, workers, self.name), *load.eal.split(), "--", "-i", "--forward-mode=macswap", f"--nb-cores={workers}",
                   f"--rxq={workers}", f"--txq={workers}", "--total-num-mbufs=131071", *([f"--burst={BURST}"] if load.rate else [])]
        self.report = report_of(lab, self.name)
        self._log = (lab.directory / "testpmd.log").open("w")
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
                                         env=os.environ | load.environment(after=pathlib.Path("/"), report=self.report))
        self.pid = self._process.pid
        self._say("start")
        if load.device == "memif":
            self.generator = MemifGenerator(lab, load, self.name, after=pathlib.Path("/"))

    def _say(self, command: str) -> None:
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def received(self) -> int:
        return self._ask("show port stats 0", "RX-packets")

    def drops(self) -> dict[str, int]:
        return {"TX-dropped": self._ask("show fwd stats all", "TX-dropped")}

    def _ask(self, command: str, name: str) -> int:
        """The number of that name in the answer, which a line of one sign alone ends."""
        self._say(command)
        number = None
        line = ""
        while number is None or set(line.strip()) not in ({"#"}, {"+"}):
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError(f"testpmd ended with {self._process.wait()}")
            if found := re.search(rf"\b{name}: *(\d+)", line):
                number = int(found[1])
        return number

    def stop(self) -> None:
        self.go_on()
        end(self._process)
        self._log.close()
        if self.generator:
            self.generator.stop()


def service(protocol: str, weight: int = 1) -> str:
    """The load's virtual service: rr over three real servers."""
    return (f"virtual_server {topology.VIP} {SERVICE_PORT} {{\n    lb_algo rr\n    lb_kind DR\n    protocol {protocol.upper()}\n" + "".join(
        f"    real_server {server.address} {SERVICE_PORT} {{\n        weight {weight}\n    }}\n" for server in topology.REAL_SERVERS) + "}\n")


class PenstockdUnderLoad(Program):
    name = "penstock"

    def __init__(self, lab: Lab, load: Load, workers: int = 1, node: Node = topology.DIRECTOR, connections: int = DEFAULT_CONNECTIONS, configuration: str = ""):
        """`configuration`: beside the load's service. `connections`: room for so many, or for the load's flows if they are more."""
        ready = lab.directory / f"{node.name}-ready"
        ready.unlink(missing_ok=True)
        self.report = report_of(lab, node.name)
        environment = [f"{key}={value}" for key, value in load.environment(after=ready, report=self.report).items()]
        eal = f"{memory_arguments()} {load.eal}"
        # net_pcap keeps its whole file in packet buffers.
        descriptors = 32768 if load.device == "pcap" else 1024
        connections = max(connections, load.flows * 5 // 4)
        self.daemon = Penstockd(lab, node, device=load.device_arguments(lab, workers, self.name), workers=workers, eal=eal, before=("env", *environment),
                                extra=("--idle", "poll", "--connections", str(connections), "--descriptors", str(descriptors)))
        self._protocol = load.protocol
        self._beside = configuration
        self._weight = 1
        self.daemon.launch(service(load.protocol) + configuration)
        self.daemon.wait_for_an_answer()
        if load.device == "memif":
            self.generator = MemifGenerator(lab, load, self.name, after=ready)
        self.pid = int(self.daemon.pid_file.read_text())
        for server in topology.REAL_SERVERS:
            lab.run(self.daemon.node.name, "ip", "neigh", "replace", server.address, "lladdr", server.mac, "dev", "eth0", "nud", "permanent")
        wait_for("the servers' MAC addresses", lambda: not self.daemon.unresolved(), seconds=30)
        ready.touch()

    def change(self) -> None:
        """Reload with another weight of each server; not waited for."""
        self._weight = 3 - self._weight
        self.daemon.write(service(self._protocol, self._weight) + self._beside)
        self.daemon.hang_up()

    def workers(self) -> list[dict]:
        return json.loads(self.daemon.penstock("show", "workers", "--json").stdout)

    def received(self) -> int:
        (port,) = json.loads(self.daemon.penstock("show", "ports", "--json").stdout)
        return port["rx_packets"]

    def drops(self) -> dict[str, int]:
        return {each["reason"]: each["packets"] for each in json.loads(self.daemon.penstock("show", "drops", "--json").stdout)}

    def stop(self) -> None:
        self.go_on()
        self.daemon.stop()
        if self.generator:
            self.generator.stop()
