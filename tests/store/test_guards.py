"""What people put on record stays as it was written, whoever asks the database."""

import base64
import hashlib
from contextlib import suppress

import pytest
from sqlalchemy import text

from socconsole.errors import StoreError
from socconsole.store.condition import examine
from socconsole.store.erasure import erase
from socconsole.store.guards import FROZEN
from socconsole.store.record_check import check_record
from socconsole.store.recording import recording
from socconsole.store.tables import (
    METADATA,
    AlertEvidence,
    AuditAnchor,
    Communication,
    Custody,
    Evidence,
    Finding,
    Handoff,
    HandoffAmendment,
    Incident,
    Note,
    TicketAlert,
    TicketLink,
)
from socconsole.store.undo import undo
from tests import worked_store
from tests.store.rows import a_ticket, an_alert, take_the_guards_away

TEXTS = {
    "note": "body",
    "finding": "result",
    "evidence": "title",
    "custody": "detail",
    "communication": "body",
    "handoff_amendment": "text",
}
"""Table → a column of what somebody said."""
UPDATES = [
    *((table, column) for table, column in TEXTS.items()),
    ("ticket_alert", "added_by"),
    ("ticket_link", "reason"),
    ("alert_evidence", "raw"),
    ("action", "by"),
    ("handoff", "paragraph"),
    ("handoff", "signed_by"),
    ("audit_anchor", "hash"),
]
DELETES = [*TEXTS, "action", "audit_anchor", "audit_payload"]
REFUSED = r"stays as it was written|only grows"
SAID = "CORP\\erika.muster and\nErika Muster were asked"


def fill(database, noon) -> None:
    """Put one row on record in every table that has to keep it."""
    with database.begin() as session:
        alert = an_alert(session, noon)
        session.add(AlertEvidence(alert_id=alert.id, raw=b"line", event_time=noon))
        with recording(session, verb="case.work", by="alice", now=noon):
            first = a_ticket(session, noon, human_id="SOC-2026-001")
            second = a_ticket(session, noon, human_id="SOC-2026-002")
            incident = Incident(
                human_id="INC-2026-001", title="x", severity=2, declared_at=noon,
                declared_by="alice",
            )  # fmt: skip
            handoff = Handoff(since=noon, until=noon, created_at=noon, created_by="alice")
            session.add_all([incident, handoff])
            session.flush()
            about = {"subject_kind": "ticket", "subject_id": first.id}
            when = {"created_at": noon, "created_by": "alice"}
            proof = Evidence(
                **about, kind="file", title=SAID, content=SAID.encode(), captured_at=noon, size=1,
                sha256=hashlib.sha256(SAID.encode()).hexdigest(), captured_by="alice",
            )  # fmt: skip
            session.add_all(
                [
                    Note(**about, **when, body=SAID),
                    Finding(**about, **when, checked="x", result=SAID, meaning="supports"),
                    proof,
                    Communication(
                        incident_id=incident.id, at=noon, by="alice", audience="all",
                        channel="mail", body=SAID,
                    ),
                    HandoffAmendment(handoff_id=handoff.id, at=noon, by="alice", text=SAID),
                    TicketAlert(
                        ticket_id=first.id, alert_id=alert.id, added_at=noon, added_by="alice"
                    ),
                    TicketLink(
                        ticket_id=first.id, other_id=second.id, added_at=noon, added_by="alice"
                    ),
                ]
            )  # fmt: skip
            session.flush()
            session.add(
                Custody(evidence_id=proof.id, verb="attached", at=noon, by="alice", detail=SAID)
            )
        with recording(session, verb="handoff.sign", by="alice", now=noon):
            handoff.state, handoff.signed_by, handoff.signed_at = "signed", "alice", noon
            handoff.audit_hash = "00"
        session.add(AuditAnchor(seq=1, hash=b"x", at=noon, kind="handoff"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A database to which nothing can be done, as long as it holds what it promises."""
    from datetime import UTC, datetime

    from socconsole.store.database import Database

    database = Database(str(tmp_path_factory.mktemp("guards") / "soc.db"))
    database.create()
    fill(database, datetime(2026, 11, 21, 12, tzinfo=UTC))
    yield database
    database.close()


@pytest.mark.parametrize(("table", "column"), UPDATES)
def test_what_is_on_record_is_not_rewritten(filled, table, column):
    with pytest.raises(StoreError, match=REFUSED):
        with filled.begin() as session:
            session.execute(text(f'UPDATE "{table}" SET "{column}" = "{column}"'))


@pytest.mark.parametrize("table", DELETES)
def test_what_is_on_record_is_not_removed(filled, table):
    with pytest.raises(StoreError, match=REFUSED):
        with filled.begin() as session:
            session.execute(text(f"DELETE FROM {table}"))


def test_every_column_that_is_guarded_is_there():
    """SQLite takes a trigger on a column that does not exist, and guards nothing by it."""
    missing = {
        table: set(columns) - set(METADATA.tables[table].c.keys())
        for table, (columns, _) in FROZEN.items()
    }
    assert not any(missing.values()), missing


def test_a_signed_handoff_can_still_be_accepted(filled):
    with suppress(InterruptedError), filled.begin() as session:
        session.execute(text("UPDATE handoff SET state = 'accepted', accepted_by = 'bob'"))
        raise InterruptedError
    assert examine(filled).whole


def test_rows_rewritten_by_the_owner_of_the_database_are_told(database, noon):
    fill(database, noon)
    assert (examine(database).whole, examine(database).recorded) == (True, 7)
    with database.begin() as session:
        take_the_guards_away(session)
        for table, column in TEXTS.items():
            session.execute(text(f"UPDATE {table} SET {column} = 'nothing'"))
        session.execute(text("UPDATE note SET id = 77"))
        session.execute(text("DELETE FROM communication"))
        session.execute(text("UPDATE handoff SET signed_by = 'mallory'"))
    assert sorted(str(each) for each in examine(database).altered) == [
        "communication 1 was removed",
        "custody 1 was changed: detail",
        "evidence 1 was changed: title",
        "finding 1 was changed: result",
        "handoff 1 was changed: signed_by",
        "handoff amendment 1 was changed: text",
        "note 1 was removed",
        "note 77 is not in the audit",
    ]


@pytest.mark.parametrize(
    "rewriting",
    [
        "UPDATE action SET by = 'mallory' WHERE id = 1",
        "UPDATE action SET verb = 'alert.close' WHERE id = 1",
        "UPDATE action SET at = at + 1 WHERE id = 1",
        "UPDATE audit_entry SET action_id = 1",
        "DELETE FROM action WHERE id = 1",
        "UPDATE action SET rows = rows + 1 WHERE id = 2",
    ],
)
def test_an_action_that_is_not_what_the_audit_says_is_told(filled, rewriting):
    with suppress(InterruptedError), filled.begin() as session:
        take_the_guards_away(session)
        session.execute(text(rewriting))
        said = [str(each) for each in check_record(session)[1]]
        raise InterruptedError  # others need it as it was
    assert any(each.endswith("is not what the audit says") for each in said), said


@pytest.mark.parametrize(
    ("rewriting", "told"),
    [
        ("UPDATE handoff SET state = 'draft', audit_hash = NULL", "handoff 1 was opened again"),
        ("DELETE FROM handoff", "handoff 1 was removed"),
    ],
)
def test_a_signed_handoff_that_is_taken_away_is_told(filled, rewriting, told):
    with pytest.raises(StoreError, match=REFUSED), filled.begin() as session:
        session.execute(text(rewriting))
    with suppress(InterruptedError), filled.begin() as session:
        take_the_guards_away(session)
        session.execute(text("DELETE FROM handoff_amendment"))
        session.execute(text(rewriting))
        assert told in [str(each) for each in check_record(session)[1]]
        raise InterruptedError


def test_what_a_signed_handoff_lists_is_compared_with_what_was_written(sqlite_database, noon):
    worked_store.fill(sqlite_database, noon)
    for rewriting, told in (
        ("UPDATE handoff_item SET text = 'calm' WHERE id = 1", "item 1 was changed: text"),
        ("DELETE FROM handoff_item WHERE id = 2", "item 2 was removed"),
        ("UPDATE handoff SET paragraph = 'calm'", "handoff 1 was changed: paragraph"),
    ):
        with suppress(InterruptedError), sqlite_database.begin() as session:
            assert check_record(session)[1] == ()
            take_the_guards_away(session)
            session.execute(text(rewriting))
            (altered,) = check_record(session)[1]
            assert told in str(altered)
            raise InterruptedError  # the next one begins anew


def test_undo_takes_statements_back_and_leaves_the_record_whole(database, noon):
    fill(database, noon)
    with database.begin() as session:
        with recording(session, verb="note.add", by="alice", now=noon) as action:
            session.add(
                Note(subject_kind="ticket", subject_id=1, body="x", created_at=noon,
                     created_by="alice")
            )  # fmt: skip
        taken = undo(session, action.action_id, by="alice", now=noon)
    assert examine(database).whole
    with database.begin() as session:
        undo(session, taken.action_id, by="alice", now=noon)
    assert examine(database).whole
    with database.begin() as session:
        if database.is_sqlite:
            assert session.execute(text("SELECT count(*) FROM permit")).scalar() == 0


def test_a_person_is_erased_from_what_is_on_record(database, noon):
    """Behind a line feed and beside a backslash, which JSON writes in other ways."""
    fill(database, noon)
    with database.begin() as session:
        for name in ("Erika Muster", "CORP\\erika.muster"):
            erase(session, name, by="admin", now=noon)
    found = examine(database)
    assert found.whole
    assert found.chain.erased >= len(TEXTS)
    with database.read() as session:
        assert session.execute(text("SELECT content FROM evidence")).scalar_one() is None
        bodies = session.execute(text("SELECT body FROM audit_payload")).scalars().all()
        texts = [
            session.execute(text(f"SELECT {column} FROM {table}")).scalar_one()
            for table, column in TEXTS.items()
        ]
    assert not [each for each in (*bodies, *texts) if "muster" in each.casefold()]
    encoded = base64.b64encode(SAID.encode()).decode()
    assert not [body for body in bodies if encoded in body]
