"""Disks that fill up, files that break, databases that belong to somebody else."""

import subprocess
import sys
import time

import pytest
from sqlalchemy import text
from sqlmodel import func, select

from socconsole.errors import StoreError, UsageError
from socconsole.services import presence
from socconsole.store import changes, driver, turns
from socconsole.store.condition import examine
from socconsole.store.database import Database
from socconsole.store.events import EventStore
from socconsole.store.glance import first_page
from socconsole.store.lock_holders import LOCKS
from socconsole.store.place import events_beside
from socconsole.store.recording import recording
from socconsole.store.tables import Alert, Asset
from socconsole.store.upgrade import upgrade
from tests.conftest import NOON
from tests.store.rows import a_source, an_alert
from tests.store.test_events import another_place, append


def count(database) -> int:
    with database.read() as session:
        return session.exec(select(func.count()).select_from(Alert)).one()


def test_a_file_that_is_no_database_is_said(tmp_path, noon):
    path = tmp_path / "soc.db"
    path.write_bytes(b"this is a letter to my aunt" * 400)
    path.chmod(0o600)
    database = Database(str(path))
    with pytest.raises(StoreError, match="not an SQLite database"):
        database.create()
    with pytest.raises(StoreError, match="not an SQLite database"):
        upgrade(database, now=noon)
    database.close()
    assert path.read_bytes().startswith(b"this is a letter")


def test_a_number_no_row_can_have_is_wrong_usage(database):
    with pytest.raises(UsageError, match="larger than any"):
        with database.read() as session:
            session.exec(select(Alert).where(Alert.id == 10**30)).all()


def test_a_damaged_page_is_found_by_verify_and_named_on_reading(sqlite_database, noon):
    with sqlite_database.begin() as session:
        for number in range(20):
            an_alert(session, noon, fingerprint=str(number), summary="x" * 3000)
    with sqlite_database.read() as session:
        root = session.connection().exec_driver_sql(
            "SELECT rootpage FROM sqlite_master WHERE name = 'alert'"
        ).scalar()  # fmt: skip
    sqlite_database.close()
    connection = driver.connect(str(sqlite_database.path))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with sqlite_database.path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    assert said_of(sqlite_database) == "damaged"


@pytest.mark.parametrize(
    "damage",
    ["tags = '[\"a'", "tags = CAST(x'cd41' AS TEXT)", "created_at = 1 << 62", "severity = 9"],
)
def test_a_value_that_no_program_of_ours_wrote_is_called_damage(sqlite_database, noon, damage):
    with sqlite_database.begin() as session:
        an_alert(session, noon)
        session.connection().exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        session.connection().exec_driver_sql(f"UPDATE alert SET {damage}")
    with (
        pytest.raises(StoreError, match=r"damaged|decode") as told,
        sqlite_database.read() as session,
    ):
        session.exec(select(Alert)).all()
    assert told.value.exit_code == 3
    if "tags" not in damage:
        assert first_page(sqlite_database.path, 9) == ()


def test_a_schema_that_is_no_text_is_called_damage(sqlite_database, noon):
    sqlite_database.close()
    connection = driver.connect(str(sqlite_database.path))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    written = sqlite_database.path.read_bytes()
    broken = written.replace(b"CREATE TABLE alert (", b"CREATE TABLE al\xcdrt (").replace(
        b"alertalert", b"al\xcdrtalert"
    )
    assert broken != written
    sqlite_database.path.write_bytes(broken)
    assert said_of(sqlite_database) == "damaged"
    assert first_page(sqlite_database.path, 9) == ()


def said_of(database) -> str:
    """What an analyst hears, whether the damage is found by looking or by stumbling."""
    try:
        return "whole" if examine(database).whole else "damaged"
    except StoreError as error:
        return "damaged" if "damaged" in error.what else error.what


def test_another_program_that_keeps_the_lock_is_said(sqlite_database, noon, monkeypatch):
    monkeypatch.setattr(turns, "LOCK_WAIT", 0.05)
    other = driver.connect(str(sqlite_database.path))
    turns.begin_immediate(other)
    try:
        with pytest.raises(StoreError, match="keeps the database locked"):
            with sqlite_database.begin() as session:
                an_alert(session, noon)
    finally:
        other.execute("ROLLBACK")
        other.close()
    with sqlite_database.begin() as session:
        an_alert(session, noon)
    assert count(sqlite_database) == 1


HOLDER = """
import sys, time
from socconsole.store import driver
connection = driver.connect(sys.argv[1])
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
print("at work", flush=True)
end = time.monotonic() + 0.2
while time.monotonic() < end:
    pass
connection.execute("ROLLBACK")
"""


@pytest.mark.skipif(not LOCKS.exists(), reason="only Linux tells who holds a lock")
def test_who_stands_still_with_the_lock_is_named_and_who_works_is_waited_for(
    sqlite_database, noon, monkeypatch
):
    monkeypatch.setattr(turns, "LOCK_WAIT", 0.05)
    words = [sys.executable, "-c", HOLDER, str(sqlite_database.path)]
    with subprocess.Popen(words, stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match="keeps the database locked") as told:
            with sqlite_database.begin() as session:
                an_alert(session, noon)
        assert f"look for process {holder.pid} (" in told.value.hint
        holder.stdin.write("work\n")
        holder.stdin.flush()
        assert holder.stdout.readline() == "at work\n"
        with sqlite_database.begin() as session:
            an_alert(session, noon)
    assert count(sqlite_database) == 1


def test_a_clock_that_jumps_back_leaves_the_order_of_actions(database, noon):
    from datetime import timedelta

    from socconsole.store.audit import verify
    from socconsole.store.queries.actions import list_actions

    for number, moment in enumerate((noon, noon - timedelta(days=2), noon)):
        with database.begin() as session:
            with recording(session, verb="asset.put", by="alice", now=moment, summary=str(number)):
                session.add(Asset(name=f"host-{number}", created_at=moment, created_by="alice"))
    with database.read() as session:
        assert [row.summary for row in list_actions(session)] == ["2", "1", "0"]
        assert verify(session.connection()).whole


def test_a_server_that_is_away_is_said(tmp_path):
    database = Database(f"postgresql://soc@/soc?host={tmp_path}")
    with pytest.raises(StoreError, match="server cannot be reached"), database.read() as session:
        session.connection()
    with pytest.raises(StoreError, match="server cannot be reached"):
        database.changes().poll()
    database.close()


def test_an_unknown_kind_of_database_is_refused():
    with pytest.raises(UsageError, match="'mysql' is not a database this program knows"):
        Database("mysql://host/soc")


def test_with_an_unsafe_sqlite_only_the_collector_checkpoints(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "SAFE", False)
    database = Database(str(tmp_path / "soc.db"))
    database.create()

    def pages() -> int:
        with database.read() as session:
            return session.connection().exec_driver_sql("PRAGMA wal_autocheckpoint").scalar()

    assert pages() == 0
    database.become_collector()
    assert pages() == 1000
    database.close()


def test_a_damaged_day_of_events_is_named_and_the_database_is_not(sqlite_database, noon):
    store = EventStore(sqlite_database)
    place = another_place(sqlite_database, noon)
    append(sqlite_database, store, place, range(3), noon)
    store.close()
    (day,) = events_beside(sqlite_database.path).glob("*.socev")
    whole = day.read_bytes()
    for damage, what in (
        (whole[:4096] + b"\xff" * 40_000, "The events of 2026-11-21 are damaged"),
        (b"a letter to my aunt" * 900, "The events of 2026-11-21 are damaged"),
        (
            whole.replace(payload_of(whole), b"x" * 20),
            "events of 2026-11-21: A block of events is damaged",
        ),
    ):
        day.write_bytes(damage)
        broken = EventStore(sqlite_database)
        with pytest.raises(StoreError, match=what):
            list(broken.search())
        broken.close()
    assert examine(sqlite_database).whole


def payload_of(file: bytes) -> bytes:
    """Return the first bytes of the only compressed block in a day's file."""
    start = file.rindex(b"\x28\xb5\x2f\xfd")
    return file[start : start + 20]


@pytest.mark.postgres
def test_where_announcements_are_lost_the_head_is_asked(postgres_server, monkeypatch):
    monkeypatch.setattr(changes, "_ASK_EVERY", 0.05)
    with postgres_server.fresh_database() as url:
        database = Database(url)
        poller = database.changes()
        assert poller.poll()
        with database.begin() as session:
            a_source(session, NOON)
            presence.look_here(session, presence.Look("queue"), "bob", now=NOON)
        for unannounced in (
            "UPDATE change_head SET seq = seq + 1",
            "UPDATE source SET lines = lines + 1",
            "UPDATE presence SET seen_at = seen_at + 1",
        ):
            with database.begin() as session:
                session.execute(text(unannounced))
            end = time.monotonic() + 5
            while not poller.poll():
                assert time.monotonic() < end
                time.sleep(0.01)
        poller.close()
        database.close()
