import stat

import pytest

from socconsole.errors import FileError, StoreError
from socconsole.store.backup import back_up, restore
from socconsole.store.database import Database
from socconsole.store.queries.actions import list_actions
from socconsole.store.recording import recording
from socconsole.store.tables import Alert, Analyst
from socconsole.store.transfer import export, load
from socconsole.store.undo import undo
from tests.store.rows import a_ticket, an_alert


def fill(database, noon):
    """Rows that point at each other, an action and its undo, bytes, severities, documents."""
    with database.begin() as session:
        first = an_alert(session, noon, tags=["attack.t1110"], entities={"host": "web-1"})
        an_alert(session, noon, fingerprint="g", previous_id=first.id)
        a_ticket(session, noon)
        with recording(session, verb="analyst.add", by="alice", now=noon) as action:
            session.add(Analyst(login="bob", created_at=noon))
    with database.begin() as session:
        undo(session, action.action_id, by="alice", now=noon)


def exported(database) -> list[str]:
    with database.read() as session:
        return list(export(session))


def test_a_backup_is_a_checked_copy_for_its_owner_alone(sqlite_database, noon, tmp_path):
    fill(sqlite_database, noon)
    made = back_up(sqlite_database, tmp_path / "copy.db")
    assert made.chain.whole
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    copy = Database(str(made.path))
    assert exported(copy) == exported(sqlite_database)
    copy.close()


def test_a_backup_never_overwrites(sqlite_database, tmp_path):
    back_up(sqlite_database, tmp_path / "copy.db")
    with pytest.raises(FileError, match="exists already"):
        back_up(sqlite_database, tmp_path / "copy.db")


def test_restoring_puts_the_copy_back_and_says_so(sqlite_database, noon, tmp_path):
    fill(sqlite_database, noon)
    made = back_up(sqlite_database, tmp_path / "copy.db")
    with sqlite_database.begin() as session:
        an_alert(session, noon, fingerprint="lost")
    sqlite_database.close()
    aside = restore(made.path, sqlite_database.path, by="alice", now=noon)
    with sqlite_database.read() as session:
        assert session.get(Alert, 3) is None
        assert list_actions(session)[0].verb == "db.restore"
    assert aside is not None
    replaced = Database(str(aside), read_only=True)
    with replaced.read() as session:
        assert session.get(Alert, 3).fingerprint == "lost"
    replaced.close()


def test_a_database_in_use_is_not_replaced(sqlite_database, tmp_path, noon):
    made = back_up(sqlite_database, tmp_path / "copy.db")
    with sqlite_database.read() as session:
        session.get(Alert, 1)
        with pytest.raises(StoreError, match="in use"):
            restore(made.path, sqlite_database.path, by="alice", now=noon)


def test_a_copy_that_was_changed_is_refused(sqlite_database, noon, tmp_path):
    made = back_up(sqlite_database, tmp_path / "copy.db")
    with made.path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(StoreError, match="checksum"):
        restore(made.path, tmp_path / "new.db", by="alice", now=noon)


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_an_export_comes_back_equal_on_either_engine(
    database, noon, engine, request, tmp_path, sqlite_template
):
    fill(database, noon)
    lines = exported(database)
    if engine == "sqlite":
        other = Database(str(tmp_path / "other.db"))
        other.create()
        with other.begin() as session:
            assert load(session, lines) == len(lines) - 1
        assert exported(other) == lines
        other.close()
        return
    with request.getfixturevalue("postgres_server").fresh_database() as url:
        other = Database(url)
        with other.begin() as session:
            load(session, lines)
        assert exported(other) == lines
        with other.begin() as session:
            assert an_alert(session, noon, fingerprint="new").id == 3
        other.close()


def test_an_export_is_read_into_an_empty_database_only(database, noon):
    fill(database, noon)
    lines = exported(database)
    with pytest.raises(StoreError, match="not empty"), database.begin() as session:
        load(session, lines)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "no export"),
        (["hello"], "no export"),
        (['{"socconsole":"export","schema":99}'], "schema 99"),
        (['{"socconsole":"export","schema":1}', '{"table":"nonsense","row":{}}'], "line 2"),
    ],
)
def test_what_is_no_export_is_refused(database, lines, complaint):
    with pytest.raises(FileError, match=complaint), database.begin() as session:
        load(session, lines)
