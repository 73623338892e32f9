"""The database goes away and comes back: nothing on screen, typed or stored is lost or doubled."""

import dataclasses
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from socconsole.errors import StoreError
from socconsole.store import driver, schema
from socconsole.store.database import Database
from socconsole.store.migrations import Migration
from socconsole.store.roles import apply_roles, grant
from socconsole.store.tables import Node
from socconsole.store.upgrade import upgrade
from socconsole.tui.reading.store_access import RIGHTS_GONE, StoreAccess
from tests.conftest import NOON
from tests.postgres import start_server
from tests.services.alert_making import alert_of, bring, detection, rows_of
from tests.tui.analyst import at_the_console

BANNER = f"NO DATABASE since {NOON:%H:%MZ}"


async def works_through_an_outage(analyst, database, *, go_away, come_back):
    """Write a note while the database is away; it is stored once, when it is asked for again."""
    await analyst.waits_until("1/1")
    await analyst.presses("c", *"asked the ow")
    go_away()
    await analyst.waits_until(BANNER)
    assert "Web shell" in analyst.screen
    await analyst.types("ner")
    await analyst.waits_until("Nothing was changed.")
    await analyst.presses("x", "f")
    await analyst.waits_until("Nothing was changed.")
    come_back()
    await analyst.waits_until("The database is back.")
    assert BANNER not in analyst.screen
    # Nothing was kept back to be done later.
    assert rows_of(database, "note") == []
    assert alert_of(database, 1).status == "new"
    # What was typed is there again.
    await analyst.presses("c")
    assert "asked the owner" in analyst.bottom
    await analyst.presses("enter")
    (note,) = rows_of(database, "note")
    assert note.body == "asked the owner"
    await analyst.presses("x", "f")
    assert alert_of(database, 1).status == "closed"


async def test_a_database_file_that_was_moved_away(bare_setup, database, db_path):
    bring(database, detection("Web shell"))
    aside = db_path.with_name("aside.db")
    async with at_the_console(bare_setup) as analyst:
        await works_through_an_outage(
            analyst,
            database,
            go_away=lambda: db_path.rename(aside),
            come_back=lambda: aside.rename(db_path),
        )


async def test_an_alert_opened_while_the_database_is_away(bare_setup, database, db_path):
    """Nothing is said of an alert that nobody has read."""
    bring(database, detection("Web shell"))
    aside = db_path.with_name("aside.db")
    async with at_the_console(bare_setup) as analyst:
        await analyst.waits_until("1/1")
        db_path.rename(aside)
        await analyst.waits_until(BANNER)
        await analyst.presses("enter")
        await analyst.waits_until("Alert 1")
        assert "Not read: the database is away." in analyst.screen
        for asks in "eob":
            await analyst.presses(asks)
            assert "Not read: the database is away." in analyst.bottom
        aside.rename(db_path)
        await analyst.waits_until("Why it fired")


async def test_a_database_file_that_was_replaced_is_opened_anew(bare_setup, database, db_path):
    other = db_path.with_name("other.db")
    shutil.copy(db_path, other)
    bring(database, detection("Web shell"))
    restored = Database(str(other))
    bring(restored, detection("Brute force"))
    restored.close()
    async with at_the_console(bare_setup) as analyst:
        await analyst.waits_until("Web shell")
        database.close()
        db_path.unlink()
        await analyst.waits_until(BANNER)
        for leftover in ("soc.db-wal", "soc.db-shm"):
            db_path.with_name(leftover).unlink(missing_ok=True)
        other.rename(db_path)
        await analyst.waits_until("The database is back.")
        await analyst.presses("r")
        await analyst.waits_until("Brute force")
        await analyst.presses("x", "f")
        await analyst.waits_until("Closed")


async def test_a_database_that_another_program_keeps_locked(
    bare_setup, database, db_path, monkeypatch
):
    monkeypatch.setattr("socconsole.store.turns.LOCK_WAIT", 0.1)
    bring(database, detection("Web shell"))
    async with at_the_console(bare_setup) as analyst:
        await analyst.waits_until("1/1")
        shell = driver.connect(str(db_path))
        shell.execute("BEGIN EXCLUSIVE")
        await analyst.presses("x", "f")
        await analyst.waits_until("Another program keeps the database locked.")
        assert "Web shell" in analyst.screen
        shell.execute("ROLLBACK")
        shell.close()
        assert alert_of(database, 1).status == "new"
        await analyst.presses("x", "f")
        assert alert_of(database, 1).status == "closed"


async def test_a_console_that_starts_before_its_database(bare_setup, database, tmp_path):
    bring(database, detection("Web shell"))
    is_there = False

    def open_when_there():
        if not is_there:
            raise StoreError("The database server cannot be reached.")
        return bare_setup.open_database()

    late = dataclasses.replace(bare_setup, open_database=open_when_there)
    async with at_the_console(late) as analyst:
        await analyst.waits_until(BANNER)
        await analyst.waits_until("cannot be reached")
        is_there = True
        await analyst.waits_until("Web shell")
        assert BANNER not in analyst.screen


@pytest.fixture
def of_an_earlier_program(bare_setup, database, db_path, monkeypatch):
    """A console whose program wants the next schema."""
    bring(database, detection("Web shell"))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    step = Migration(schema.VERSION, "nothing changes", lambda connection: None)
    shares = []

    def opened():
        found = Database(str(db_path))
        try:
            found.create()
        except StoreError:
            found.close()
            raise
        return found

    def run(tell):
        def told(share):
            shares.append(share)
            tell(share)

        done = upgrade(database, now=NOON, migrations=[step], tell=told)
        return f"Schema {done.found} → {done.now}. The database as it was: {done.backup.name}"

    return dataclasses.replace(bare_setup, open_database=opened, upgrade=run), shares


async def test_an_older_database_is_upgraded_when_the_analyst_says_so(
    of_an_earlier_program, database, db_path
):
    setup, shares = of_an_earlier_program
    with database.begin() as session:
        alive = {"kind": "collector", "host": "soc-1", "pid": 7, "login": "soc"}
        session.add(Node(**alive, started_at=NOON, heartbeat_at=NOON))
    async with at_the_console(setup) as analyst:
        await analyst.waits_until("needs schema 2. Back it up and upgrade?")
        assert BANNER in analyst.screen
        await analyst.presses("y")
        await analyst.waits_until("in use by collector of soc on soc-1 (pid 7)")
        assert list(db_path.parent.glob("*.bak")) == []
        with database.begin() as session:
            session.exec(select(Node)).one().stopped_at = NOON
        await analyst.presses("y")
        await analyst.waits_until("Schema 1 → 2. The database as it was: soc.db.schema1")
        await analyst.waits_until("Web shell")
        assert BANNER not in analyst.screen
        await analyst.presses("x", "f")
        assert alert_of(database, 1).status == "closed"
    assert len(list(db_path.parent.glob("*.bak"))) == 1
    assert shares == sorted(shares)
    assert shares[-1] > 0.8


async def test_an_older_database_stays_as_it_is_when_the_analyst_says_no(
    of_an_earlier_program, db_path
):
    setup, _ = of_an_earlier_program
    before = db_path.read_bytes()
    async with at_the_console(setup) as analyst:
        await analyst.waits_until("Back it up and upgrade?")
        await analyst.presses("n")
        await analyst.waits_until("Nothing was changed. Run `socconsole db upgrade`")
        assert BANNER in analyst.screen
    assert db_path.read_bytes() == before


@pytest.mark.postgres
async def test_a_server_that_is_stopped_and_started(bare_setup):
    with start_server() as server:
        server.execute("CREATE DATABASE soc")
        database = Database(server.url("soc"))
        database.create()
        bring(database, detection("Web shell"))
        setup = dataclasses.replace(bare_setup, open_database=lambda: Database(server.url("soc")))
        async with at_the_console(setup) as analyst:
            await works_through_an_outage(
                analyst, database, go_away=server.stop, come_back=server.start
            )
        database.close()


async def loses_and_regains_its_rights(analyst, database, *, take, give):
    """Half a note is typed when the right to change things goes; it is stored when it is back."""
    await analyst.waits_until("1/1")
    await analyst.presses("c", *"asked the ow")
    take()
    await analyst.waits_until("READ-ONLY")
    await analyst.types("ner")
    await analyst.waits_until(RIGHTS_GONE[:60])
    for keys in (("x",), ("a",), ("u",), ("t",)):
        await analyst.presses("ctrl+l", *keys)
        assert RIGHTS_GONE[:60] in analyst.bottom, keys
    await analyst.presses("enter")  # looking goes on
    await analyst.waits_until("Why it fired")
    await analyst.presses("q")
    give()
    await analyst.waits_until("You may change things again.")
    assert "READ-ONLY" not in analyst.lines[0]
    assert rows_of(database, "note") == []
    await analyst.presses("c")
    assert "asked the owner" in analyst.bottom
    await analyst.presses("enter", "x", "f")
    (note,) = rows_of(database, "note")
    assert (note.body, alert_of(database, 1).status) == ("asked the owner", "closed")


async def test_a_database_file_that_is_made_read_only(bare_setup, database, db_path, monkeypatch):
    # The tests may run as root, who may write everything: ask the mode as for anybody else.
    def may(path, _how):
        return bool(path.stat().st_mode & 0o200)

    monkeypatch.setattr("socconsole.store.database.os.access", may)
    bring(database, detection("Web shell"))
    async with at_the_console(bare_setup) as analyst:
        await loses_and_regains_its_rights(
            analyst,
            database,
            take=lambda: db_path.chmod(0o400),
            give=lambda: db_path.chmod(0o600),
        )


@pytest.mark.postgres
async def test_an_analyst_who_is_made_a_viewer_while_the_console_runs(bare_setup, postgres_server):
    postgres_server.execute(
        "DO $$ BEGIN CREATE ROLE mara LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    with postgres_server.fresh_database() as url:
        database = Database(url)
        bring(database, detection("Web shell"))

        def make(role):
            with database.begin() as session:
                apply_roles(session.connection())
                for each in ("analyst", "viewer"):
                    session.connection().exec_driver_sql(f"REVOKE soc_{each} FROM mara")
                grant(session.connection(), "mara", role)

        make("analyst")
        hers = url.replace("//soc@", "//mara@")
        setup = dataclasses.replace(bare_setup, open_database=lambda: Database(hers))
        async with at_the_console(setup) as analyst:
            await loses_and_regains_its_rights(
                analyst, database, take=lambda: make("viewer"), give=lambda: make("analyst")
            )
        database.close()


def test_a_store_is_closed_once_nobody_reads_in_a_thread_of_their_own(database):
    """As tables do, whose threads nobody waits for; a connection in use would stay open."""
    store = StoreAccess(lambda: database, login="ada", now=lambda: NOON, read_only=False)
    store.open()
    begun, enough = threading.Event(), threading.Event()

    def read(_session) -> str:
        begun.set()
        return "read" if enough.wait(10) else "gave up"

    with ThreadPoolExecutor(2) as pool:
        reading = pool.submit(store.read_here, read)
        assert begun.wait(10)
        closing = pool.submit(store.close)
        with pytest.raises(TimeoutError):
            closing.result(0.05)
        enough.set()
        assert reading.result(10) == "read"
        closing.result(10)
    with pytest.raises(StoreError, match="ending"):
        store.read_here(read)
