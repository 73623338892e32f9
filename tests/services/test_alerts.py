"""What analysts do with alerts, on both engines."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from socconsole.core.disposition import Verdict, parse_verdict
from socconsole.core.policy import AlertsPolicy
from socconsole.core.severity import Severity
from socconsole.errors import NotFoundError, SocError, TransitionError, UsageError
from socconsole.services import alerts
from socconsole.store import progress
from socconsole.store.tables import Ticket
from socconsole.store.undo import undo
from tests.services.alert_making import (
    NOON,
    alert_of,
    bring,
    detection,
    minutes,
    one_alert,
    statements_of,
)

LATER = NOON + minutes(5)


def act(database, verb, *arguments, by="mara", now=LATER, **options):
    with database.begin() as session:
        return verb(session, *arguments, by=by, now=now, **options)


def replace_revision(found, revision):
    return replace(found, rule=replace(found.rule, revision=revision))


def ticket(database, **facts):
    with database.begin() as session:
        row = Ticket(human_id="SOC-2026-001", title="t", opened_at=NOON, opened_by="mara", **facts)
        session.add(row)
        session.flush()
        return row.id


def test_a_long_change_and_its_undo_are_told_of_before_they_read_a_row(database, monkeypatch):
    monkeypatch.setattr(progress, "_STEP", 1)
    alert_id, told = one_alert(database), []
    with database.begin() as session:
        progress.report_to(session, told.append)
        done = alerts.acknowledge(session, [alert_id], by="mara", now=LATER)
    with database.begin() as session:
        progress.report_to(session, told.append)
        undo(session, done.action_id, by="mara", now=LATER)
    assert told.count(0.0) == 2


def test_acknowledging_claims_and_stamps_the_clock(database):
    alert_id = one_alert(database)
    done = act(database, alerts.acknowledge, [alert_id], policy=AlertsPolicy(claim_minutes=30))
    row = alert_of(database, alert_id)
    assert (row.status, row.assignee, row.acknowledged_at) == ("acknowledged", "mara", LATER)
    assert row.claim_expires_at == LATER + minutes(30)
    assert done.summary == f"acknowledged alert {alert_id} (SSH brute force)"


def test_an_alert_somebody_has_is_not_taken_by_acknowledging(database):
    alert_id = one_alert(database)
    act(database, alerts.acknowledge, [alert_id])
    with pytest.raises(TransitionError, match="mara has it"):
        act(database, alerts.acknowledge, [alert_id], by="ines")


def test_assigning_acknowledges_and_does_not_lapse(database):
    alert_id = one_alert(database)
    act(database, alerts.assign, [alert_id], "ines")
    row = alert_of(database, alert_id)
    assert (row.status, row.assignee, row.acknowledged_by) == ("acknowledged", "ines", "mara")
    assert row.claim_expires_at is None


def test_giving_back_puts_it_into_the_queue_again(database):
    alert_id = one_alert(database)
    act(database, alerts.acknowledge, [alert_id])
    act(database, alerts.give_back, [alert_id])
    row = alert_of(database, alert_id)
    assert (row.status, row.assignee, row.acknowledged_at) == ("new", None, LATER)


def test_shelving_keeps_what_it_interrupts_and_ends_with_the_shift(database):
    alert_id = one_alert(database)
    act(database, alerts.acknowledge, [alert_id])
    act(database, alerts.shelve, [alert_id], "patch tonight", shift_end=LATER + minutes(40))
    row = alert_of(database, alert_id)
    assert (row.status, row.shelved_until) == ("shelved", LATER + minutes(40))
    act(database, alerts.unshelve, [alert_id])
    assert alert_of(database, alert_id).status == "acknowledged"


def test_shelving_asks_why_and_takes_two_hours_by_default(database):
    alert_id = one_alert(database)
    with pytest.raises(TransitionError, match="reason"):
        act(database, alerts.shelve, [alert_id], " ")
    act(database, alerts.shelve, [alert_id], "waiting for the vendor")
    assert alert_of(database, alert_id).shelved_until == LATER + timedelta(hours=2)
    with pytest.raises(UsageError, match="passed"):
        act(database, alerts.shelve, [alert_id], "x", until=NOON)


def test_closing_straight_from_the_queue_stamps_everything(database):
    alert_id = one_alert(database)
    act(database, alerts.close, [alert_id], parse_verdict("false_positive"))
    row = alert_of(database, alert_id)
    assert (row.status, row.is_open, row.disposition) == ("closed", False, "false_positive")
    assert (row.sub_reason, row.closed_by, row.acknowledged_at) == ("rule_logic", "mara", LATER)
    assert row.quiet_until == LATER + timedelta(hours=24)


def test_a_true_positive_needs_note_and_ticket_or_a_lead(database):
    alert_id = one_alert(database)
    bare = parse_verdict("true_positive:malicious")
    with pytest.raises(TransitionError, match="note"):
        act(database, alerts.close, [alert_id], bare)
    noted = parse_verdict("true_positive:malicious", note="web shell")
    with pytest.raises(TransitionError, match="ticket"):
        act(database, alerts.close, [alert_id], noted)
    led = Verdict(noted.disposition, noted.reason, note="web shell", lead="lena")
    with pytest.raises(TransitionError, match="not a lead"):
        act(database, alerts.close, [alert_id], led, leads=["otto"])
    act(database, alerts.close, [alert_id], led, leads=["lena"])
    row = alert_of(database, alert_id)
    assert row.close_reason == "web shell (no ticket, allowed by lena)"
    assert row.quiet_until is None


def test_an_alert_in_a_ticket_closes_as_true_positive(database):
    alert_id = one_alert(database)
    act(database, alerts.escalate, [alert_id], ticket(database))
    row = alert_of(database, alert_id)
    assert (row.status, row.assignee, row.escalated_at) == ("escalated", "mara", LATER)
    act(database, alerts.close, [alert_id], parse_verdict("true_positive:malicious", note="x"))
    assert alert_of(database, alert_id).disposition == "true_positive"


def test_a_duplicate_names_another_alert(database):
    first, second = bring(database, detection(), detection(host="b")).alert_ids
    with pytest.raises(TransitionError, match="own duplicate"):
        act(database, alerts.close, [first], parse_verdict("duplicate", duplicate_of=first))
    with pytest.raises(NotFoundError):
        act(database, alerts.close, [first], parse_verdict("duplicate", duplicate_of=999))
    act(database, alerts.close, [second], parse_verdict("duplicate", duplicate_of=first))
    assert alert_of(database, second).duplicate_of_id == first


def test_reopening_returns_to_the_queue_or_to_the_open_ticket(database):
    free, held = bring(database, detection(), detection(host="b")).alert_ids
    act(database, alerts.escalate, [held], ticket(database))
    act(database, alerts.close, [free, held], parse_verdict("false_positive"))
    act(database, alerts.reopen, [free, held])
    assert [alert_of(database, each).status for each in (free, held)] == ["new", "escalated"]
    assert alert_of(database, free).disposition is None


def test_an_overridden_severity_keeps_the_rule_s_own(database):
    alert_id = one_alert(database)
    act(database, alerts.override_severity, [alert_id], Severity.CRITICAL, "crown jewels")
    row = alert_of(database, alert_id)
    assert (row.severity, row.rule_severity, row.rank) == (Severity.CRITICAL, Severity.MEDIUM, 80)
    act(database, alerts.override_severity, [alert_id], None, "")
    assert alert_of(database, alert_id).rank == 40


def test_work_next_takes_the_highest_nobody_has(database):
    low, high = bring(database, detection(), detection("LSASS", level=Severity.HIGH)).alert_ids
    claimed = [act(database, alerts.claim_next, by=who) for who in ("mara", "ines", "otto")]
    assert claimed == [high, low, None]
    assert alert_of(database, low).assignee == "ines"


def test_the_first_look_is_noted_once(database):
    alert_id = one_alert(database)
    for now in (NOON, LATER):
        with database.begin() as session:
            alerts.mark_viewed(session, alert_id, now=now)
    assert alert_of(database, alert_id).first_viewed_at == NOON


def test_a_bulk_verb_skips_what_cannot_move_and_says_so(database):
    ids = bring(database, *(detection(host=f"h{n}") for n in range(3))).alert_ids
    act(database, alerts.close, ids[:1], parse_verdict("false_positive"))
    done = act(database, alerts.acknowledge, ids)
    assert done.alert_ids == ids[1:]
    assert [skipped.alert_id for skipped in done.skipped] == [ids[0]]
    assert "closed" in done.skipped[0].reason
    assert done.summary == "acknowledged 2 alerts"


def test_an_unknown_alert_is_refused_and_nothing_changes(database):
    alert_id = one_alert(database)
    with pytest.raises(NotFoundError, match="999"):
        act(database, alerts.acknowledge, [alert_id, 999])
    assert alert_of(database, alert_id).status == "new"
    with pytest.raises(SocError):
        act(database, alerts.acknowledge, [])


def test_one_undo_takes_back_a_bulk_verb(database):
    ids = bring(database, *(detection(host=f"h{n}") for n in range(3))).alert_ids
    done = act(database, alerts.close, ids, parse_verdict("false_positive"))
    bring(database, detection(host="h0"), now=LATER + minutes(1))
    with database.begin() as session:
        undone = undo(session, done.action_id, by="mara", now=LATER + minutes(2))
    assert undone.said == "closed 3 alerts as false positive (rule logic)"
    assert [alert_of(database, each).status for each in ids] == ["new"] * 3
    assert alert_of(database, ids[0])._mapping["count"] == 2


@pytest.mark.parametrize(
    ("verdict", "revision", "refusal"),
    [
        ("benign_positive:test", "", None),
        ("false_positive:bad_data", "", None),
        ("true_positive:policy", "", "not repeated"),
        ("undetermined", "", "not repeated"),
        ("benign_positive:test", "other", "rule has changed"),
    ],
)
def test_same_as_last_time_repeats_only_harmless_verdicts(
    chosen_database, verdict, revision, refusal
):
    database = chosen_database
    first, second = bring(
        database, detection(), replace_revision(detection(at=NOON + minutes(20)), revision)
    ).alert_ids
    with pytest.raises(TransitionError, match="Nothing like it"):
        act(database, alerts.same_as_last_time, second)
    act(database, alerts.close, [first], parse_verdict(verdict, note="seen"))
    if refusal:
        with pytest.raises(TransitionError, match=refusal):
            act(database, alerts.same_as_last_time, second)
        return
    act(database, alerts.same_as_last_time, second)
    row = alert_of(database, second)
    assert f"{row.disposition}:{row.sub_reason}" == verdict
    assert row.close_reason == f"same as alert {first}"


def test_thousands_end_as_the_last_time_by_as_many_statements_as_a_few(chosen_database):
    database, taken = chosen_database, []
    raised = [
        detection(host=f"h{n}", at=at) for at in (NOON, LATER + minutes(15)) for n in range(30)
    ]
    ids = bring(database, *raised).alert_ids
    before, now = ids[:30], ids[30:]
    act(database, alerts.close, before[1:], parse_verdict("benign_positive:test"))
    for some in (now[:5], now[5:]):
        with statements_of(database) as said:
            done = act(database, alerts.each_as_last_time, some)
        taken.append(len(said))
    assert taken[0] == taken[1]
    assert len(done.alert_ids) == 25
    last = alert_of(database, now[-1])
    assert (last.status, last.close_reason) == ("closed", f"same as alert {before[-1]}")
    assert alert_of(database, now[0]).status == "new"  # nothing like it was closed
    act(database, undo, done.action_id)
    assert {alert_of(database, number).status for number in now[5:]} == {"new"}


def test_analysts_who_ask_at_once_get_different_alerts(database):
    waiting = bring(database, *(detection(host=f"h{n}") for n in range(12))).alert_ids

    def work(login):
        claimed = []
        while (alert_id := act(database, alerts.claim_next, by=login)) is not None:
            claimed.append(alert_id)
        return claimed

    with ThreadPoolExecutor(4) as pool:
        claimed = [each for took in pool.map(work, ("a", "b", "c", "d")) for each in took]
    assert sorted(claimed) == sorted(waiting)
