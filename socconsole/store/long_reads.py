"""Who keeps a snapshot open for long: SQLite's log then grows, and a server cannot clean up."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import text

from socconsole.errors import StoreError
from socconsole.store.database import Database
from socconsole.store.lock_holders import beside, command, readers

LONG_SECS = 30
LARGE_LOG = 128 * 1024 * 1024
"""Bytes a write-ahead log has only while a reader keeps it from being folded into the file."""
_LOOK_AGAIN = 0.2


@dataclass(frozen=True, slots=True)
class LongRead:
    """A process that reads one old snapshot."""

    pid: int
    who: str
    detail: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.who}) keeps a read transaction open: {self.detail}"


def long_reads(database: Database) -> tuple[LongRead, ...]:
    """Return who holds up the database just now; most of the time nobody."""
    if database.path is None:
        return tuple(_on_server(database))
    log = database.path.with_name(f"{database.path.name}-wal")
    size = log.stat().st_size if log.exists() else 0
    if size < LARGE_LOG:
        return ()
    shared = beside(database.path)
    before = readers(shared)
    time.sleep(_LOOK_AGAIN)
    detail = f"the log beside the database has {size // 1_000_000} MB"
    return tuple(LongRead(pid, command(pid), detail) for pid in sorted(before & readers(shared)))


class Watchdog:
    """Names whoever holds up one database, each of them once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._named: set[int] = set()

    def news(self) -> list[str]:
        """Return what there is to say since the last call."""
        found = {each.pid: str(each) for each in long_reads(self._database)}
        said = [found[pid] for pid in found.keys() - self._named]
        self._named = set(found)
        return said


def _on_server(database: Database) -> Iterator[LongRead]:
    query = text(
        "SELECT pid, usename, CAST(extract(epoch FROM now() - xact_start) AS integer), state"
        " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND xact_start < now() - make_interval(secs => :secs) ORDER BY xact_start"
    )
    try:
        with database.read() as session:
            for pid, login, age, state in session.connection().execute(query, {"secs": LONG_SECS}):
                yield LongRead(pid, str(login), f"for {age} s ({state})")
    except StoreError:
        return  # a cluster that only speaks PostgreSQL may have no such view
