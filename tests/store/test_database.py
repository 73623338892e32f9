import fcntl
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import StatementError
from sqlmodel import select

from socconsole.core.severity import Severity
from socconsole.errors import ConflictError, StoreError
from socconsole.store import driver
from socconsole.store.database import Database
from socconsole.store.tables import Alert
from socconsole.store.turns import Turns, begin_immediate
from tests.store.rows import an_alert


def test_a_row_comes_back_as_it_went_in(database, noon):
    with database.begin() as session:
        made = an_alert(session, noon, entities={"host": "web-1"}, tags=["attack.t1110"])
    with database.read() as session:
        found = session.exec(select(Alert)).one()
        assert found.uid == made.uid
        assert found.severity is Severity.HIGH
        assert found.created_at == noon
        assert found.created_at.tzinfo is not None
        assert (found.entities, found.tags) == ({"host": "web-1"}, ["attack.t1110"])


def test_two_edits_of_one_row_do_not_overwrite_each_other(database, noon):
    with database.begin() as session:
        an_alert(session, noon)
    with database.read() as session:
        mine = session.exec(select(Alert)).one()
        session.expunge(mine)
    with database.begin() as session:
        session.exec(select(Alert)).one().title = "theirs"
    mine.title = "mine"
    with pytest.raises(ConflictError), database.begin() as session:
        session.add(mine)
    with database.read() as session:
        assert session.exec(select(Alert)).one().title == "theirs"


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "ackowledged"},
        {"status": "closed", "is_open": True},
        {"disposition": "maybe"},
        {"count": 0},
        {"title": None},
    ],
)
def test_the_database_itself_refuses_what_cannot_be(database, noon, wrong):
    with pytest.raises(StoreError), database.begin() as session:
        an_alert(session, noon, **wrong)


def test_a_failed_unit_of_work_leaves_nothing(database, noon):
    def half_a_unit() -> None:
        with database.begin() as session:
            an_alert(session, noon)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        half_a_unit()
    with database.read() as session:
        assert session.exec(select(Alert)).first() is None


def test_a_naive_time_is_refused(database, noon):
    naive = noon.replace(tzinfo=None)
    with pytest.raises(StatementError, match="no time zone"), database.begin() as session:
        an_alert(session, noon, created_at=naive)


def test_read_only_refuses_changes(database_url, database):
    reader = Database(database_url, read_only=True)
    with pytest.raises(StoreError, match="read-only"), reader.begin():
        pass
    with pytest.raises(StoreError), reader.read() as session:
        an_alert(session, datetime.now(UTC))
    reader.close()


def test_a_commit_elsewhere_is_noticed_once(database, noon):
    poller = database.changes()
    assert poller.poll()
    assert not poller.poll()
    poller.close()


def test_a_busy_collector_lets_pass_who_waits_for_the_lock(sqlite_database, noon):
    """The writer stands in line until it has the lock; nobody waits for a line that is empty."""
    turns = Turns(sqlite_database.path)
    turns.let_pass()  # nobody ever waited: there is no file yet
    other = driver.connect(str(sqlite_database.path))
    begin_immediate(other)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(raise_an_alert, sqlite_database, noon)
        file = sqlite_database.path.with_name("soc.db-turn")
        while not file.exists() or not is_held(file):
            assert not waiting.done()
        start = time.monotonic()
        turns.let_pass()
        assert time.monotonic() - start > 0.04
        other.execute("ROLLBACK")
        waiting.result()
    assert not is_held(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    other.close()
    turns.close()


def is_held(file) -> bool:
    with file.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def raise_an_alert(database, noon):
    with database.begin() as session:
        an_alert(session, noon)
