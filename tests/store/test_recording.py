import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlmodel import select

from socconsole.errors import TransitionError
from socconsole.store.audit import verify
from socconsole.store.recording import recording
from socconsole.store.tables import (
    Action,
    Alert,
    AuditEntry,
    AuditPayload,
    Change,
    Note,
    Observable,
    ObservableLink,
    Ticket,
    TicketAlert,
)
from socconsole.store.undo import last_action, undo
from tests.store.rows import a_ticket, an_alert


def acknowledge(session, alert_id, now, by="alice"):
    with recording(session, verb="alert.acknowledge", by=by, now=now) as action:
        alert = session.get(Alert, alert_id)
        alert.status, alert.assignee, alert.acknowledged_at = "acknowledged", by, now
    return action.action_id


def raised(database, noon, **values) -> int:
    with database.begin() as session:
        return an_alert(session, noon, **values).id


def open_ticket(session, alert_id, now, by="alice"):
    with recording(session, verb="ticket.open", by=by, now=now) as action:
        ticket = a_ticket(session, now)
        session.add(TicketAlert(ticket_id=ticket.id, alert_id=alert_id, added_at=now, added_by=by))
        alert = session.get(Alert, alert_id)
        alert.status, alert.ticket_id = "escalated", ticket.id
    return action.action_id


def test_an_action_says_who_did_what_to_which_row(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        acknowledge(session, alert_id, noon)
    with database.read() as session:
        action = session.exec(select(Action)).one()
        entry = session.exec(select(AuditEntry)).one()
        payload = session.exec(select(AuditPayload)).one()
        change = session.exec(select(Change)).one()
    assert (action.verb, action.by, action.rows, action.subject_kind, action.subject_id) == (
        "alert.acknowledge", "alice", 1, "alert", alert_id,
    )  # fmt: skip
    assert (entry.operation, entry.entity, entry.entity_id) == ("update", "alert", alert_id)
    assert '"before":{"acknowledged_at":null,"assignee":null,"status":"new"}' in payload.body
    assert '"assignee":"alice"' in payload.body
    assert (change.entity, change.entity_id) == ("alert", alert_id)


def test_a_verb_made_of_verbs_is_one_action(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        with recording(session, verb="incident.declare", by="alice", now=noon):
            acknowledge(session, alert_id, noon)
            open_ticket(session, alert_id, noon)
    with database.read() as session:
        assert [each.verb for each in session.exec(select(Action))] == ["incident.declare"]


def test_an_action_that_changes_nothing_leaves_no_trace(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        with recording(session, verb="alert.assign", by="alice", now=noon) as action:
            session.get(Alert, alert_id).assignee = None
    assert action.action_id is None
    with database.read() as session:
        assert session.exec(select(Action)).first() is None


def test_undo_puts_back_what_was(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        done = acknowledge(session, alert_id, noon)
    with database.begin() as session:
        assert last_action(session, "alice") == done
        undo(session, done, by="alice", now=noon)
    with database.read() as session:
        alert = session.get(Alert, alert_id)
        assert (alert.status, alert.assignee, alert.acknowledged_at) == ("new", None, None)
        assert last_action(session, "alice") is None


def test_undoing_the_undo_does_it_again(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        done = acknowledge(session, alert_id, noon)
        undone = undo(session, done, by="alice", now=noon)
    with database.begin() as session:
        undo(session, undone.action_id, by="alice", now=noon)
    with database.read() as session:
        alert = session.get(Alert, alert_id)
        assert (alert.status, alert.assignee, alert.acknowledged_at) == (
            "acknowledged", "alice", noon,
        )  # fmt: skip
        assert last_action(session, "alice") == done


def test_an_export_is_not_in_the_way_of_undoing_what_was_done_before(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        done = acknowledge(session, alert_id, noon)
    with database.begin() as session:
        with recording(session, verb="incident.export", by="alice", now=noon) as action:
            action.say("incident", None, format="md")
        assert last_action(session, "alice") == done
        with pytest.raises(TransitionError, match="cannot be undone"):
            undo(session, action.action_id, by="alice", now=noon)


def test_undo_is_refused_twice(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        done = acknowledge(session, alert_id, noon)
        undo(session, done, by="bob", now=noon)
    with pytest.raises(TransitionError, match="undone already by bob"), database.begin() as session:
        undo(session, done, by="alice", now=noon)


def test_undo_says_who_changed_the_row_since(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        done = acknowledge(session, alert_id, noon)
    with database.begin() as session:
        acknowledge(session, alert_id, noon, by="bob")
    with pytest.raises(TransitionError, match=r"bob (acknowledged|took)"):
        with database.begin() as session:
            undo(session, done, by="alice", now=noon)


def test_what_the_collector_counts_meanwhile_does_not_stop_an_undo(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        done = acknowledge(session, alert_id, noon)
    with (
        database.begin() as session,
        recording(session, verb="collector.batch", by="collector", now=noon, audit="one-entry"),
    ):
        session.get(Alert, alert_id).count += 5
    with database.begin() as session:
        undo(session, done, by="alice", now=noon)
    with database.read() as session:
        alert = session.get(Alert, alert_id)
        assert (alert.status, alert.count) == ("new", 6)


def test_undoing_a_ticket_voids_it_and_keeps_its_number(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        done = open_ticket(session, alert_id, noon)
    with database.begin() as session:
        undone = undo(session, done, by="alice", now=noon)
    with database.read() as session:
        ticket = session.exec(select(Ticket)).one()
        assert (ticket.human_id, ticket.voided_at) == ("SOC-2026-001", noon)
        assert session.get(Alert, alert_id).status == "new"
        assert session.exec(select(TicketAlert)).first() is None
    with database.begin() as session:
        undo(session, undone.action_id, by="alice", now=noon)
    with database.read() as session:
        assert session.exec(select(Ticket)).one().voided_at is None
        assert session.exec(select(TicketAlert)).one().alert_id == alert_id


def test_a_ticket_with_a_note_is_not_taken_back(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        done = open_ticket(session, alert_id, noon)
        ticket = session.exec(select(Ticket)).one()
    with database.begin() as session, recording(session, verb="note.add", by="bob", now=noon):
        session.add(
            Note(
                subject_kind="ticket", subject_id=ticket.id, body="seen it",
                created_at=noon, created_by="bob",
            )
        )  # fmt: skip
    with pytest.raises(TransitionError, match="SOC-2026-001 cannot be taken back: 1 note depends"):
        with database.begin() as session:
            undo(session, done, by="alice", now=noon)
    with database.read() as session:
        assert session.exec(select(Ticket)).one().voided_at is None


def test_observables_found_in_a_ticket_do_not_keep_it(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        done = open_ticket(session, alert_id, noon)
        observable = Observable(
            type="ip", value="192.0.2.9", first_seen=noon, last_seen=noon, created_at=noon,
            created_by="alice",
        )  # fmt: skip
        session.add(observable)
        session.flush()
        session.add(
            ObservableLink(
                subject_kind="ticket", subject_id=1, observable_id=observable.id, created_at=noon
            )
        )
    with database.begin() as session:
        undo(session, done, by="alice", now=noon)
    with database.read() as session:
        assert session.exec(select(Ticket)).one().voided_at == noon


def test_a_reader_sees_one_moment(database, noon):
    alert_id = raised(database, noon)
    with database.read() as session:
        before = session.get(Alert, alert_id).status
        with database.begin() as other:
            acknowledge(other, alert_id, noon)
        session.expire_all()
        assert session.get(Alert, alert_id).status == before == "new"


def test_two_who_undo_one_action_at_once_undo_it_once(database, noon):
    alert_id = raised(database, noon)
    with database.begin() as session:
        done = acknowledge(session, alert_id, noon)
    start = threading.Barrier(2)

    def attempt(by: str) -> str:
        start.wait(10)
        try:
            with database.begin() as session:
                undo(session, done, by=by, now=noon)
        except TransitionError as error:
            return str(error)
        return "undone"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(attempt, ["alice", "bob"]))
    assert said[1] == "undone"
    assert "undone already by" in said[0]


def test_many_rows_are_one_action_and_one_undo(database, noon):
    with database.begin() as session:
        ids = [an_alert(session, noon, fingerprint=str(n)).id for n in range(120)]
    with database.begin() as session:
        with recording(session, verb="alert.close", by="alice", now=noon) as action:
            closed = {"status": "closed", "is_open": False, "disposition": "false_positive"}
            changed = action.update_rows(Alert, [{"id": each, **closed} for each in ids])
    assert changed == 120
    with database.read() as session:
        assert session.exec(select(Action)).one().rows == 120
        assert [c.entity_id for c in session.exec(select(Change))] == [None]
        assert verify(session.connection()).entries == 120
    with database.begin() as session:
        undo(session, action.action_id, by="alice", now=noon)
    with database.read() as session:
        rows = session.exec(select(Alert)).all()
        assert {(row.status, row.disposition) for row in rows} == {("new", None)}


def test_objects_in_hand_see_what_was_written_in_bulk(database, noon):
    with database.begin() as session:
        alert = an_alert(session, noon)
        with recording(session, verb="alert.assign", by="alice", now=noon) as action:
            action.update_rows(Alert, [{"id": alert.id, "assignee": "bob"}])
            assert alert.assignee == "bob"
            alert.assignee = "carol"
    with database.read() as session:
        assert session.exec(select(Alert)).one().assignee == "carol"
        assert '"before":{"assignee":null}' in session.exec(select(AuditPayload)).one().body


def test_a_batch_of_the_collector_is_one_entry(database, noon):
    with (
        database.begin() as session,
        recording(
            session, verb="collector.batch", by="collector", now=noon, audit="one-entry"
        ) as action,
    ):
        for number in range(3):
            an_alert(session, noon, fingerprint=str(number))
    with database.read() as session:
        entry = session.exec(select(AuditEntry)).one()
        assert entry.operation == "batch"
        assert (
            session.exec(select(AuditPayload)).one().body == '{"after":{"rows":{"alert.insert":3}}}'
        )
        assert session.exec(select(Change)).all()[0].entity == "alert"
    with pytest.raises(TransitionError, match="cannot be undone"), database.begin() as session:
        undo(session, action.action_id, by="alice", now=noon)


def test_a_failed_action_is_not_recorded(database, noon):
    alert_id = raised(database, noon)

    def half_an_action() -> None:
        with database.begin() as session:
            acknowledge(session, alert_id, noon)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        half_an_action()
    with database.read() as session:
        assert session.exec(select(Action)).first() is None
        assert session.execute(text("SELECT audit_seq FROM change_head")).scalar() == 0
