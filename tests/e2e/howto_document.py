"""docs/HOWTO.md as a program: its fenced blocks are parsed, and played on the machines of a lab in the order of the document.

The problem: commands in a document rot. So the blocks say, in their info strings, what they are:

    console            commands after prompts such as `rs1# `, each followed by what it prints; this is run and compared
    FORMAT FILE on M   the contents of FILE on the machine M; this is written
    sh elsewhere       commands that need what no lab has: a cloud, a NIC, a package server; these are not run
    text               a picture

`rs` stands for the three real servers, `directors` for both directors. A backslash at its end continues a command in the next line. In what a
command prints `...` stands for anything within a line, and alone in a line for any number of lines. A command whose output is shown is run
again until it prints that, within a bound: so it must be one that only asks. One without must succeed.

Each machine is a namespace of the lab with what makes it look like a machine of its own: a host name, processes, and empty folders where
the document writes. All of its processes end with it.
"""

import dataclasses
import pathlib
import re
import subprocess

from lab import topology
from lab.lab import Lab
from lab.penstockd import build_directory
from lab.waiting import wait_for

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "HOWTO.md"
NODES = {"client": "client", "director1": "director", "director2": "director2", "rs1": "rs1", "rs2": "rs2", "rs3": "rs3", "bridge": "bridge"}
GROUPS = {"rs": ["rs1", "rs2", "rs3"], "directors": ["director1", "director2"]}
PATIENCE_SECONDS = 60
COMMAND_SECONDS = 60
PROMPT = re.compile(r"(\w+)([#$]) (.*)")
FILE = re.compile(r"\w+ (/\S+) on (\w+)")
# Folders where the document, or a program in it, writes.
PRIVATE_FOLDERS = ("/run", "/srv", "/var/log", "/etc/keepalived", "/etc/sysctl.d")
PRELUDE = " && ".join(f"mount -t tmpfs none {folder}" for folder in PRIVATE_FOLDERS)


def machines(name: str) -> list[str]:
    """The machines that a prompt or an info string names; KeyError when it names none."""
    if name in NODES:
        return [name]
    return GROUPS[name]


@dataclasses.dataclass
class Command:
    line: int
    machines: list[str]
    text: str
    output: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class File:
    line: int
    machines: list[str]
    path: str
    text: str


@dataclasses.dataclass
class Section:
    """What stands under one heading of the second level, in order."""
    title: str
    steps: list[Command | File] = dataclasses.field(default_factory=list)


def commands(lines: list[str], first: int) -> list[Command]:
    """The commands of a console block, `first` being the number of its first line; ValueError for one that can't be run."""
    found: list[Command] = []
    continued = False
    for number, line in enumerate(lines, start=first):
        prompt = PROMPT.fullmatch(line)
        if continued:
            found[-1].text += "\n" + line
        elif prompt:
            found.append(Command(number, machines(prompt[1]), prompt[3]))
        elif found:
            found[-1].output.append(line)
        else:
            raise ValueError(f"line {number}: output of no command: {line}")
        continued = (continued or prompt is not None) and line.endswith("\\")
    for command in found:
        if command.text.endswith("&") and command.output:
            raise ValueError(f"line {command.line}: what runs in the background prints nothing here")
    return found


def parse(document: str) -> list[Section]:
    """The sections that have something to play; ValueError names the line of a block that nobody understands."""
    sections = [Section("")]
    lines = document.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("## "):
            sections.append(Section(line.removeprefix("## ")))
        if line.startswith("```"):
            info, start = line.removeprefix("```"), at + 1
            at = lines.index("```", start)
            file = FILE.fullmatch(info)
            if info == "console":
                sections[-1].steps += commands(lines[start:at], start + 1)
            elif file:
                sections[-1].steps.append(File(start, machines(file[2]), file[1], "\n".join(lines[start:at]) + "\n"))
            elif info not in ("sh elsewhere", "text"):
                raise ValueError(f"line {start}: what is a block of `{info}`?")
        at += 1
    return [section for section in sections if section.steps]


def pattern_of(output: list[str]) -> re.Pattern:
    """What a command must print, all of it. Blanks at the end of a line don't matter."""
    parts = [r"(?:.*\n)*?" if line == "..." else ".*".join(re.escape(part) for part in re.split(r"\.\.\.", line.rstrip())) + r" *\n"
             for line in output]
    return re.compile("".join(parts))


class Machine:
    """A shell in a namespace of the lab; what it is given is run as if typed by root, one command after the other."""

    def __init__(self, lab: Lab, name: str):
        own = ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "--norc", "-c",
               f"hostname {name} && {PRELUDE} && cd /root && exec bash --norc"]
        environment = {"PATH": f"{build_directory()}:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
        self.name = name
        self._shell = subprocess.Popen(lab.command(NODES[name], *own), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                       stderr=subprocess.STDOUT, env=environment, start_new_session=True)

    def run(self, command: str) -> tuple[int, str]:
        """Its exit status and all that it printed. A command that ends in & is started, no more."""
        mark = "-- the command's status: "
        self._shell.stdin.write(f"{{ {command}\n}} < /dev/null\necho \"{mark}$?\"\n")
        self._shell.stdin.flush()
        printed = ""
        for line in self._shell.stdout:
            text, found, status = line.partition(mark)
            printed += text
            if found:
                return int(status), printed
        raise RuntimeError(f"the shell of {self.name} ended:\n{printed}")

    def write(self, path: str, text: str) -> None:
        status, printed = self.run(f"cat > {path} <<'-- end of file'\n{text}-- end of file")
        if status != 0:
            raise RuntimeError(f"{self.name}: {path}: {printed}")

    def end(self) -> None:
        """End it and all of its processes."""
        self._shell.stdin.close()
        self._shell.wait(20)


class Machines:
    """All of them, in a lab of their own that nothing has prepared: bare machines with an address."""

    def __init__(self, lab: Lab):
        self._lab = lab
        (lab.directory / "pids").mkdir(parents=True, exist_ok=True)
        lab.network_up()
        for director in (topology.DIRECTOR, topology.DIRECTOR2):
            # The lab keeps the name and the address for penstockd; on a bare machine the kernel has them.
            for words in ("link set x0 down", "link set x0 name eth0", "link set eth0 up",
                          f"addr add {director.address}/{topology.PREFIX_LENGTH} dev eth0"):
                lab.run(director.name, "ip", *words.split())
        self._machines = {name: Machine(lab, name) for name in NODES}
        # Whether all that was played was as it should be; what follows a failure would only fail for the same reason.
        self.are_well = True

    def play(self, section: Section) -> None:
        """Every step of a section. AssertionError with the document's line, the machine, and what came instead."""
        self.are_well = False
        for step in section.steps:
            for name in step.machines:
                if isinstance(step, File):
                    self._machines[name].write(step.path, step.text)
                else:
                    self._play(self._machines[name], step)
        self.are_well = True

    def _play(self, machine: Machine, command: Command) -> None:
        where = f"docs/HOWTO.md, line {command.line}: {machine.name}# {command.text}"
        if not command.output:
            status, printed = machine.run(command.text)
            assert status == 0, f"{where}\nended with {status} and printed\n{printed}"
            return
        pattern = pattern_of(command.output)
        last = ""

        def prints_that() -> bool:
            nonlocal last
            last = machine.run(command.text)[1]
            return pattern.fullmatch(last) is not None

        try:
            wait_for(where, prints_that, seconds=PATIENCE_SECONDS, interval_seconds=0.5)
        except TimeoutError:
            expected = "\n".join(command.output)
            raise AssertionError(f"{where}\nshould print\n{expected}\nbut prints\n{last}{self._logs()}") from None

    def _logs(self) -> str:
        return "".join(f"---- {name}\n{self._machines[name].run('cat /var/log/penstockd.log')[1]}" for name in GROUPS["directors"])

    def end(self) -> None:
        for machine in self._machines.values():
            machine.end()
        self._lab.down()
