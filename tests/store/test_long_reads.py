import os

import pytest

from socconsole.store import long_reads as module
from socconsole.store.database import Database
from socconsole.store.lock_holders import readers
from socconsole.store.long_reads import Watchdog, long_reads
from socconsole.store.tables import Alert
from tests.store.rows import an_alert


def test_a_reader_that_lets_the_log_grow_is_named(sqlite_database, noon, monkeypatch):
    monkeypatch.setattr(module, "LARGE_LOG", 1)
    monkeypatch.setattr(module, "_LOOK_AGAIN", 0.0)
    with sqlite_database.begin() as session:
        an_alert(session, noon)
    watchdog = Watchdog(sqlite_database)
    assert watchdog.news() == []
    with sqlite_database.read() as session:
        session.get(Alert, 1)
        assert readers(sqlite_database.path.with_name("soc.db-shm")) == {os.getpid()}
        (said,) = watchdog.news()
        assert said.startswith(f"process {os.getpid()} (")
        assert "keeps a read transaction open: the log beside the database has 0 MB" in said
        assert watchdog.news() == []  # said once
    assert long_reads(sqlite_database) == ()


def test_a_small_log_is_nobodys_business(sqlite_database, noon):
    with sqlite_database.read() as session:
        session.get(Alert, 1)
        assert long_reads(sqlite_database) == ()


def test_where_locks_cannot_be_seen_nobody_is_named(tmp_path):
    (tmp_path / "soc.db-shm").touch()
    (tmp_path / "locks").write_text("1: POSIX  ADVISORY  WRITE 42 08:01:7 0 EOF\nrubbish\n")
    assert readers(tmp_path / "soc.db-shm", tmp_path / "locks") == frozenset()
    assert readers(tmp_path / "soc.db-shm", tmp_path / "absent") == frozenset()


@pytest.mark.postgres
def test_on_a_server_an_old_transaction_is_named(postgres_server, monkeypatch):
    monkeypatch.setattr(module, "LONG_SECS", 0)
    with postgres_server.fresh_database() as url:
        database, other = Database(url), Database(url)
        with other.read() as session:
            session.connection()
            (found,) = long_reads(database)
        assert found.who == "soc"
        assert "idle in transaction" in found.detail
        database.close()
        other.close()
