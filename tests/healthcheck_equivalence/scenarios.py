"""The ten scenarios: a virtual server each, what its real servers do and when, and the text of the configuration for all of them.

All ten run in one daemon at the same time, each with its own port of the VIP, so that a whole run takes half a minute. Reload and stop are
orders to the daemon: their scenarios wait with them until the others are over.

Time 0 of a scenario is the first connection that one of its real servers accepts: the first check, since `warmup` is 0. Checks are
made each second from then on, so steps lie between two checks with room on both sides. keepalived's TCP_CHECK repeats its retries in each
round while the server is down (x.0, x.4, x.8, a second's pause), HTTP_GET and MISC_CHECK ask once a second. Names a, b, c, d stand for real servers; "sorry" is the sorry server.
"""

import dataclasses
import hashlib
from collections.abc import Iterable

from lab import topology

VIP = topology.VIP
# Beside the lab's own nodes; all of them live in the namespace of rs1.
ADDRESSES = {"a": "192.168.1.21", "b": "192.168.1.22", "c": "192.168.1.23", "d": "192.168.1.24", "sorry": "192.168.1.29"}
FIRST_PORT = 8001
RELOAD, STOP = "reload", "stop"
GOOD = "page good"
DIGEST = hashlib.md5(b"good").hexdigest()

# The pace of every check but MISC_CHECK's. Different numbers, so that none can stand in for another.
PACE = "delay_loop 1\n    warmup 0\n    retry 2\n    delay_before_retry 0.4\n    connect_timeout 0.7\n"
TCP = "        TCP_CHECK {\n        }\n"
TCP_WITHOUT_RETRY = "        TCP_CHECK {\n            retry 0\n        }\n"
# keepalived's HTTP_GET has a default of its own for delay_before_retry, which the virtual server's doesn't change.
HTTP = ("        HTTP_GET {\n            url {\n                path /\n                status_code 200\n"
        f"                digest {DIGEST}\n            }}\n            retry 2\n            delay_before_retry 0.4\n        }}\n")
HTTP_STATUS = HTTP.replace(f"                digest {DIGEST}\n", "")
MISC = ("        MISC_CHECK {\n            misc_path \"SCRIPT ADDRESS PORT\"\n            misc_timeout 1\n            misc_dynamic\n"
        "            retry 1\n            delay_before_retry 0.4\n        }\n")
UNCHECKED = ""


@dataclasses.dataclass(frozen=True)
class Server:
    checks: str
    weight: int = 1


@dataclasses.dataclass(frozen=True)
class Step:
    """`at` seconds after the scenario's time 0, `server` becomes `does` (a behaviour of servers.py); without a server an order to the daemon."""
    at: float
    server: str | None
    does: str


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    port: int
    servers: dict[str, Server]
    steps: tuple[Step, ...]
    # Seconds after time 0; what comes later is not looked at.
    until: float
    # What servers do from the start; those that aren't named have the good page.
    at_start: dict[str, str]
    options: str = ""
    after_reload: dict[str, Server] | None = None

    @property
    def service(self) -> str:
        return f"{VIP}:{self.port}"

    def name_of(self, endpoint: str) -> str:
        """The name of ADDRESS:PORT; KeyError when it is none of this scenario's."""
        return {f"{address}:{self.port}": name for name, address in ADDRESSES.items()}[endpoint]


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, servers: dict[str, Server], steps: list[tuple[float, str | None, str]], until: float, at_start: dict[str, str] | None = None,
             **rest) -> None:
    SCENARIOS[name] = Scenario(name, FIRST_PORT + len(SCENARIOS), servers, tuple(Step(*step) for step in steps), until, at_start or {}, **rest)


def same(names: str, checks: str) -> dict[str, Server]:
    return {name: Server(checks) for name in names}


# a fails when it was up before, b never, c already at the first check.
scenario("refuses", same("abc", TCP), [(1.5, "a", "refuse"), (2.5, "c", GOOD), (5.3, "a", GOOD)], 7, {"c": "refuse"})

# Each try takes 0.7 s: those that begin at 2.0 end at 2.7, 3.8 and 4.9.
scenario("silent", same("ac", TCP), [(1.5, "a", "silent"), (2.9, "c", GOOD), (8.8, "a", GOOD)], 10.5, {"c": "silent"})

# To a check that only connects, a server that stalls (b) is well.
scenario("stalls", {"a": Server(HTTP), "b": Server(TCP), "c": Server(HTTP)},
         [(1.5, "a", "stall"), (1.5, "b", "stall"), (2.9, "c", GOOD), (8.8, "a", GOOD)], 10.5, {"c": "stall"})

scenario("answers_404", same("ac", HTTP_STATUS), [(1.5, "a", "missing"), (2.5, "c", GOOD), (5.3, "a", GOOD)], 7, {"c": "missing"})

scenario("wrong_digest", same("ac", HTTP), [(1.5, "a", "page other"), (2.5, "c", GOOD), (5.3, "a", GOOD)], 7, {"c": "page other"})

# a: a failure that the retries outlast, then down and up three times. b: two checks; each says down, and only both together say up.
scenario("flaps", {"a": Server(TCP), "b": Server(TCP + HTTP)},
         [(1.5, "a", "refuse"), (2.6, "a", GOOD), (4.3, "a", "refuse"), (6.1, "a", GOOD), (7.1, "a", "refuse"), (8.9, "a", GOOD),
          (9.9, "a", "refuse"), (11.7, "a", GOOD), (1.5, "b", "page other"), (3.3, "b", "refuse"), (5.3, "b", GOOD)], 13)

# a down at 2.8: quorum holds. b down at 5.8: lost. Meanwhile c goes down too, at 8.8, and a comes back, at 9.6; b's return at 10.4 brings
# quorum, and c follows.
scenario("quorum", same("abc", TCP), [(1.5, "a", "refuse"), (4.5, "b", "refuse"), (7.5, "c", "refuse"), (9.3, "a", GOOD), (10.3, "b", GOOD),
                                (12.3, "c", GOOD)], 14, options=f"    quorum 2\n    sorry_server {ADDRESSES['sorry']} PORT\n")

# a's script exits with what a says: 2 + the weight; 1: down; 0: up, with the weight of the configuration.
scenario("misc_weight", {"a": Server(MISC, weight=4), "b": Server(UNCHECKED)},
         [(1.5, "a", "say 11"), (3.5, "a", "say 1"), (6.9, "a", "say 5"), (8.9, "a", "say 0"), (10.9, "a", "say 2"), (12.9, "a", "say 4")], 14.5,
         {"a": "say 7"})

# a gets another weight, b stays as it is, down since the first check, c goes, d comes. Afterwards a fails and b comes back.
scenario("reload", {"a": Server(TCP), "b": Server(TCP_WITHOUT_RETRY), "c": Server(TCP)},
         [(15.5, None, RELOAD), (18.2, "a", "refuse"), (20.7, "b", GOOD)], 22.5, {"b": "refuse"},
         after_reload={"a": Server(TCP, weight=5), "b": Server(TCP_WITHOUT_RETRY), "d": Server(TCP, weight=2)})

# c is down, so there is nothing to take away from it.
scenario("stop", same("abc", TCP), [(24, None, STOP)], 25.5, {"c": "refuse"})


def configuration(scenarios: Iterable[Scenario], script: str, reloaded: bool = False) -> str:
    """The keepalived.conf of these scenarios. `script`: path of ask.sh where the daemon may run it. `reloaded`: as it is after the reload."""
    blocks = ["global_defs {\n    router_id EQUIVALENCE\n    script_user root\n}\n"]
    for each in scenarios:
        servers = each.after_reload if reloaded and each.after_reload else each.servers
        text = f"virtual_server {VIP} PORT {{\n    {PACE}    lb_algo rr\n    lb_kind DR\n    protocol TCP\n{each.options}"
        for name, server in servers.items():
            checks = server.checks.replace("SCRIPT", script).replace("ADDRESS", ADDRESSES[name])
            text += f"    real_server {ADDRESSES[name]} PORT {{\n        weight {server.weight}\n{checks}    }}\n"
        blocks.append(text.replace("PORT", str(each.port)) + "}\n")
    return "\n".join(blocks)
