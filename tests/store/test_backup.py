import errno
import shutil
import stat
from contextlib import ExitStack
from datetime import timedelta

import pytest

from socconsole.errors import FileError, StoreError
from socconsole.services import nodes
from socconsole.store.backup import back_up, restore
from socconsole.store.condition import examine
from socconsole.store.database import Database
from socconsole.store.events import EventStore
from socconsole.store.place import events_beside
from socconsole.store.queries.actions import list_actions
from socconsole.store.recording import recording
from socconsole.store.tables import Alert, Asset, Draft
from socconsole.store.transfer import export, load
from socconsole.store.undo import undo
from tests.store.rows import a_ticket, an_alert
from tests.store.test_events import an_event, another_place, append


def fill(database, noon):
    """Rows that point at each other, an action and its undo, bytes, severities, documents."""
    with database.begin() as session:
        first = an_alert(session, noon, tags=["attack.t1110"], entities={"host": "web-1"})
        an_alert(session, noon, fingerprint="g", previous_id=first.id)
        a_ticket(session, noon)
        with recording(session, verb="asset.put", by="alice", now=noon) as action:
            session.add(Asset(name="bob", created_at=noon, created_by="alice"))
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


def test_two_databases_in_one_folder_keep_their_events_apart(sqlite_database, noon):
    store = EventStore(sqlite_database)
    append(sqlite_database, store, another_place(sqlite_database, noon), range(3), noon)
    store.close()
    neighbour = Database(str(sqlite_database.path.with_name("neighbour.db")))
    neighbour.create()
    others = EventStore(neighbour)
    assert list(others.search()) == []
    others.close()
    neighbour.close()


def test_a_restore_sets_the_events_of_a_removed_database_aside(sqlite_database, noon, tmp_path):
    store = EventStore(sqlite_database)
    append(sqlite_database, store, another_place(sqlite_database, noon), range(3), noon)
    store.close()
    made = back_up(sqlite_database, tmp_path / "copy.db")
    fill(sqlite_database, noon)
    log = sqlite_database.path.with_name("soc.db-wal")
    written = log.read_bytes()
    sqlite_database.close()
    sqlite_database.path.unlink()
    log.write_bytes(written)  # as a killed collector leaves it: it is not of the copy
    assert restore(made.path, sqlite_database.path, by="alice", now=noon) is None
    again = EventStore(sqlite_database)
    assert len(list(again.search())) == 3
    again.close()
    assert examine(sqlite_database).whole
    assert len(list(tmp_path.rglob("soc.db.replaced.*-wal"))) == 1


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


def test_no_half_of_a_backup_stays_and_the_damaged_day_is_named(sqlite_database, noon, tmp_path):
    days = events_beside(sqlite_database.path)
    days.mkdir()
    (days / "2026-11-20.socev").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match=r"2026-11-20\.socev: The copy failed") as refused:
        back_up(sqlite_database, tmp_path / "copy.db")
    assert "--no-events" in refused.value.hint
    assert not list(tmp_path.glob("copy*"))
    assert back_up(sqlite_database, tmp_path / "copy.db", events=False).chain.whole


def test_a_restore_that_fails_leaves_the_database_as_it_was(
    sqlite_database, noon, tmp_path, monkeypatch
):
    made = back_up(sqlite_database, tmp_path / "copy.db")
    fill(sqlite_database, noon)
    before = exported(sqlite_database)
    sqlite_database.close()
    monkeypatch.setattr(shutil, "copyfile", full_disk)
    events_beside(made.path).mkdir()
    (events_beside(made.path) / "2026-11-20.socev").touch()
    with pytest.raises(OSError, match="No space"):
        restore(made.path, sqlite_database.path, by="alice", now=noon)
    assert exported(sqlite_database) == before
    assert not list(sqlite_database.path.parent.glob("*restoring*"))


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_is_restored_in_a_teams_folder_is_the_teams(sqlite_database, noon, tmp_path):
    store = EventStore(sqlite_database)
    append(sqlite_database, store, another_place(sqlite_database, noon), range(3), noon)
    store.close()
    made = back_up(sqlite_database, tmp_path / "copy.db")
    team = tmp_path / "team"
    team.mkdir()
    team.chmod(0o2770)
    restore(made.path, team / "soc.db", by="alice", now=noon)
    (day,) = events_beside(team / "soc.db").iterdir()
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (team / "soc.db", day.parent, day)]
    assert modes == [0o660, 0o2770, 0o660]


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


def fill_events(database, noon):
    """Two days of events of two files, one batch of which never came to its checkpoint."""
    events = EventStore(database)
    one, two = another_place(database, noon), another_place(database, noon)
    append(database, events, one, range(600), noon)
    append(database, events, two, range(3), noon, source_ip="192.0.2.9")
    append(database, events, one, range(600, 603), noon + timedelta(days=1), time=None)
    with database.begin() as session:
        events.append(session, *two, [an_event(two[1], 9_000)], read_at=noon)
    return events


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_an_export_comes_back_equal_on_either_engine(
    database, noon, engine, request, tmp_path, sqlite_template
):
    fill(database, noon)
    events = fill_events(database, noon)
    with ExitStack() as stack:
        stack.callback(events.close)
        with database.read() as session:
            lines = list(export(session, events))
        if engine == "sqlite":
            url = str(tmp_path / "new" / "other.db")
        else:
            server = request.getfixturevalue("postgres_server")
            url = stack.enter_context(server.fresh_database())
        other = Database(url)
        other.create()
        stack.callback(other.close)
        copied = EventStore(other)
        stack.callback(copied.close)
        with other.begin() as session:
            assert load(session, lines, copied) == len(lines) - 2
        with other.read() as session:
            assert list(export(session, copied)) == lines
        kept = [each for each in events.search() if each.offset < 900_000]
        assert list(copied.search()) == kept
        assert len(list(copied.search(tokens=["192.0.2.9"]))) == 3
        with other.begin() as session:
            assert copied.recover(session) == 0
            assert an_alert(session, noon, fingerprint="new").id == 3


def test_an_export_is_read_into_an_empty_database_only(database, noon):
    fill(database, noon)
    lines = exported(database)
    with pytest.raises(StoreError, match="not empty"), database.begin() as session:
        load(session, lines)


def test_what_processes_left_in_a_new_database_makes_it_no_other(database, noon):
    with database.begin() as session:
        node = nodes.join(session, "console", "alice", now=noon)
    with pytest.raises(StoreError, match="console of alice"), database.begin() as session:
        load(session, [HEADING, END])
    with database.begin() as session:
        nodes.leave(session, node, now=noon)
        assert load(session, [HEADING, END]) == 0
    with database.begin() as session:
        session.add(Draft(owner="alice", place="handoff", body="half", updated_at=noon))
    with pytest.raises(StoreError, match="rows in draft"), database.begin() as session:
        load(session, [HEADING, END])


HEADING = '{"socconsole":"export","schema":1}'
END = '{"socconsole":"end","rows":0}'


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "no export"),
        (["hello"], "no export"),
        (['{"socconsole":"export","schema":99}'], "schema 99"),
        ([HEADING, '{"table":"nonsense","row":{}}'], "line 2"),
        ([HEADING], "not whole"),
        ([HEADING, '{"socconsole":"end","rows":1}'], "not whole"),
    ],
)
def test_what_is_no_export_is_refused(database, lines, complaint):
    with pytest.raises(FileError, match=complaint), database.begin() as session:
        load(session, lines)
