"""A history for people: its faults, its reigns, and what broke a rule."""

from checker import Violation
from history import History, Loss
from timeline import Timeline

AROUND_SECONDS = 8.0
MOST_LINES = 30


def lost_together(history: History) -> list[list[Loss]]:
    """Losses that came within a second."""
    groups: list[list[Loss]] = []
    for loss in sorted(history.losses, key=lambda each: each.failed):
        if groups and loss.failed - groups[-1][0].failed < 1:
            groups[-1].append(loss)
        else:
            groups.append([loss])
    return groups


def timeline_of(history: History) -> list[str]:
    """Faults, reigns and losses in order, in seconds since the beginning."""
    def at(time: float) -> str:
        return f"{time - history.began:8.2f}"

    lines = [(fault.began, f"{at(fault.began)} to {at(fault.healed)}  {fault.words} (struck {at(fault.struck)}, healing from {at(fault.healing)})")
             for fault in history.faults]
    lines += [(reign.first, f"{at(reign.first)} to {at(reign.last)}      {reign.node} is master{', resigns' if reign.resigned else ''}")
              for reign in Timeline(history).reigns]
    lines += [(quiet.since, f"{at(quiet.since)} to {at(quiet.until)}      quiet") for quiet in history.quiets]
    for group in lost_together(history):
        ages = sorted(loss.failed - loss.opened for loss in group)
        lines.append((group[0].failed, f"{at(group[0].failed)}                  lost: {len(group)} connections, "
                                       f"opened {ages[0]:.2f} to {ages[-1]:.2f} s before"))
    return [line for _, line in sorted(lines)]


def around(history: History, time: float) -> list[str]:
    """What happened about that time, but for what all is well with."""
    events = [(each.time, f"{each.node}: advert, priority {each.priority}") for each in history.adverts]
    events += [(each.time, f"{each.node}: announces {each.address}") for each in history.announcements]
    events += [(each.began, f"request fails after {each.ended - each.began:.2f} s: {each.why}")
               for each in history.requests if not each.server]
    events += [(each.time, f"{each.node}: {each.text}") for each in history.log]
    near = sorted(event for event in events if abs(event[0] - time) <= AROUND_SECONDS)
    return [f"{at - history.began:8.2f}  {words}" for at, words in near][:MOST_LINES * 4]


def report(history: History, violations: list[Violation], seed: int) -> str:
    answered = sum(bool(request.server) for request in history.requests)
    lines = [f"PENSTOCK_TEST_SEED={seed}: {len(history.faults)} faults in {history.ended - history.began:.0f} s; "
             f"{answered} of {len(history.requests)} requests answered; {len(history.losses)} established connections lost; "
             f"{len(history.adverts)} adverts; {len(violations)} violations",
             *timeline_of(history)]
    lines += [f"VIOLATION {each.time - history.began:8.2f}  {each.rule}: {each.words}" for each in violations[:MOST_LINES]]
    for rule in dict.fromkeys(each.rule for each in violations):
        first = next(each for each in violations if each.rule == rule)
        lines += [f"---- around the first violation of {rule}", *around(history, first.time)]
    return "\n".join(lines)
