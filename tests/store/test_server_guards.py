"""What a server refuses people who speak SQL to it themselves, and lets the program do."""

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from socconsole.services import actions, handoffs
from socconsole.store import event_partitions
from socconsole.store.audit import Link, link_hash, payload_hash, verify
from socconsole.store.events import EventStore
from socconsole.store.record_check import check_record
from socconsole.store.tables import Handoff
from tests import worked_store
from tests.store.rows import an_alert
from tests.store.test_events import another_place, append, found
from tests.store.test_server import note

pytestmark = pytest.mark.postgres

HEAD = "UPDATE change_head SET audit_seq = %s, audit_hash = %s"
ENTRY = (
    "INSERT INTO audit_entry (seq, at, action_id, by, verb, operation, entity, entity_id,"
    " entity_uid, payload_hash, previous, hash)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
PAYLOAD = "INSERT INTO audit_payload (seq, salt, body) VALUES (%s, %s, %s)"


class Forger:
    """Someone who has a login and the source of this program."""

    def __init__(self, database, login):
        self.login = login
        self.connection = psycopg.connect(
            database.url.set(drivername="postgresql").render_as_string()
        )

    def is_refused(self, *statements) -> bool:
        """Try statements, or pairs of one and its values, as one transaction."""
        try:
            for each in statements:
                self.connection.execute(*((each,) if isinstance(each, str) else each))
            self.connection.commit()
        except InsufficientPrivilege:
            self.connection.rollback()
            return True
        return False

    def link(self, *, action=1, skip=0, previous=None, digest=None, head=True, payload=True):
        """An entry as the program would write it, but for what is asked to be wrong."""
        seq, end = self.connection.execute(
            "SELECT audit_seq, audit_hash FROM change_head"
        ).fetchone()
        self.connection.rollback()
        salt, body = b"s" * 16, '{"after":{"ü":"x"}}'
        link = Link(seq + 1 + skip, 5, action, self.login, "note.add", "insert", "note", None,
                    "ü", payload_hash(salt, body))  # fmt: skip
        previous = previous or end
        made = digest or link_hash(previous, link)
        yield (HEAD, (link.seq if head else seq, made if head else end))
        yield (ENTRY, (*link, previous, made))
        if payload:
            yield (PAYLOAD, (link.seq, salt, body))


@pytest.fixture
def forger(sign_in, noon):
    alice, bob = sign_in("alice", "lead"), sign_in("bob", "analyst")
    note(bob, noon, by="bob")
    note(alice, noon, by="alice")
    forger = Forger(alice, "alice")
    yield forger
    forger.connection.close()


def test_the_chain_grows_by_linked_entries_of_ones_own_alone(forger, owner):
    own = forger.connection.execute("SELECT id FROM action WHERE by = 'alice'").fetchone()[0]
    forger.connection.rollback()
    for wrong in (
        {"action": own - 1},  # bob's: an undo of his would do what it says, in his name
        {"skip": 1},
        {"previous": b"x" * 32},
        {"digest": b"x" * 32},
        {"head": False},
        {"payload": False},
    ):
        assert forger.is_refused(*forger.link(**{"action": own, **wrong})), wrong
    assert not forger.is_refused(*forger.link(action=own))
    with owner.read() as session:
        found = verify(session.connection())
        assert (found.entries, found.whole) == (3, True)


def test_heads_and_anchors_say_what_is_so(forger, owner):
    with owner.begin() as session:
        session.connection().exec_driver_sql("DELETE FROM audit_payload WHERE seq = 1")
    for statement in (
        "UPDATE change_head SET audit_seq = 0",
        "UPDATE change_head SET audit_seq = 1, audit_hash = (SELECT hash FROM audit_entry LIMIT 1)",
        "UPDATE change_head SET audit_hash = 'x'",
        "UPDATE change_head SET seq = 9223372036854775807",
        "DELETE FROM change",
        "INSERT INTO audit_payload (seq, salt, body) VALUES (1, 's', '{}')",
        "INSERT INTO audit_anchor (seq, hash, at, kind, place) VALUES (1, 'x', 5, 'file', '')",
    ):
        assert forger.is_refused(statement), statement


def test_facts_signatures_and_numbers_are_not_for_people_to_change(sign_in, owner, noon):
    worked_store.fill(owner, noon)
    forger = Forger(sign_in("alice", "lead"), "alice")
    for statement in (
        "UPDATE alert SET title = 'nothing'",
        "UPDATE alert SET count = 1, host = 'another'",
        "DELETE FROM alert",
        "DELETE FROM ticket",
        "DELETE FROM incident",
        "UPDATE human_sequence SET n = 0",
        "DELETE FROM human_sequence",
        "INSERT INTO human_sequence (prefix, year, n) VALUES ('SOC', 2030, 900)",
        "UPDATE handoff SET paragraph = 'all quiet'",
        "UPDATE handoff SET state = 'draft', audit_hash = NULL",
        "CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1'",
    ):
        assert forger.is_refused(statement), statement
    forger.connection.execute("DELETE FROM handoff")
    forger.connection.commit()
    assert forger.connection.execute("SELECT count(*) FROM handoff").fetchone() == (1,)
    assert not forger.is_refused("UPDATE alert SET severity = 3, assignee = 'alice'")
    forger.connection.close()
    machine = Forger(sign_in("machine", "collector"), "machine")
    assert machine.is_refused("UPDATE alert_evidence SET raw = 'x'")
    assert not machine.is_refused("UPDATE alert SET count = count + 1")
    machine.connection.close()


def test_an_undo_opens_what_was_signed(sign_in, owner, noon):
    with owner.begin() as session:
        an_alert(session, noon, status="closed", is_open=False)
    alice = sign_in("alice", "analyst")
    with alice.begin() as session:
        handoffs.write(session, "Quiet.", by="alice", now=noon)
    with alice.begin() as session:
        handoffs.sign(session, by="alice", now=noon)
    with alice.begin() as session:
        actions.undo(session, by="alice", now=noon)
    with owner.read() as session:
        assert session.get(Handoff, 1).audit_hash is None
        assert check_record(session)[1] == ()


def test_whoever_only_looks_does_not_stop_the_collectors(sign_in, owner, noon, monkeypatch):
    """A lock by number is everybody's to take, and to keep."""
    monkeypatch.setattr(event_partitions, "_PATIENCE", "50ms")
    vera = Forger(sign_in("vera", "viewer"), "vera")
    vera.connection.execute("SELECT pg_advisory_lock(20536, 1)")
    store = EventStore(owner)
    append(owner, store, another_place(owner, noon), range(3), noon)
    assert found(store) == [0, 1, 2]
    store.close()
    vera.connection.close()
