from contextlib import suppress

import pytest
from sqlalchemy import insert

from socconsole.store import driver
from socconsole.store.recording import recording
from socconsole.store.room import _CACHE_KIB
from socconsole.store.tables import Alert, table_of
from tests.store.rows import a_source

MANY = 1_000


@pytest.fixture
def filled(sqlite_database, noon):
    with sqlite_database.begin() as session:
        same = {"fingerprint": "f", "title": "t" * 2_000, "rule_id": "r", "severity": 3}
        times = {"first_seen": noon, "last_seen": noon, "created_at": noon}
        source_id = a_source(session, noon).id
        rows = [{**same, **times, "source_id": source_id} for _ in range(MANY)]
        session.connection().execute(insert(table_of(Alert)), rows)
    return sqlite_database


def assign(session, count, now):
    rows = [{"id": number + 1, "assignee": "alice"} for number in range(count)]
    with recording(session, verb="alert.assign", by="alice", now=now) as action:
        action.update_rows(Alert, rows)


def asked(session, pragma):
    return session.connection().exec_driver_sql(f"PRAGMA {pragma}").scalar()


def unfolded(database):
    """Return how many pages of the log are not in the file yet."""
    raw = driver.connect(str(database.path))
    try:
        _, pages, folded = raw.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()
    finally:
        raw.close()
    return pages - folded


@pytest.mark.skipif(not driver.SAFE, reason="an older SQLite folds in the collector alone")
def test_a_long_change_does_not_fold_the_log_before_it_is_told(filled, noon):
    with filled.begin() as session:
        assign(session, MANY, noon)
    assert unfolded(filled) > 1_000
    filled.fold()
    assert unfolded(filled) == 0


def test_a_long_change_has_more_pages_in_memory_for_as_long_as_it_takes(filled, noon):
    with filled.begin() as session:
        usual = asked(session, "cache_size")
        assign(session, 10, noon)
        assert asked(session, "cache_size") == usual
        assign(session, MANY, noon)
        assert asked(session, "cache_size") == -_CACHE_KIB < usual
    with filled.begin() as session:
        assert asked(session, "cache_size") == usual
        assert asked(session, "wal_autocheckpoint") == 8_000


def test_a_long_change_that_fails_keeps_no_room(filled, noon):
    with filled.begin() as session:
        usual = asked(session, "cache_size")
    with suppress(KeyboardInterrupt), filled.begin() as session:
        assign(session, MANY, noon)
        raise KeyboardInterrupt
    with filled.begin() as session:
        assert asked(session, "cache_size") == usual
