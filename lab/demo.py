"""The demo: the how-to's virtual server on penstockd, with real requests through it, told step by step.

Leaves nothing behind; the exit status says whether what was shown is what should be.
"""

import collections
import os
import shlex
import sys

from lab import topology
from lab.keepalived_conf import for_backup, without_real_server
from lab.lab import Lab
from lab.penstockd import Penstockd
from lab.waiting import wait_for

ADDRESSES = [server.address for server in topology.REAL_SERVERS]
SERVICE = ("TCP", f"{topology.VIP}:80")
PICTURE = f"""
      client 192.168.1.10                    penstockd: 192.168.1.102, virtual address {topology.VIP} (at the end a BACKUP, too: 192.168.1.103)
            |                                         |
   ---------+----------------+----------------+-------+--------+---------
                             |                |                |
   real servers       192.168.1.179    192.168.1.180    192.168.1.181      (each has {topology.VIP} on lo, and answers the client directly)
"""


class Demo:
    def __init__(self, lab: Lab):
        self.lab = lab
        self.daemon = Penstockd(lab)
        self.backup = Penstockd(lab, node=topology.DIRECTOR2)
        self.disappointments: list[str] = []

    def expect(self, what: str, actual, expected) -> None:
        if actual != expected:
            self.disappointments.append(f"{what}: {actual} instead of {expected}")

    def say(self, text: str) -> None:
        print(text, flush=True)

    def show_listing(self) -> None:
        self.say(f"\n$ penstock ipvsadm -Ln\n{self.daemon.penstock('ipvsadm', '-Ln').stdout}")

    def request(self, count: int, expected: dict[str, int]) -> None:
        """That many requests, and whether they were spread as expected."""
        pages = []
        for number in range(count):
            result = self.lab.run("client", "curl", "-sS", "--fail", "--max-time", "5", f"http://{topology.VIP}/", check=False)
            page = result.stdout.strip() or result.stderr.strip()
            self.say(f"  {number + 1:2}  $ curl http://{topology.VIP}/    {page}")
            pages.append(page)
        counts = collections.Counter(pages)
        self.say("      " + ", ".join(f"{page}: {times}" for page, times in sorted(counts.items())))
        self.expect(f"{count} requests", dict(counts), expected)

    def fail_and_recover(self, server: topology.Node) -> None:
        everyone = {f"{address}:80": 1 for address in ADDRESSES}
        rest = {name: weight for name, weight in everyone.items() if name != f"{server.address}:80"}
        self.say(f"== The web server of {server.address} is stopped; its check finds out (delay_loop 6, 3 retries 3 s apart)")
        self.lab.stop_web_server(server)
        wait_for("the check to fail", lambda: self.daemon.services() == {SERVICE: rest}, seconds=60)
        self.request(6, {address: 3 for address in ADDRESSES if address != server.address})
        self.say(f"\n$ penstock show checks\n{self.daemon.penstock('show', 'checks').stdout}")
        self.say(f"== The web server of {server.address} is started again")
        self.lab.start_web_server(server)
        wait_for("the check to succeed", lambda: self.daemon.services() == {SERVICE: everyone}, seconds=60)
        self.request(9, dict.fromkeys(ADDRESSES, 3))
        self.say("\n== What penstockd logged meanwhile")
        self.say("\n".join(line for line in self.daemon.log_text().splitlines() if server.address in line and "CHECK" in line or "service [" in line))

    def show_transition(self, after: int, last_line: str) -> None:
        """What the backup's log says of VRRP after its first `after` characters, to the line that ends it."""
        wait_for(last_line, lambda: last_line in self.backup.log_text()[after:])
        self.say("\n".join(line for line in self.backup.log_text()[after:].splitlines()
                           if "VI_1" in line or "VRRP_Group" in line or "Netlink" in line))

    def fail_over(self, configuration: str) -> None:
        self.say(f"== A second director, {self.backup.node.address}, with the how-to's BACKUP file")
        self.backup.start(for_backup(configuration), as_master=False)
        wait_for("the backup to hear the master", lambda: "master set to" in self.backup.log_text())
        self.request(3, dict.fromkeys(ADDRESSES, 1))
        mark = len(self.backup.log_text())
        self.say("== SIGTERM to the MASTER: its virtual address is withdrawn and its interface goes; the BACKUP's log")
        self.expect("exit status of penstockd", self.daemon.stop(), 0)
        links = self.lab.run("director", "ip", "-br", "addr").stdout
        self.expect("virtual address after the end", topology.VIP in links, False)
        self.show_transition(mark, f"Netlink reflector reports IP {topology.VIP} added")
        self.request(6, dict.fromkeys(ADDRESSES, 2))
        mark = len(self.backup.log_text())
        self.say("== The MASTER is started again; the BACKUP's log")
        self.daemon.start(configuration)
        self.show_transition(mark, f"Netlink reflector reports IP {topology.VIP} removed")
        self.request(6, dict.fromkeys(ADDRESSES, 2))

    def play(self) -> None:
        self.say("\n== The lab: a client, a director and three real servers with Python's http.server, in network namespaces")
        self.lab.up()
        self.say(PICTURE)
        self.say("== penstockd on the director, with the how-to's keepalived.conf (digests: those of the lab's pages)")
        self.say(f"$ {shlex.join(self.daemon.arguments())}")
        configuration = self.lab.configuration.read_text()
        self.daemon.start(configuration)
        self.say(self.daemon.log_text())

        self.say("== Nine requests to the virtual address")
        self.request(9, dict.fromkeys(ADDRESSES, 3))
        self.show_listing()

        removed = ADDRESSES[1]
        self.say(f"== {removed} is removed from the file, and penstockd gets SIGHUP")
        rest = {f"{address}:80": 1 for address in ADDRESSES if address != removed}
        self.daemon.reload(without_real_server(configuration, removed), {SERVICE: rest})
        self.request(8, {address: 4 for address in ADDRESSES if address != removed})
        self.show_listing()

        self.say(f"== {removed} is put back")
        self.daemon.reload(configuration, {SERVICE: {f"{address}:80": 1 for address in ADDRESSES}})
        self.request(9, dict.fromkeys(ADDRESSES, 3))
        self.say(f"\n$ penstock ipvsadm -Ln --stats\n{self.daemon.penstock('ipvsadm', '-Ln', '--stats').stdout}")

        self.fail_and_recover(topology.REAL_SERVERS[0])

        self.fail_over(configuration)
        for daemon in (self.daemon, self.backup):
            self.expect(f"exit status of {daemon.node.name}'s penstockd", daemon.stop(), 0)


def main() -> int:
    demo = Demo(Lab(os.environ.get("LAB_ID", "demo")))
    try:
        demo.play()
    except (RuntimeError, TimeoutError) as error:
        demo.disappointments.append(str(error))
        for daemon in (demo.daemon, demo.backup):
            demo.disappointments.append(f"the log of {daemon.node.name}'s penstockd:\n{daemon.log_text()}")
    finally:
        demo.lab.down()
    if demo.disappointments:
        demo.say("The demo did not go as it should:\n" + "\n".join(f"- {words}" for words in demo.disappointments))
        return 1
    demo.say("All as it should be. To play with the same lab: sudo ./run lab up; the tests: sudo ./run test")
    return 0


if __name__ == "__main__":
    sys.exit(main())
