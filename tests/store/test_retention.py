from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import text
from sqlmodel import func, select

from socconsole.services import holds
from socconsole.store import retention
from socconsole.store.audit import verify
from socconsole.store.erasure import erase
from socconsole.store.held import held_days
from socconsole.store.queries.actions import list_actions
from socconsole.store.queries.subjects import subject
from socconsole.store.raising import add_evidence
from socconsole.store.record_check import check_record
from socconsole.store.recording import recording
from socconsole.store.replacing import without
from socconsole.store.retention import forget, forget_alerts, trim
from socconsole.store.search import newest
from socconsole.store.tables import (
    METADATA,
    Alert,
    AlertEvidence,
    AuditPayload,
    Change,
    Incident,
    LegalHold,
    Note,
    Task,
    WindowPart,
)
from tests.conftest import NOON
from tests.store.rows import a_ticket, an_alert


def closed(session, noon, fingerprint, *, days, **values):
    return an_alert(
        session, noon, fingerprint=fingerprint, status="closed", is_open=False,
        created_at=noon - timedelta(days=days), closed_at=noon - timedelta(days=days), **values,
    )  # fmt: skip


def note(session, noon, subject, body):
    with recording(session, verb="note.add", by="alice", now=noon):
        session.add(
            Note(subject_kind="alert", subject_id=subject, body=body, created_at=noon,
                 created_by="alice")
        )  # fmt: skip


def test_whatever_may_refer_to_an_alert_is_found_without_reading_it_all():
    """Of a million alerts each one that was forgotten took two seconds."""
    columns = [
        column
        for table in METADATA.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "alert" for key in column.foreign_keys)
    ]
    assert {"previous_id", "duplicate_of_id", "alert_id"} <= {column.name for column in columns}
    for column in columns:
        ways = [index.columns for index in column.table.indexes if len(index.columns)]
        firsts = {way[0].name for way in (*ways, column.table.primary_key.columns)}
        assert column.name in firsts, f"{column.table.name}.{column.name}"


def test_old_closed_alerts_that_nobody_built_upon_are_forgotten(database, noon):
    with database.begin() as session:
        old = closed(session, noon, "old", days=100)
        session.add(AlertEvidence(alert_id=old.id, raw=b"x", event_time=noon))
        closed(session, noon, "young", days=10, previous_id=old.id)
        closed(session, noon, "noted", days=100)
        note(session, noon, 3, "worth keeping")
        ticket = a_ticket(session, noon)
        closed(session, noon, "in a ticket", days=100, ticket_id=ticket.id)
        held = closed(session, noon, "held", days=100)
        case = subject(session, f"alert:{held.id}")
        holds.place(session, case, "court", by="lea", now=noon)
        an_alert(session, noon, fingerprint="open")
    with database.begin() as session:
        assert forget_alerts(session, older_than=noon - timedelta(days=90), now=noon) == 1
        assert forget_alerts(session, older_than=noon - timedelta(days=90), now=noon) == 0
    with database.read() as session:
        left = session.exec(select(Alert.fingerprint).order_by(Alert.id)).all()
        assert left == ["young", "noted", "in a ticket", "held", "open"]
        assert list_actions(session)[0].verb == "retention.alerts"
        assert verify(session.connection()).whole
    with database.begin() as session:
        holds.release(session, case, by="lea", now=noon)
        assert forget_alerts(session, older_than=noon - timedelta(days=90), now=noon) == 1


def test_change_notes_last_a_day(database, noon):
    with database.begin() as session:
        note(session, noon - timedelta(days=2), 1, "old")
        note(session, noon, 1, "new")
        trim(session, now=noon)
    with database.read() as session:
        assert session.exec(select(func.count()).select_from(Change)).one() == 1


def test_a_person_is_erased_and_the_chain_stays_whole(database, noon):
    with database.begin() as session:
        alert = an_alert(
            session, noon, title="Login of jdoe", username="jdoe",
            entities={"user": "jdoe", "host": "web-1"}, tags=["jdoe", "t1110"],
        )  # fmt: skip
        session.add(
            AlertEvidence(alert_id=alert.id, raw=b"user=jdoe \xff ok", event_time=noon,
                          fields={"user": "jdoe"})
        )  # fmt: skip
        for part, who in ((b"1", "jdoe"), (b"2", "jdoesmith")):
            seen = msgspec.msgpack.encode([[who], [7, {"raw": f"user={who}".encode()}]])
            session.add(WindowPart(lease="all", rule_id="r", part=part, state=seen))
        note(session, noon, alert.id, "Asked JDoe; jdoesmith is somebody else")
        note(session, noon, alert.id, "unrelated")
    with database.begin() as session:
        done = erase(session, "jdoe", by="dpo", now=noon)
    assert (done.rows, done.payloads, done.held) == (4, 1, 0)
    with database.read() as session:
        alert = session.exec(select(Alert)).one()
        assert (alert.title, alert.username) == ("Login of [erased]", "[erased]")
        assert alert.entities == {"user": "[erased]", "host": "web-1"}
        assert session.exec(select(AlertEvidence)).one().raw == b"user=[erased] \xff ok"
        bodies = session.exec(select(Note.body).order_by(Note.id)).all()
        assert bodies == ["Asked [erased]; jdoesmith is somebody else", "unrelated"]
        assert newest(session, "alert", "jdoe") == ()
        assert session.exec(select(WindowPart.part)).one() == b"2"
        if database.is_sqlite:
            kept = session.execute(text("SELECT tags FROM alert_tags")).scalars().all()
            assert kept == ['["[erased]", "t1110"]']
            query = text("SELECT value FROM alert_name UNION SELECT value FROM alert_facet")
            assert "jdoe" not in session.execute(query).scalars().all()
        verdict = verify(session.connection())
        assert (verdict.whole, verdict.erased) == (True, 1)
        assert all("jdoe" not in body for body in session.exec(select(AuditPayload.body)))
        assert list_actions(session)[0].verb == "person.erase"


def test_what_is_held_for_a_court_is_not_erased(database, noon):
    with database.begin() as session:
        alert = an_alert(session, noon, title="Login of jdoe")
        with recording(session, verb="case.work", by="alice", now=noon):
            session.add(
                LegalHold(subject_kind="alert", subject_id=alert.id, reason="court", placed_at=noon,
                          placed_by="lea")
            )  # fmt: skip
            note = Note(subject_kind="alert", subject_id=alert.id, body="asked jdoe",
                        created_at=noon, created_by="alice")  # fmt: skip
            session.add(note)
            alert.assignee = "jdoe"
        done = erase(session, "jdoe", by="dpo", now=noon)
        assert (done.rows, done.payloads, done.held) == (0, 0, 2)
    with database.read() as session:
        assert session.exec(select(Alert)).one().title == "Login of jdoe"
        assert session.exec(select(Note)).one().body == "asked jdoe"
        assert check_record(session) == (1, ())


def test_what_lies_inside_a_held_incident_is_held(database, noon):
    """Its tickets, their alerts with their lines, what was said of them, even what went since."""
    with database.begin() as session:
        incident = Incident(human_id="INC-2026-001", title="jdoe", declared_at=noon,
                            declared_by="a", kind="security", severity=3)  # fmt: skip
        session.add(incident)
        session.flush()
        ticket = a_ticket(session, noon, incident_id=incident.id)
        alert = an_alert(session, noon, username="jdoe", ticket_id=ticket.id)
        alone = an_alert(session, noon, username="jdoe", fingerprint="alone")
        copied = closed(session, noon, "copied", days=100, duplicate_of_id=alert.id)
        session.add_all(
            AlertEvidence(alert_id=each.id, raw=b"by jdoe", event_time=noon, read_at=noon)
            for each in (alert, alone)
        )
        note(session, noon, alert.id, "asked jdoe")
        with recording(session, verb="task.add", by="alice", now=noon):
            task = Task(subject_kind="ticket", subject_id=ticket.id, title="ask jdoe",
                        created_at=noon, created_by="alice")  # fmt: skip
            session.add(task)
        with recording(session, verb="task.remove", by="alice", now=noon):
            session.delete(task)
        about = subject(session, "INC-2026-001")
        holds.place(session, about, "court", by="lea", now=noon)
        assert forget_alerts(session, older_than=noon - timedelta(days=90), now=noon) == 0
        assert held_days(session) == {f"{noon:%Y-%m-%d}"}
        done = erase(session, "jdoe", by="dpo", now=noon)
        assert (done.rows, done.payloads, done.held) == (2, 0, 4)
        assert session.get(Alert, copied.id) is not None
        lines = select(AlertEvidence.raw).order_by(AlertEvidence.alert_id)
        assert session.exec(lines).all() == [b"by jdoe", b"by [erased]"]
        add_evidence(session, {alert.id: [ANOTHER] * 9}, keep=2)
        assert session.exec(lines).first() == b"by jdoe"
        holds.release(session, about, by="lea", now=noon)
        assert erase(session, "jdoe", by="dpo", now=noon).payloads == 3
        assert held_days(session) == set()


ANOTHER = {"event_time": NOON, "raw": b"another"}


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ("Al met al", "[erased] met [erased]"),
        ("total", "total"),
        ("AL wohnt in der Straße; total", "[erased] wohnt in der Straße; total"),
        ({"al": ["al", 1, None]}, {"[erased]": ["[erased]", 1, None]}),
        (b"\xffal\xfe", b"\xff[erased]\xfe"),
        (None, None),
    ],
)
def test_only_whole_words_are_erased(held, expected):
    assert without(held, "al") == expected


def test_forgetting_goes_on_until_nothing_is_left(database, noon, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 3)
    with database.begin() as session:
        for number in range(8):
            closed(session, noon, str(number), days=100)
    assert forget(database, now=noon, alerts_days=0) == 0
    assert forget(database, now=noon, alerts_days=90) == 8
