"""Every noun moves only along its table, and a refusal says what is possible."""

import pytest

from socconsole.core.lifecycle import (
    ALERT,
    COUNTERMEASURE,
    HANDOFF,
    INCIDENT,
    SUPPRESSION,
    TICKET,
)
from socconsole.errors import TransitionError

ALL = (ALERT, TICKET, INCIDENT, COUNTERMEASURE, SUPPRESSION, HANDOFF)


@pytest.mark.parametrize("lifecycle", ALL, ids=lambda lifecycle: lifecycle.noun)
def test_every_state_can_be_reached_from_the_first(lifecycle):
    facts = dict.fromkeys(
        ("ticket", "reason", "disposition", "waits_on", "chase_at", "ended_early"), "x"
    )
    reached, waiting = {lifecycle.initial}, [lifecycle.initial]
    while waiting:
        state = waiting.pop()
        for verb in lifecycle.verbs(state):
            after = lifecycle.move(state, verb, facts)
            if after not in reached:
                reached.add(after)
                waiting.append(after)
    assert reached == set(lifecycle.states)


def test_a_refusal_names_what_people_can_do_in_their_words():
    hints = []
    for state in ALERT.states:
        with pytest.raises(TransitionError) as refused:
            ALERT.move(state, "merge")
        hints.append(refused.value.hint)
    assert hints[ALERT.states.index("escalated")] == (
        "Possible: assign, take out of its ticket, close."
    )
    said = " ".join(hints)
    assert [verb for verb in ("lapse", "worsen", "fire", "return", "detach") if verb in said] == []


@pytest.mark.parametrize(
    ("state", "verb", "facts", "after"),
    [
        ("new", "acknowledge", {}, "acknowledged"),
        ("new", "escalate", {"ticket": "SOC-2026-001"}, "escalated"),
        ("new", "close", {"disposition": "false_positive"}, "closed"),
        ("acknowledged", "give_back", {}, "new"),
        ("acknowledged", "lapse", {}, "new"),
        ("shelved", "close", {"disposition": "duplicate"}, "closed"),
        ("closed", "reopen", {}, "new"),
        ("closed", "return_to_ticket", {}, "escalated"),
    ],
)
def test_an_alert_moves_as_the_glossary_says(state, verb, facts, after):
    assert ALERT.move(state, verb, facts) == after


def test_a_shelved_alert_returns_to_where_it_was():
    assert ALERT.move("shelved", "unshelve", before="acknowledged") == "acknowledged"


def test_a_refusal_names_the_state_the_verb_and_the_ways_out():
    with pytest.raises(TransitionError) as refused:
        ALERT.move("closed", "acknowledge")
    assert refused.value.what == "The alert is closed: 'acknowledge' is not possible."
    assert "reopen" in refused.value.hint


def test_a_guard_says_what_is_missing():
    with pytest.raises(TransitionError, match="on whom"):
        TICKET.move("open", "wait", {"chase_at": "tomorrow"})


def test_a_ticket_with_an_open_mandatory_task_is_not_resolved():
    with pytest.raises(TransitionError, match="mandatory task"):
        TICKET.move(
            "in_progress", "resolve", {"disposition": "true_positive", "open_mandatory_tasks": 1}
        )


def test_a_second_analyst_closes_where_the_setting_asks_for_one():
    facts = {"needs_second_analyst": True, "by": "mara", "resolved_by": "mara"}
    with pytest.raises(TransitionError, match="another analyst"):
        TICKET.move("resolved", "close", facts)
    assert TICKET.move("resolved", "close", {**facts, "by": "ines"}) == "closed"


def test_an_incident_goes_forward_step_by_step_and_back_with_a_reason():
    assert INCIDENT.move("declared", "analysis") == "analysis"
    with pytest.raises(TransitionError, match="reason"):
        INCIDENT.move("recovery", "containment")
    assert INCIDENT.move("recovery", "containment", {"reason": "it spread"}) == "containment"
    with pytest.raises(TransitionError):
        INCIDENT.move("declared", "recovery")


def test_an_incident_declared_in_error_closes_at_once():
    with pytest.raises(TransitionError, match="review"):
        INCIDENT.move("analysis", "closed")
    assert INCIDENT.move("analysis", "closed", {"ended_early": "declared_in_error"}) == "closed"
    assert INCIDENT.move("post_incident", "closed") == "closed"
