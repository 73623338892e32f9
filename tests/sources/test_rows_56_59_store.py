"""Rows 56-59: the database goes away, the reader is killed, what it remembers is damaged."""

import json
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text, update

from socconsole.sources.notes import NoteKind
from socconsole.store import schema
from socconsole.store.database import Database, database_url
from socconsole.store.migrations import Migration
from socconsole.store.tables import Generation
from socconsole.store.upgrade import upgrade
from tests.postgres import Server
from tests.sources.killing import FreeReader, until
from tests.sources.stage import KILLED, LIVE, Stage, places, scenario

AT_START = {LIVE: "what is kept of a source is read when a reader starts"}


@contextmanager
def locked_by_another_program(reader: FreeReader) -> Iterator[None]:
    """Somebody else holds the write lock."""
    database = Database(reader.url)
    with database.begin():
        yield
    database.close()


@contextmanager
def full_disk(reader: FreeReader) -> Iterator[None]:
    """No file of the reader's can grow."""
    before = resource.prlimit(reader.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(reader.pid, resource.RLIMIT_FSIZE, (1, before[1]))
    yield
    if reader.is_alive:
        resource.prlimit(reader.pid, resource.RLIMIT_FSIZE, before)


def write_while_it_is_away(stage: Stage, reader: FreeReader, away, seconds: float):
    """Write a line now and then, rotate, and in the killed form kill the reader meanwhile."""
    stage.append()
    reader.reads(20)
    with away:
        until_over = time.monotonic() + seconds
        stage.append()
        stage.path().rename(stage.path("app.log.1"))
        reader.says("nothing is lost")
        while time.monotonic() < until_over:
            stage.append(count=1)
            time.sleep(0.05)
        if stage.mode == KILLED:
            reader.kill()
            stage.append()
        assert reader.count in {20, -1}, "nothing was stored meanwhile"
    reader.reads(stage.last, seconds=15)
    stage.expect_all()
    assert stage.notes(NoteKind.GAP) == []


@pytest.mark.parametrize("away", [locked_by_another_program, full_disk])
@scenario(56, "database locked, disk full", matrix=False)
def test_database_away(stage: Stage, row, away, in_a_file):
    reader = stage.run()
    write_while_it_is_away(stage, reader, away(reader), 0.5)


@pytest.mark.chaos
@pytest.mark.parametrize("away", [locked_by_another_program, full_disk])
@scenario(56, "database locked, disk full for a minute", matrix=False)
def test_database_away_for_a_minute(stage: Stage, row, away, in_a_file):
    reader = stage.run()
    write_while_it_is_away(stage, reader, away(reader), 60)


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    server.stop("fast")
    try:
        yield
    finally:
        server.start()


@pytest.mark.postgres
@scenario(56, "database server stopped and started", matrix=False)
def test_server_away(stage: Stage, row, postgres_server):
    with postgres_server.fresh_database() as url:
        write_while_it_is_away(stage, stage.run(url=url), stopped(postgres_server), 0.5)
        stage.close()


@pytest.mark.chaos
@pytest.mark.postgres
@scenario(56, "database server stopped for a minute", matrix=False)
def test_server_away_for_a_minute(stage: Stage, row, postgres_server):
    with postgres_server.fresh_database() as url:
        write_while_it_is_away(stage, stage.run(url=url), stopped(postgres_server), 60)
        stage.close()


@scenario(57, "SIGKILL at any time", {LIVE: "a reader that nobody kills is row 1"}, matrix=False)
def test_killed_at_any_time(stage: Stage, row):
    """The long form is tests/chaos/kill.py."""
    reader = stage.run()
    enough = threading.Event()

    def write():
        while not enough.is_set():
            stage.append(count=20)
            enough.wait(0.005)

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(5):
        before = reader.count
        until(lambda before=before: reader.count > before)
        time.sleep(stage.chance.random() * 0.1)
        reader.kill()
    enough.set()
    writer.join()
    reader.reads(stage.last)
    stage.expect_all()


@scenario(58, "checkpoint damaged", AT_START, matrix=False)
def test_damaged_checkpoint(stage: Stage, row):
    stage.append()
    reader = stage.start()
    consumed = stage.path().stat().st_size
    with stage.act_unseen(), reader.database.begin() as session:
        session.connection().execute(update(Generation).values(marker=b"something else entirely"))
    reader.follow(15)
    [note] = stage.notes(NoteKind.TRUNCATION)
    assert places([note]) == [(str(stage.path()), consumed, None)]
    assert note.text.endswith("it is read from its beginning")
    assert len(reader.lines) == 40, "it cannot be told from a file that was written anew"


def back_up(stage: Stage) -> None:
    if stage.engine.server is None:
        shutil.copy(stage.home / "soc.db", stage.home / "backup.db")
        return
    name = database_url(stage.url).database
    stage.engine.server.execute(f"CREATE DATABASE {name}_backup TEMPLATE {name}")


def restore(stage: Stage) -> None:
    if stage.engine.server is None:
        for name in ("soc.db", "soc.db-wal", "soc.db-shm"):
            (stage.home / name).unlink(missing_ok=True)
        (stage.home / "backup.db").rename(stage.home / "soc.db")
        return
    name = database_url(stage.url).database
    stage.engine.server.execute(
        f"DROP DATABASE {name} WITH (FORCE)", f"ALTER DATABASE {name}_backup RENAME TO {name}"
    )


@scenario(58, "database restored from a backup older than the files", AT_START, matrix=False)
def test_restored_backup(stage: Stage, row):
    stage.append()
    reader = stage.start()
    with stage.act_unseen():
        reader.database.close()
        back_up(stage)
    stage.append()
    stage.path().rename(stage.path("app.log.1"))
    stage.append()
    stage.settle()
    with stage.act_unseen():
        reader.database.close()
        restore(stage)
    stage.append()
    stage.settle()
    stage.expect_all()


@scenario(59, "state of an older schema", AT_START, matrix=False)
def test_upgraded_schema(stage: Stage, row, noon):
    newer = Migration(
        schema.VERSION + 1,
        "generations remember more",
        lambda connection: connection.execute(
            text("ALTER TABLE generation ADD COLUMN remembered TEXT")
        ),
    )
    stage.append()
    reader = stage.start()
    kept = reader.kept
    with stage.act_unseen():
        with reader.database.begin() as session:  # nobody who is alive uses it
            session.connection().execute(text("UPDATE node SET heartbeat_at = 0"))
        done = upgrade(reader.database, now=noon, migrations=[newer])
        assert done.steps == ("generations remember more",)
        assert reader.kept == kept
        stage.append()
        stage.path().rename(stage.path("app.log.1"))
        stage.append()
    stage.settle()
    stage.expect_all()
    assert stage.notes(NoteKind.TRUNCATION) == []


@pytest.mark.chaos
@pytest.mark.parametrize("script", ["kill.py --kills 60", "rotate.py --steps 20000 --seed 11"])
def test_57_chaos_long(script):
    name, *words = script.split()
    path = Path(__file__).parents[1] / "chaos" / name
    ran = subprocess.run(
        [sys.executable, str(path), *words, "--json"],
        cwd=path.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    figures = json.loads(ran.stdout)
    assert (figures["lost"], figures["doubled"], ran.returncode) == (0, 0, 0)
