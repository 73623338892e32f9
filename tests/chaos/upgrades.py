"""Kills an upgrade at random points; the database is the old one or the new one, never half.

    python tests/chaos/upgrades.py --kills 30 --json [--file]

On a server of its own, in turn: the upgrading process dies (SIGKILL), the server's process behind
it does, or the whole server stops at once. With --file it is an SQLite file, and the process dies.
After each the upgrade is run again, to its end. One of its steps counts every alert once more:
run twice it would show.
"""

import argparse
import json
import multiprocessing
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
from sqlalchemy import text

from socconsole.errors import ConflictError, SocError
from socconsole.store import condition, upgrade
from socconsole.store.database import Database
from socconsole.store.migrations import Migration
from socconsole.store.roles import apply_roles
from socconsole.store.schema import VERSION
from tests.bench.store import seed
from tests.postgres import Server, start_server

ALERTS = 3_000
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload([each.__name__ for each in (condition, upgrade)])


def step(number: int, *statements: str) -> Migration:
    def run(connection) -> None:
        for statement in statements:
            connection.execute(text(statement))

    return Migration(VERSION + number, f"step {number}", run)


STEPS = (
    step(1, "ALTER TABLE alert ADD COLUMN mood TEXT", "UPDATE alert SET mood = title"),
    step(
        2,
        "CREATE TABLE sighting (alert_id BIGINT NOT NULL, seen TEXT NOT NULL)",
        "INSERT INTO sighting SELECT id, title FROM alert",
        "CREATE INDEX ix_sighting_seen ON sighting (seen, alert_id)",
    ),
    step(3, "UPDATE alert SET count = count + 1", "ALTER TABLE alert RENAME mood TO temper"),
)
FILE_PARTS = "SELECT name, sql FROM sqlite_master ORDER BY name"
SERVER_PARTS = """
    SELECT table_name || '.' || column_name, data_type FROM information_schema.columns
        WHERE table_schema = 'public'
    UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT grantee || ' ' || table_name || ' ' || privilege_type, is_grantable
        FROM information_schema.table_privileges WHERE table_schema = 'public'
    ORDER BY 1
"""


def look(url: str) -> dict[str, object]:
    """Return all that an upgrade changes: the version, every part of the schema, what it counts."""
    database = Database(url)
    with database.read() as session:
        connection = session.connection()
        parts = connection.exec_driver_sql(FILE_PARTS if database.is_sqlite else SERVER_PARTS)
        schema = {str(name): str(what) for name, what in parts}
        pragma = connection.exec_driver_sql("PRAGMA user_version") if database.is_sqlite else None
        figures = "SELECT count(*), sum(count) FROM alert"
        found = {
            "version": connection.execute(
                text("SELECT value FROM meta WHERE key = 'schema'")
            ).scalar(),
            "user_version": pragma and pragma.scalar(),
            "schema": schema,
            "alerts": [int(each) for each in connection.exec_driver_sql(figures).one()],
        }
        if "ix_sighting_seen" in schema:
            rows = connection.exec_driver_sql("SELECT count(*) FROM sighting").scalar()
            tempers = connection.exec_driver_sql("SELECT count(temper) FROM alert").scalar()
            found["moved"] = [rows, tempers]
    database.close()
    return found


def run(url: str, pipe: Connection) -> None:
    database = Database(url)
    pipe.send("begun")
    try:
        upgrade.upgrade(database, now=NOW, migrations=STEPS)
        pipe.send("done")
    except SocError as error:
        pipe.send(error.what)


class Upgrading:
    """A process that upgrades a database."""

    def __init__(self, url: str) -> None:
        self._ours, theirs = WARM.Pipe(duplex=False)
        self.process = WARM.Process(target=run, args=(url, theirs))
        self.process.start()
        theirs.close()
        assert self._ours.recv() == "begun"

    def ends(self) -> str:
        """Return what it said when it ended; nothing when it was killed."""
        try:
            said = str(self._ours.recv())
        except EOFError:
            said = ""
        self.process.join()
        return said


class OnServer:
    """Databases of a server, which can die under an upgrade in three ways."""

    ways = ("process", "backend", "server")

    def __init__(self, server: Server) -> None:
        self.server = server
        server.remember_commits()
        server.execute("CREATE DATABASE old")
        self.template = server.url("old")

    @contextmanager
    def fresh(self) -> Iterator[str]:
        self.server.execute("CREATE DATABASE upgraded TEMPLATE old")
        yield self.server.url("upgraded")
        self.server.execute("DROP DATABASE upgraded WITH (FORCE)")

    def kill(self, way: str, upgrading: Upgrading) -> None:
        if way == "process":
            upgrading.process.kill()
        elif way == "server":
            self.server.stop("immediate")
            self.server.start()
        else:
            for pid in self.backends():
                os.kill(pid, signal.SIGKILL)

    def backends(self) -> list[int]:
        asked = "SELECT pid FROM pg_stat_activity WHERE datname = 'upgraded'"
        with psycopg.connect(self.server.url("postgres")) as connection:
            return [row[0] for row in connection.execute(asked)]

    def settle(self) -> None:
        """Wait until the server is back and has noticed that nobody is there any more."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if not self.backends():
                    return
            except psycopg.OperationalError:
                pass  # it recovers
            time.sleep(0.05)
        raise SystemExit("the server does not settle")


class OnFile:
    """Copies of an SQLite file."""

    ways = ("process",)

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = f"sqlite:///{folder / 'old' / 'soc.db'}"

    @contextmanager
    def fresh(self) -> Iterator[str]:
        there = self.folder / "upgraded"
        shutil.copytree(self.folder / "old", there)
        yield f"sqlite:///{there / 'soc.db'}"
        shutil.rmtree(there)

    def kill(self, _way: str, upgrading: Upgrading) -> None:
        upgrading.process.kill()

    def settle(self) -> None:
        """A file is what it is once the process is gone."""


def torture(place: OnServer | OnFile, kills: int, chance: random.Random) -> dict[str, object]:
    database = Database(place.template)
    database.create()
    seed(database, ALERTS)
    if not database.is_sqlite:
        with database.begin() as session:
            apply_roles(session.connection())
    database.close()
    old = look(place.template)
    takes = []
    for _ in range(2):  # the first one has more to load
        with place.fresh() as url:
            upgrading, begun = Upgrading(url), time.monotonic()
            assert upgrading.ends() == "done"
            takes.append(time.monotonic() - begun)
            new = look(url)
    assert (old["version"], new["version"]) == (str(VERSION), str(VERSION + len(STEPS)))
    became: Counter[str] = Counter()
    said: Counter[str] = Counter()
    for number in range(kills):
        way = place.ways[number % len(place.ways)]
        with place.fresh() as url:
            upgrading = Upgrading(url)
            time.sleep(chance.uniform(0, takes[-1]))
            place.kill(way, upgrading)
            word = upgrading.ends()
            place.settle()
            found = look(url)
            became[f"{way}_{'old' if found == old else 'new' if found == new else 'half'}"] += 1
            said[word] += 1
            if word == "done" and found != new:
                became["promised_and_lost"] += 1
            if found == old and (fault := repeated(url, new)):
                became["not_repeatable"] += 1
                said[f"again: {fault}"] += 1
    return {
        "kills": kills,
        "seconds": round(takes[-1], 2),
        "became": dict(became),
        "said": dict(said),
    }


def repeated(url: str, new: dict[str, object]) -> str:
    """Upgrade again, as often as the server recovers; return what went wrong."""
    while (word := Upgrading(url).ends()) == "The database server cannot be reached.":
        time.sleep(0.2)
    if word != "done":
        return word
    found, wanted = ({**each, **each["schema"], "schema": ""} for each in (look(url), new))
    return ", ".join(
        f"{name}: {found.get(name)}, not {wanted.get(name)}"
        for name in sorted(found.keys() | wanted.keys())
        if found.get(name) != wanted.get(name)
    )


def two_at_once(place: OnServer | OnFile) -> str:
    """Let two people upgrade at once; return what the slower one is told."""
    with place.fresh() as url:
        both = [Upgrading(url), Upgrading(url)]
        words = sorted(each.ends() for each in both)
        assert "done" in words, words
        again = Database(url)
        try:
            upgrade.upgrade(again, now=NOW, migrations=STEPS)
        except ConflictError as error:
            raise SystemExit(f"nobody is at work, but {error.what}") from None
        finally:
            again.close()
        counted = look(url)["alerts"]
        if counted != [ALERTS, 2 * ALERTS]:
            raise SystemExit(f"a step was run twice: {counted}")
    return next((word for word in words if word != "done"), "done")


@contextmanager
def place_of(is_file: bool) -> Iterator[OnServer | OnFile]:
    if is_file:
        with tempfile.TemporaryDirectory(prefix="socconsole-upgrades.") as name:
            yield OnFile(Path(name))
    else:
        with start_server() as server:
            yield OnServer(server)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--file", action="store_true", help="an SQLite file instead of a server")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with place_of(options.file) as place:
        figures = torture(place, options.kills, random.Random(options.seed))
        figures["slower_of_two"] = two_at_once(place)
    print(json.dumps(figures) if options.json else figures)
    wrong = [each for each in figures["became"] if each.endswith(("half", "lost", "repeatable"))]
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
