import stat
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import text

from socconsole.errors import ConflictError, StoreError
from socconsole.store import driver, schema
from socconsole.store import upgrade as module
from socconsole.store.backup import check_pages
from socconsole.store.condition import examine
from socconsole.store.database import Database
from socconsole.store.migrations import Migration
from socconsole.store.place import make_file
from socconsole.store.tables import Node
from socconsole.store.upgrade import upgrade
from tests.store.rows import an_alert
from tests.store.write_schema import FOLDER, schema_of


def add_column(connection):
    connection.execute(text("ALTER TABLE alert ADD COLUMN mood TEXT"))


def fail(connection):
    add_column(connection)
    raise StoreError("the second step fails")


NEXT = Migration(schema.VERSION + 1, "alerts have a mood", add_column)


def version(database) -> int:
    with database.read() as session:
        return schema.version_of(session.connection())


def test_an_older_database_is_backed_up_and_upgraded(database, noon):
    with database.begin() as session:
        an_alert(session, noon)
    done = upgrade(database, now=noon, migrations=[NEXT])
    assert (done.found, done.now) == (schema.VERSION, schema.VERSION + 1)
    assert version(database) == schema.VERSION + 1
    with database.read() as session:
        assert session.execute(text("SELECT mood FROM alert")).scalar() is None
    if database.is_sqlite:
        assert stat.S_IMODE(done.backup.stat().st_mode) == 0o600
        before = Database(str(done.backup), read_only=True)
        assert version(before) == schema.VERSION
        before.close()


def test_a_failed_upgrade_changes_nothing(database, noon):
    with pytest.raises(StoreError, match="second step"):
        upgrade(database, now=noon, migrations=[Migration(schema.VERSION + 1, "", fail)])
    assert version(database) == schema.VERSION
    with pytest.raises(StoreError, match="mood"), database.read() as session:
        session.execute(text("SELECT mood FROM alert"))


KILLED = """
import os, sys
from datetime import UTC, datetime
from socconsole.store import backup, upgrade
from socconsole.store.database import Database
from tests.store.test_upgrade import NEXT, Migration, add_column

def die(*_):
    os.kill(os.getpid(), 9)

def altered_and_killed(connection):
    add_column(connection)
    die()

for day, step in enumerate((NEXT, Migration(NEXT.version, "killed", altered_and_killed)), 1):
    if not os.fork():
        upgrade.check_pages = die if step is NEXT else upgrade.check_pages
        now = datetime(2030, 1, day, tzinfo=UTC)
        upgrade.upgrade(Database(sys.argv[1]), now=now, migrations=[step])
    assert os.waitstatus_to_exitcode(os.wait()[1]) == -9
"""


def test_an_upgrade_that_is_killed_changes_nothing_and_is_repeated(sqlite_database, noon):
    """Amid the backup, whose half is not taken for one, and amid the steps."""
    path = sqlite_database.path
    sqlite_database.close()
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=True)
    assert len(list(path.parent.glob("*.bak.unfinished"))) == 1
    assert len(list(path.parent.glob("*.bak"))) == 1
    assert version(sqlite_database) == schema.VERSION
    for leftover in (".unfinished", ".unfinished-journal"):
        path.with_name(f"soc.db.schema1.{noon:%Y%m%dT%H%M%SZ}.bak{leftover}").write_bytes(b"half")
    made = upgrade(sqlite_database, now=noon, migrations=[NEXT])
    assert version(sqlite_database) == NEXT.version
    check_pages(made.backup)


def test_an_upgrade_waits_for_nobody_it_refuses(database, noon):
    with database.begin() as session:
        session.add(
            Node(
                kind="collector", host="soc-1", pid=7, login="soc", started_at=noon,
                heartbeat_at=noon,
            )
        )  # fmt: skip
    with pytest.raises(ConflictError, match=r"collector of soc on soc-1 \(pid 7\)"):
        upgrade(database, now=noon, migrations=[NEXT])
    for other in (timedelta(minutes=2), timedelta(days=-2)):  # after it, or before its clock was
        with database.read() as session:
            module._require_nobody(session, noon + other)
    assert upgrade(database, now=noon + timedelta(minutes=2), migrations=[NEXT]).steps


def test_a_database_that_two_people_upgrade_at_once_is_upgraded_once(
    sqlite_database, noon, monkeypatch
):
    other = Database(str(sqlite_database.path))

    def meanwhile(_copy) -> None:
        monkeypatch.undo()
        upgrade(other, now=noon + timedelta(seconds=1), migrations=[NEXT])

    monkeypatch.setattr(module, "check_pages", meanwhile)
    with pytest.raises(ConflictError, match="upgraded the database meanwhile"):
        upgrade(sqlite_database, now=noon, migrations=[Migration(2, "x", fail)])
    other.close()
    assert version(sqlite_database) == schema.VERSION + 1


@pytest.mark.postgres
def test_on_a_server_nobody_upgrades_beside_another(postgres_server, noon):
    """The second of two would run each step once more, or stand in the first one's way."""
    told: list[str] = []
    with postgres_server.fresh_database() as url:
        first, second = Database(url), Database(url)

        def meanwhile(connection) -> None:
            with pytest.raises(ConflictError, match="else is upgrading") as refused:
                upgrade(second, now=noon, migrations=[NEXT])
            told.append(refused.value.what)
            add_column(connection)

        upgrade(first, now=noon, migrations=[Migration(NEXT.version, "slow", meanwhile)])
        assert told
        assert version(second) == NEXT.version
        for each in (first, second):
            each.close()


def test_a_newer_database_is_refused_and_left_alone(database, noon):
    upgrade(database, now=noon, migrations=[NEXT])
    with pytest.raises(StoreError, match=r"has schema 2; this program knows schema 1"):
        database.create()
    with pytest.raises(StoreError, match="newer socconsole"):
        upgrade(database, now=noon, migrations=())


def test_an_older_database_is_not_upgraded_behind_peoples_backs(database, noon, monkeypatch):
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    with pytest.raises(StoreError, match="socconsole db upgrade"):
        database.create()


def test_nothing_to_do_is_no_backup(sqlite_database, noon):
    assert upgrade(sqlite_database, now=noon).backup is None
    assert [path.name for path in sqlite_database.path.parent.glob("*.bak")] == []


def test_where_there_is_no_database_an_upgrade_makes_a_private_one(tmp_path, noon):
    database = Database(str(tmp_path / "soc.db"))
    assert upgrade(database, now=noon).now == schema.VERSION
    assert stat.S_IMODE(database.path.stat().st_mode) == 0o600
    database.close()


@pytest.mark.parametrize("fixture", sorted(FOLDER.glob("*.sql")), ids=lambda path: path.stem)
def test_a_released_schema_is_upgraded_to_what_a_new_database_has(
    fixture, sqlite_template, tmp_path, noon
):
    old = tmp_path / "old.db"
    make_file(old)
    connection = driver.connect(str(old))
    connection.executescript(fixture.read_text(encoding="utf-8"))
    connection.execute("INSERT INTO meta VALUES ('schema', ?), ('uid', 'x')", (fixture.stem,))
    connection.execute("INSERT INTO change_head VALUES (1, 0, 0, zeroblob(32))")
    connection.close()
    database = Database(str(old))
    upgrade(database, now=noon)
    with database.begin() as session:
        an_alert(session, noon)
    assert examine(database).whole
    database.close()
    # Before the first release: python tests/store/write_schema.py. After it: a migration.
    assert parts(schema_of(old)) == parts(schema_of(sqlite_template))


def parts(statements: list[str]) -> list[list[str]]:
    """Return each statement's words in alphabetical order: constraints come in any."""
    return sorted(sorted(each.replace(",", " ").split()) for each in statements)


def test_every_schema_version_has_its_fixture():
    versions = {int(path.stem) for path in FOLDER.glob("*.sql")}
    assert versions == set(range(1, schema.VERSION + 1))
