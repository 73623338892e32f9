import shutil

import pytest
from sqlalchemy import text

from socconsole.store.database import Database
from socconsole.store.recording import recording
from socconsole.store.remembered_head import look
from socconsole.store.tables import Asset
from tests.store.test_anchors import tamper


def act(database, noon, login):
    with database.begin() as session:
        with recording(session, verb="asset.put", by="alice", now=noon):
            session.add(Asset(name=login, created_at=noon, created_by="alice"))


@pytest.fixture
def seen(database, noon, tmp_path):
    """A database of two actions that this account has seen."""
    act(database, noon, "bob")
    act(database, noon, "eve")
    assert look(database, tmp_path, now=noon) is None
    return database


def test_a_database_that_only_grew_is_fine(seen, noon, tmp_path):
    assert look(seen, tmp_path, now=noon) is None
    act(seen, noon, "mallory")
    assert look(seen, tmp_path, now=noon) is None
    (kept,) = (tmp_path / "heads").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_an_audit_that_ends_earlier_than_it_did_is_told_once(seen, noon, tmp_path):
    tamper(
        seen,
        "DELETE FROM audit_payload WHERE seq = 2",
        "DELETE FROM audit_entry WHERE seq = 2",
        "UPDATE change_head SET audit_seq = 1,"
        " audit_hash = (SELECT hash FROM audit_entry WHERE seq = 1)",
    )
    told = look(seen, tmp_path, now=noon)
    assert "ended at entry 2 when this account saw it on 2026-11-21 12:00 UTC" in told.what
    assert "now it ends at 1" in told.what
    assert look(seen, tmp_path, now=noon) is None


def test_a_chain_that_was_made_anew_is_told(seen, noon, tmp_path):
    tamper(seen, "UPDATE audit_entry SET hash = previous WHERE seq = 2")
    assert "Entry 2 of the audit is not the one" in look(seen, tmp_path, now=noon).what


def test_another_database_in_the_same_place_is_told(seen, noon, tmp_path):
    with seen.begin() as session:
        session.execute(text("UPDATE meta SET value = 'another' WHERE key = 'uid'"))
    assert "another database" in look(seen, tmp_path, now=noon).what


def test_an_older_copy_put_back_is_told(sqlite_database, noon, tmp_path):
    act(sqlite_database, noon, "bob")
    with sqlite_database.begin() as session:
        session.connection()
    sqlite_database.close()
    shutil.copy(sqlite_database.path, tmp_path / "older")
    act(sqlite_database, noon, "eve")
    look(sqlite_database, tmp_path, now=noon)
    sqlite_database.close()
    shutil.copy(tmp_path / "older", sqlite_database.path)
    again = Database(str(sqlite_database.path))
    assert "an older copy was put back" in look(again, tmp_path, now=noon).what
    again.close()
