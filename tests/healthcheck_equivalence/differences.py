"""The documented differences: everything that penstockd does otherwise than Debian's keepalived in the ten scenarios, each with its reason.

docs/HEALTHCHECKS.md says the same in words. A row that fits nothing keepalived does is an error, so the table can't outlive its reasons.
"""

from comparison import Difference

RECOVERY = ("keepalived asks the URL that failed until it answers, and then all URLs once more, one each delay_loop: a second good answer before a "
            "server comes back. We check all URLs each round, so the first good round is enough.")
DRAIN = "Quorum is lost: keepalived takes living servers out, which breaks their connections. We leave them with weight 0, to drain."
TRUTH = ("While quorum is lost keepalived doesn't touch the table. We keep it true: a server that goes down goes, so that its connections don't "
         "wait for nothing, and one that comes back is there with weight 0, for its old connections.")
RUN_ON = "keepalived starts all checks anew 1 s after a reload. We let those that didn't change run on, in their old phase."
STOPPED = "keepalived takes the kernel's table apart server by server. Our table ends with the process, all at once."

DIFFERENCES = [
    Difference("stalls", "c", 4.4, "added 1", "added 1", RECOVERY, later=-1.0),
    Difference("stalls", "a", 10.3, "added 1", "added 1", RECOVERY, later=-1.0),
    Difference("answers_404", "c", 4.0, "added 1", "added 1", RECOVERY, later=-1.0),
    Difference("answers_404", "a", 6.8, "added 1", "added 1", RECOVERY, later=-1.0),
    Difference("wrong_digest", "c", 4.0, "added 1", "added 1", RECOVERY, later=-1.0),
    Difference("wrong_digest", "a", 6.8, "added 1", "added 1", RECOVERY, later=-1.0),
    Difference("flaps", "b", 6.8, "added 1", "added 1", RECOVERY, later=-1.0),

    Difference("quorum", "c", 5.8, "removed", "weight 0", DRAIN),
    Difference("quorum", "c", 8.8, None, "removed", TRUTH, tolerance=0.1),
    Difference("quorum", "a", 9.6, None, "added 0", TRUTH, tolerance=0.1),
    Difference("quorum", "a", 10.4, "added 1", "weight 1", TRUTH),

    # Twenty rounds of timers have drifted by then, and keepalived's reload takes now 20, now 100 ms.
    Difference("reload", "a", 19.4, "removed", "removed", RUN_ON, later=0.4, tolerance=0.15),
    Difference("reload", "b", 21.6, "added 1", "added 1", RUN_ON, later=-0.6, tolerance=0.15),

    Difference("stop", "a", 24.0, "removed", None, STOPPED),
    Difference("stop", "b", 24.0, "removed", None, STOPPED),
    Difference("stop", "service", 24.0, "gone", "gone", STOPPED, tolerance=0.5),
]

# Where keepalived differs from its own record: what it does after a signal went through its parent process.
SIGNALLED = "keepalived's reload and stop take now 20, now 100 ms of its own."
UNSTEADY = [
    Difference("reload", "a", 19.4, "removed", "removed", SIGNALLED, tolerance=0.15),
    Difference("reload", "b", 21.6, "added 1", "added 1", SIGNALLED, tolerance=0.15),
    Difference("stop", "a", 24.0, "removed", "removed", SIGNALLED, tolerance=0.15),
    Difference("stop", "b", 24.0, "removed", "removed", SIGNALLED, tolerance=0.15),
    Difference("stop", "service", 24.0, "gone", "gone", SIGNALLED, tolerance=0.15),
]


def differences_of(scenario: str, differences: list[Difference] = DIFFERENCES) -> list[Difference]:
    return [each for each in differences if each.scenario == scenario]
