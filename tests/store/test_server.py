"""What only a server does: announcing commits, roles, rows nobody else may write."""

import os
import pwd
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlmodel import func, select

from socconsole.core.severity import Severity
from socconsole.errors import ForbiddenError, StoreError
from socconsole.services import actions, nodes, presence, tasks, tickets
from socconsole.services.leases import LeaseLostError, renew_lease, take_lease
from socconsole.services.tickets import Report
from socconsole.store import changes
from socconsole.store.audit import verify
from socconsole.store.database import Database
from socconsole.store.events import EventStore
from socconsole.store.guards import LINKS, STATEMENTS
from socconsole.store.queries import subjects
from socconsole.store.raising import add_evidence, insert_alerts
from socconsole.store.recording import recording
from socconsole.store.roles import _AUTHOR, _SIGNED
from socconsole.store.tables import Alert, AlertEvidence, LegalHold, Note
from socconsole.store.types import new_uid
from tests.store.rows import a_source, an_alert
from tests.store.test_events import another_place, append, found

pytestmark = pytest.mark.postgres


def a_note(noon, *, by) -> Note:
    return Note(subject_kind="alert", subject_id=1, body="seen", created_at=noon, created_by=by)


def note(database, noon, *, by, signed=None):
    with database.begin() as session:
        with recording(session, verb="note.add", by=by, now=noon):
            session.add(a_note(noon, by=signed or by))


def awaited(poller, seconds=5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if poller.poll():
            return True
        time.sleep(0.01)
    return False


def test_a_commit_is_announced(owner, noon):
    poller = owner.changes()
    assert poller.poll()
    assert not poller.poll()
    note(owner, noon, by="soc")
    start = time.monotonic()
    assert awaited(poller)
    assert time.monotonic() - start < 0.9  # earlier than the head would have been read
    poller.close()


def test_lines_and_looks_are_announced_too(owner, noon, monkeypatch):
    """No action says so: the live tail and who else looks would stand still on a server."""
    monkeypatch.setattr(changes, "_ASK_EVERY", 60.0)
    place = another_place(owner, noon)
    node = one_node(owner, "bob", noon)
    poller, store = owner.changes(), EventStore(owner)
    assert poller.poll()
    append(owner, store, place, [0], noon)
    assert awaited(poller)
    with owner.begin() as session:
        presence.look(session, node, presence.Look("queue"), by="bob", now=noon)
    assert awaited(poller)
    poller.close()


def test_programs_that_start_at_once_make_one_schema(postgres_server):
    """Consoles and collectors of several hosts, the first time."""
    with postgres_server.fresh_database("template0") as url:
        opened = [Database(url) for _ in range(3)]
        start = threading.Barrier(3)

        def make(database: Database) -> None:
            start.wait(10)
            database.create()

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(make, opened))
        with opened[0].read() as session:
            assert session.scalar(text("SELECT count(*) FROM change_head")) == 1
        for each in opened:
            each.close()


def test_who_reads_events_is_told_that_the_server_is_away(tmp_path):
    away = Database(f"postgresql://soc@/soc?host={tmp_path}")
    with pytest.raises(StoreError, match="server cannot be reached"):
        list(EventStore(away).search())
    with pytest.raises(StoreError, match="server cannot be reached"):
        EventStore(away).retain(timedelta(days=1), None)
    away.close()


@contextmanager
def paused(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def backend(connection) -> int:
    return connection.info.backend_pid


def test_a_server_that_falls_silent_is_given_up_and_stores_nothing_later(owner, url, noon):
    hurried = Database(url, patience_secs=0.3)

    def work() -> None:
        with hurried.begin() as session:
            session.add(a_note(noon, by="soc"))
            session.flush()
            with paused(backend(session.connection().connection.driver_connection)):
                session.add(a_note(noon, by="soc"))
                session.flush()

    with pytest.raises(StoreError, match="cannot be reached"):
        work()
    with owner.begin() as session:  # waits for what the server still did of it
        session.execute(text("LOCK TABLE note"))
        assert session.exec(select(func.count()).select_from(Note)).one() == 0
    note(hurried, noon, by="soc")
    hurried.close()


def test_who_watches_a_server_is_told_that_it_fell_silent(owner, monkeypatch):
    monkeypatch.setattr(changes, "_PATIENCE_SECS", 0.3)
    monkeypatch.setattr(changes, "_ASK_EVERY", 0.0)
    poller = owner.changes()
    assert poller.poll()
    with paused(backend(poller._connection)), pytest.raises(StoreError, match="cannot be reached"):
        poller.poll()
    assert poller.poll()
    poller.close()


def test_who_loses_the_server_while_it_commits_is_told_to_look(owner, postgres_server, noon):
    @event.listens_for(owner.engine, "commit")
    def lose(connection):
        number = connection.connection.driver_connection.info.backend_pid
        postgres_server.execute(f"SELECT pg_terminate_backend({number}, 5000)")

    with pytest.raises(StoreError, match="perhaps it did"):
        note(owner, noon, by="soc")


def test_a_lost_connection_is_said_and_found_again(owner, noon):
    poller = owner.changes()
    poller.poll()
    with owner.begin() as session:
        session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query LIKE '%FROM change_head%' AND pid <> pg_backend_pid()"
            )
        )
    with pytest.raises(StoreError, match="cannot be reached"):
        awaited(poller)
    assert poller.poll()
    poller.close()


@pytest.mark.parametrize("limit", ["_IDLE_WAIT", "_LONGEST"])
def test_a_process_that_stands_still_in_a_transaction_keeps_nobody_waiting(
    url, noon, monkeypatch, limit
):
    """Its locks fall after a while, and what it goes on to commit is refused."""
    monkeypatch.setattr(f"socconsole.store.database.{limit}", 1)
    paused, other = Database(url), Database(url)
    with closing(paused), closing(other):
        paused.become_collector()
        with paused.read() as session:
            raw = session.connection().connection.driver_connection
            if limit == "_LONGEST" and not raw.is_bounded:
                pytest.skip("a server before PostgreSQL 17 does not bound a transaction")
        node = one_node(other, "machine", noon)
        with other.begin() as session:
            assert take_lease(session, node, now=noon, lasts=timedelta(0)) == 1

        def stands_still() -> None:
            with paused.begin() as session:
                renew_lease(session, 1, now=noon, lasts=timedelta(0))
                with other.begin() as second:  # waits for the row
                    assert take_lease(second, node, now=noon, lasts=timedelta(0)) == 2

        with pytest.raises(StoreError, match="cannot be reached"):
            stands_still()
        with pytest.raises(LeaseLostError), paused.begin() as session:
            renew_lease(session, 1, now=noon, lasts=timedelta(0))


def test_an_analyst_works_under_their_own_name(sign_in, owner, noon):
    with owner.begin() as session:
        an_alert(session, noon)
    alice = sign_in("alice", "analyst")
    note(alice, noon, by="alice")
    with alice.begin() as session:
        with recording(session, verb="alert.acknowledge", by="alice", now=noon):
            session.exec(select(Alert)).one().status = "acknowledged"
    with alice.read() as session:
        assert session.exec(select(Note)).one().created_by == "alice"


@pytest.mark.parametrize(("by", "signed"), [("bob", None), ("alice", "bob"), ("collector", None)])
def test_nobody_writes_as_another(sign_in, noon, by, signed):
    alice = sign_in("alice", "analyst")
    with pytest.raises(ForbiddenError):
        note(alice, noon, by=by, signed=signed)


def test_no_row_names_another_as_its_author(sign_in, owner, noon):
    """Neither a new row nor a changed one, whatever the statement."""
    alice = sign_in("alice", "lead")
    for table, column in {**_AUTHOR, **_SIGNED}.items():
        for statement in (
            f'INSERT INTO "{table}" ("{column}") VALUES (\'bob\')',
            f'UPDATE "{table}" SET "{column}" = \'bob\'',
        ):
            with pytest.raises(ForbiddenError), alice.begin() as session:
                session.execute(text(statement))


def test_a_lead_works_a_case_and_undoes_it(sign_in, owner, noon):
    alice, bob = sign_in("alice", "analyst"), sign_in("bob", "lead")
    with alice.begin() as session:
        ticket = tickets.open_by_hand(session, Report(title="Odd login"), by="alice", now=noon)
    with bob.begin() as session:
        tickets.assign(session, [ticket.id], "bob", by="bob", now=noon)
        about = subjects.subject(session, ticket.human_id)
        assert tasks.add(session, about, [tasks.Step(title="Call")], by="bob", now=noon)
    with bob.begin() as session:
        actions.undo(session, by="bob", now=noon)
    node = one_node(alice, "alice", noon)
    with alice.begin() as session:
        nodes.beat(session, node, now=noon)
        nodes.leave(session, node, now=noon)


def one_node(database, login, noon) -> int:
    with database.begin() as session:
        return nodes.join(session, "console", login, now=noon)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET by = 'bob'",
        "DELETE FROM audit_entry",
        "UPDATE audit_payload SET body = '{}'",
        "DELETE FROM audit_payload",
        "TRUNCATE audit_entry",
        "DROP TABLE audit_entry",
        "ALTER TABLE audit_entry DISABLE ROW LEVEL SECURITY",
        "UPDATE meta SET value = '99'",
        "UPDATE legal_hold SET reason = ''",
        "COPY alert TO PROGRAM 'id'",
    ],
)
def test_an_analyst_cannot_rewrite_history_or_take_rights(sign_in, noon, statement):
    alice = sign_in("alice", "analyst")
    note(alice, noon, by="alice")
    with pytest.raises((ForbiddenError, StoreError)), alice.begin() as session:
        session.execute(text(statement))


def test_statements_and_actions_are_not_rewritten(sign_in, noon):
    """Not even by their author; an admin may, who takes a person's name out of them."""
    alice, root = sign_in("alice", "lead"), sign_in("root", "admin")
    note(alice, noon, by="alice")
    for table in (*STATEMENTS, *LINKS):
        change = f"UPDATE {table} SET id = id"
        with pytest.raises(ForbiddenError), alice.begin() as session:
            session.execute(text(change))
        with root.begin() as session:
            session.execute(text(change))
    for change in ("UPDATE action SET verb = 'x'", "DELETE FROM action", "DELETE FROM custody"):
        with pytest.raises(ForbiddenError), alice.begin() as session:
            session.execute(text(change))


def test_a_viewer_only_looks(sign_in, owner, noon):
    with owner.begin() as session:
        an_alert(session, noon)
    vera = sign_in("vera", "viewer")
    with vera.read() as session:
        assert session.exec(select(Alert)).one().title == "Brute force"
    with pytest.raises(ForbiddenError):
        note(vera, noon, by="vera")


def test_a_lead_places_holds_and_a_collector_signs_as_itself(sign_in, noon):
    lead, machine = sign_in("lea", "lead"), sign_in("machine", "collector")
    with lead.begin() as session:
        hold = LegalHold(subject_kind="ticket", subject_id=1, reason="court order")
        hold.placed_at, hold.placed_by = noon, "lea"
        with recording(session, verb="hold.place", by="lea", now=noon):
            session.add(hold)
    with machine.begin() as session:
        with recording(
            session, verb="collector.batch", by="collector", now=noon, audit="one-entry"
        ):
            an_alert(session, noon)
    with pytest.raises(ForbiddenError):
        note(machine, noon, by="collector")


def test_a_copy_stores_what_inserts_store(owner, noon):
    """The same hostile values by `COPY` and one statement each are the same rows."""
    hostile = ["tab\tline\nback\\slash \\N", "é \u2028 \U0001f480", "", "{1,2}"]
    rows = [
        {
            "uid": new_uid(), "fingerprint": text_, "title": text_, "rule_id": "r",
            "source_id": 1, "severity": Severity(number % 5), "rank": number / 7,
            "tags": [text_, 'quo"te'], "entities": {"user": text_, "n": None},
            "host": text_ or None, "closed_at": noon if number % 2 else None,
            "first_seen": noon, "last_seen": noon, "created_at": noon,
        }
        for number, text_ in enumerate(hostile * 6)
    ]  # fmt: skip
    with owner.begin() as session:
        a_source(session, noon)
        copied = insert_alerts(session, rows)
        inserted = [insert_alerts(session, [{**row, "uid": new_uid()}])[0] for row in rows]
        evidence = {"raw": b"\x00\xff\\", "event_time": noon, "fields": {"a": [1, None]}}
        add_evidence(session, {copied[0]: [evidence] * 24}, keep=24)
        add_evidence(session, {inserted[0]: [evidence]}, keep=24)

    def image(session, number):
        return {**session.get(Alert, number).model_dump(), "id": 0, "uid": ""}

    with owner.read() as session:
        assert [image(session, n) for n in copied] == [image(session, n) for n in inserted]
        kept = [{**each.model_dump(), "id": 0, "alert_id": 0}
                for each in session.exec(select(AlertEvidence))]  # fmt: skip
        assert len(kept) == 25
        assert all(each == kept[0] for each in kept)


def test_collectors_share_what_each_of_them_stored(sign_in, owner, noon):
    place = another_place(owner, noon)
    one, two = sign_in("machine", "collector"), sign_in("robot", "collector")
    stores = [EventStore(one), EventStore(two)]
    for number in range(4):
        append(one, stores[0], place, [number], noon + timedelta(days=number // 2))
    now = noon + timedelta(days=2)
    stores[1].retain(None, None, now=now)  # puts small blocks of one day together
    stores[1].retain(timedelta(days=1), None, now=now)
    assert found(stores[0]) == [2, 3]


def test_a_value_is_looked_up_in_a_sorted_index(owner, noon):
    """No list of what is still to be sorted in, which grows to megabytes: each look-up reads it."""
    place, store = another_place(owner, noon), EventStore(owner)
    for number in range(4):
        append(owner, store, place, [number], noon + timedelta(days=number // 2))
    store.retain(None, None, now=noon + timedelta(days=2))  # one of the days is written anew
    query = text(
        "SELECT c.relname, c.reloptions FROM pg_class c JOIN pg_am a ON a.oid = c.relam"
        " WHERE a.amname = 'gin' AND c.relname LIKE 'event_block_2%'"
    )
    with owner.read() as session:
        indexes = dict(tuple(row) for row in session.execute(query))
    assert len(indexes) == 2
    assert all("fastupdate=off" in options for options in indexes.values())


def test_people_read_events_and_cannot_change_them(sign_in, owner, noon):
    place = another_place(owner, noon)
    append(owner, EventStore(owner), place, [0], noon)
    alice = sign_in("alice", "analyst")
    assert found(EventStore(alice)) == [0]
    for statement in (
        "DELETE FROM event_block",
        "UPDATE event_block SET n = 0",
        "DROP TABLE event_block_20261121",
    ):
        with pytest.raises((ForbiddenError, StoreError)), alice.begin() as session:
            session.execute(text(statement))


def test_with_peer_authentication_the_account_is_the_login(
    sign_in, url, postgres_server, noon, monkeypatch
):
    """Whatever the environment and the address say: the kernel tells the server who asks."""
    account = pwd.getpwuid(os.getuid()).pw_name
    own, alice = sign_in(account, "analyst"), sign_in("alice", "analyst")
    rules = postgres_server.folder / "data" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local {own.url.database} all peer\n{before}")
    try:
        postgres_server.execute("SELECT pg_reload_conf()")
        for variable in ("USER", "LOGNAME", "PGUSER"):
            monkeypatch.setenv(variable, "alice")
        assert "does not accept this login" in until_refused(alice)
        note(own, noon, by=account)
        with pytest.raises(ForbiddenError, match="does not let this login"):
            note(own, noon, by="alice")
    finally:
        rules.write_text(before)
        postgres_server.execute("SELECT pg_reload_conf()")


def until_refused(database, seconds=5.0) -> str:
    """Sign in until the server has read its rules again; return what it then says."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with database.read() as session:
                session.connection()
        except ForbiddenError as error:
            return error.what
        database.close()
        time.sleep(0.01)
    return "the server takes one account for another"


def test_no_sequence_has_to_be_without_gaps_and_no_extension_is_needed(owner, noon):
    """As where nodes take numbers by the hundred: what is counted is counted in rows."""
    place, store = another_place(owner, noon), EventStore(owner)
    append(owner, store, place, [0], noon)
    tail = store.recent(10)
    named, shown = [], [kept.offset // 100 for kept in tail.events]
    for number, burnt in enumerate((7, 600, 90_000), 1):
        with owner.begin() as session:
            session.execute(
                text(
                    "SELECT setval(c.oid::regclass, nextval(c.oid::regclass) + :burnt)"
                    " FROM pg_class c WHERE c.relkind = 'S'"
                ),
                {"burnt": burnt},
            )
            made = tickets.open_by_hand(session, Report(title="Odd"), by="soc", now=noon)
            named.append(made.human_id)
        append(owner, store, place, [number], noon)
        tail = store.recent(10, after=tail.cursor)
        shown += [kept.offset // 100 for kept in tail.events]
    assert named == ["SOC-2026-001", "SOC-2026-002", "SOC-2026-003"]
    assert shown == found(store) == [0, 1, 2, 3]
    with owner.begin() as session:
        actions.undo(session, by="soc", now=noon)
        assert verify(session.connection()).whole
        changes = session.execute(text("SELECT DISTINCT seq FROM change ORDER BY seq")).scalars()
        assert list(changes) == [1, 2, 3, 4]
        extensions = session.execute(text("SELECT extname FROM pg_extension")).scalars()
        assert list(extensions) == ["plpgsql"]
