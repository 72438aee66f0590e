"""The comparison must be able to fail: it is given keepalived's recorded stories with something wrong in each."""

import dataclasses

import pytest
from comparison import Difference, compare
from conftest import RECORDED
from differences import DIFFERENCES, differences_of
from recording import Change, Event, Recording, from_text, recording_of, to_text
from scenarios import SCENARIOS, configuration

REFERENCE = Recording({"a": 1, "b": 1}, (Event(1.0, "a", "removed"), Event(1.001, "b", "weight 0"), Event(2.0, "a", "added 1"), Event(4.0, "b", "weight 1")))


def with_events(*events: Event) -> Recording:
    return Recording(REFERENCE.start, tuple(sorted(events, key=lambda event: event.time)))


def shifted(event: Event, seconds: float) -> Event:
    return dataclasses.replace(event, time=event.time + seconds)


def changed(at: int, *instead: Event) -> Recording:
    return with_events(*REFERENCE.events[:at], *instead, *REFERENCE.events[at + 1:])


def test_a_story_equals_itself():
    verdict = compare(REFERENCE, REFERENCE)
    assert verdict.complaints == () and verdict.deviation == 0


@pytest.mark.parametrize("at", range(len(REFERENCE.events)))
@pytest.mark.parametrize("seconds", [0.051, -0.051, 0.4, -0.4])
def test_a_shift_beyond_the_tolerance_is_told(at, seconds):
    verdict = compare(REFERENCE, changed(at, shifted(REFERENCE.events[at], seconds)))
    assert len(verdict.complaints) == 1 and f"{seconds * 1000:+.0f} ms" in verdict.complaints[0]


@pytest.mark.parametrize("at", range(len(REFERENCE.events)))
@pytest.mark.parametrize("seconds", [0.049, -0.049])
def test_a_shift_within_the_tolerance_is_the_deviation(at, seconds):
    verdict = compare(REFERENCE, changed(at, shifted(REFERENCE.events[at], seconds)))
    assert verdict.complaints == () and verdict.deviation == pytest.approx(seconds)
    assert verdict.where.startswith(f"{REFERENCE.events[at].server} {REFERENCE.events[at].action} ")


@pytest.mark.parametrize("at", range(len(REFERENCE.events)))
def test_a_missing_event_is_told(at):
    assert compare(REFERENCE, changed(at)).complaints


@pytest.mark.parametrize("extra", [Event(3.0, "a", "removed"), Event(1.0, "c", "added 1"), Event(5.0, "service", "gone")])
def test_an_event_too_many_is_told(extra):
    assert compare(REFERENCE, with_events(*REFERENCE.events, extra)).complaints


@pytest.mark.parametrize("at", range(len(REFERENCE.events)))
def test_another_action_is_told(at):
    assert compare(REFERENCE, changed(at, dataclasses.replace(REFERENCE.events[at], action="weight 7"))).complaints


@pytest.mark.parametrize("at", range(len(REFERENCE.events)))
def test_another_server_is_told(at):
    assert compare(REFERENCE, changed(at, dataclasses.replace(REFERENCE.events[at], server="c"))).complaints


def test_events_of_one_server_that_changed_places_are_told_however_close():
    close = Recording({}, (Event(1.0, "a", "removed"), Event(1.001, "a", "added 1")))
    swapped = Recording({}, (Event(1.0, "a", "added 1"), Event(1.001, "a", "removed")))
    assert compare(close, swapped).complaints


def test_events_of_two_servers_that_changed_places_are_told_when_they_lie_apart():
    assert compare(REFERENCE, with_events(Event(1.0, "b", "weight 0"), Event(1.2, "a", "removed"), *REFERENCE.events[2:])).complaints


def test_another_table_at_the_start_is_told():
    for start in ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 1, "sorry": 1}):
        assert compare(REFERENCE, dataclasses.replace(REFERENCE, start=start)).complaints


def test_a_difference_is_required_not_only_allowed():
    later = Difference("x", "a", 2.0, "added 1", "added 1", "a reason", later=0.5)
    assert compare(REFERENCE, REFERENCE, [later]).complaints
    assert not compare(REFERENCE, changed(2, Event(2.5, "a", "added 1")), [later]).complaints
    assert compare(REFERENCE, changed(2, Event(2.6, "a", "added 1")), [later]).complaints


def test_a_difference_may_drop_add_and_replace_an_event():
    differences = [Difference("x", "a", 1.0, "removed", "weight 0", "a reason"), Difference("x", "a", 2.0, "added 1", "weight 1", "a reason"),
                   Difference("x", "b", 4.0, "weight 1", None, "a reason"), Difference("x", "c", 3.0, None, "added 9", "a reason", tolerance=0.2)]
    observed = with_events(Event(1.0, "a", "weight 0"), Event(1.0, "b", "weight 0"), Event(2.0, "a", "weight 1"), Event(3.15, "c", "added 9"))
    assert compare(REFERENCE, observed, differences).complaints == ()
    assert compare(REFERENCE, REFERENCE, differences).complaints


def test_a_difference_that_fits_nothing_is_told():
    for server, at, action in (("a", 1.5, "removed"), ("a", 1.0, "added 1"), ("b", 1.0, "removed")):
        assert compare(REFERENCE, REFERENCE, [Difference("x", server, at, action, action, "a reason")]).complaints


# Recordings

def test_changes_become_events_of_their_scenario():
    scenario = SCENARIOS["refuses"]
    a, service = f"192.168.1.21:{scenario.port}", scenario.service
    changes = [Change(99.0, service, a, 1), Change(101.0, service, a, 1), Change(101.5, service, a, 5), Change(101.6, "192.168.1.200:1", a, 7),
               Change(102.0, service, a), Change(102.1, service, a), Change(103.0, service, a, 2), Change(104.0, service, None), Change(999.0, service, a, 1)]
    assert recording_of(scenario, changes, 100.0) == Recording({"a": 1}, (
        Event(1.5, "a", "weight 5"), Event(2.0, "a", "removed"), Event(3.0, "a", "added 2"), Event(4.0, "service", "gone")))


def test_a_recording_outlasts_its_text():
    recordings = {"one": REFERENCE, "two": Recording({}, ())}
    text = to_text(recordings)
    read = from_text(text)
    assert to_text(read) == text
    for name, recording in recordings.items():
        assert compare(recording, read[name]).complaints == () and abs(compare(recording, read[name]).deviation) <= 0.005


# The tables of this folder

@pytest.fixture
def recorded() -> dict[str, Recording]:
    return from_text(RECORDED.read_text())


def test_each_scenario_is_recorded_and_something_happens_in_it(recorded):
    assert list(recorded) == list(SCENARIOS) and len(SCENARIOS) == 10
    assert all(recording.events and recording.start for recording in recorded.values())


def test_each_difference_is_about_a_scenario_and_has_a_reason():
    assert all(each.scenario in SCENARIOS and each.reason for each in DIFFERENCES)


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_difference_fits_what_keepalived_is_recorded_to_do(recorded, name):
    """And a director that did exactly what keepalived does is told from penstockd wherever a difference is documented."""
    complaints = compare(recorded[name], recorded[name], differences_of(name)).complaints
    assert not any("documented" in complaint for complaint in complaints)
    # A wider tolerance alone is no other behaviour.
    assert bool(complaints) == any(each.keepalived != each.penstockd or each.later for each in differences_of(name))


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_recorded_event_counts(recorded, name):
    """Without any one of them, or with any one late, the story is another."""
    whole = recorded[name]
    for at, event in enumerate(whole.events):
        before, after = whole.events[:at], whole.events[at + 1:]
        for events in (before + after, before + (shifted(event, 0.06),) + after, before + (shifted(event, -0.06),) + after):
            assert compare(whole, dataclasses.replace(whole, events=events)).complaints, event


def test_only_the_reload_scenario_changes_with_the_reload():
    before, after = (configuration(SCENARIOS.values(), "/ask.sh", reloaded).split("virtual_server") for reloaded in (False, True))
    assert len(before) == len(after) == 11
    assert [at for at in range(11) if before[at] != after[at]] == [1 + list(SCENARIOS).index("reload")]
