"""Blocks of events in one SQLite file a day: dropping a day is dropping a file.

A block is written before the main database commits the offset that covers it. A crash between
the two leaves a block beyond the checkpoint; it is removed at the next start, and before a retry
writes the same bytes again, because batches are not cut at the same places twice.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, event
from sqlmodel import Session

from socconsole.errors import StoreError
from socconsole.store import driver
from socconsole.store.event_blocks import Edge, Place, Stored, Wanted
from socconsole.store.event_codec import Block
from socconsole.store.event_compact import (
    COMPACT,
    compact,
    insert,
    is_compact,
    replace,
    rewrite,
    worth_it,
)
from socconsole.store.faults import explained
from socconsole.store.place import EVENTS_SUFFIX, Still, make_file, make_folder, opened
from socconsole.store.turns import begin_immediate

APPLICATION_ID = 0x50C_E4E7
_SCHEMA = f"""
PRAGMA application_id={APPLICATION_ID};
CREATE TABLE IF NOT EXISTS block (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_id INTEGER NOT NULL,
    generation_id INTEGER NOT NULL,
    off_lo INTEGER NOT NULL,
    off_hi INTEGER NOT NULL,
    ts_min INTEGER NOT NULL,
    ts_max INTEGER NOT NULL,
    n INTEGER NOT NULL,
    payload BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS ix_block_generation ON block (generation_id, off_lo, off_hi, n);
CREATE INDEX IF NOT EXISTS ix_block_source ON block (source_id, id, n, ts_min, ts_max);
CREATE INDEX IF NOT EXISTS ix_block_time ON block (ts_min, ts_max);
CREATE VIRTUAL TABLE IF NOT EXISTS token USING fts5(
    t, content='', contentless_delete=1, detail=none, columnsize=1,
    tokenize="unicode61 remove_diacritics 0 tokenchars '._-@:/\\'"
);
"""
_DAMAGE = ("damaged", "not an SQLite", "no socconsole tables")
"""What is said of a database when it means that a day's file is broken."""
_DELETES_TOKENS = driver.VERSION >= (3, 43)
"""Before, an index without content cannot forget: a token then leads to a block in vain."""
_OLD_FTS = _SCHEMA.replace("contentless_delete=1, ", "").replace("columnsize=1", "columnsize=0")
_FOUND = "id, source_id, generation_id, off_lo, off_hi, ts_min, ts_max, n, payload"


class EventFiles:
    """The blocks of an SQLite installation: `soc.db.events/2026-11-21.socev` beside `soc.db`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, driver.Connection] = {}
        self._inodes: dict[str, int] = {}
        self._still: dict[str, Still | None] = {}
        self._writing: set[str] = set()
        self._written: set[str] = set()
        """The last days written: where a failed attempt may have left something."""
        self._watched: Session | None = None
        self._lock = threading.RLock()

    def insert(self, session: Session, blocks: Sequence[Block], day: str) -> None:
        with self._lock:
            self._follow(session)
            for other in self._written | {day}:
                self._replace(other, blocks[0].generation_id, blocks[0].offset_from)
            self.add(session, blocks, day)

    def add(self, session: Session, blocks: Sequence[Block], day: str) -> None:
        with self._lock, self._explained(day):
            self._follow(session)
            connection = self._write_to(day)
            for block in blocks:
                insert(connection, block)

    def rewrite(self, day: str, blocks: Mapping[int, Block]) -> bool:
        with self._lock:
            connection = self._connection(day, create=True)
            connection.execute("PRAGMA secure_delete=ON")  # what stood there is overwritten
            begin_immediate(connection)
            done = self._is_the_file(day) and all(
                rewrite(connection, number, block, tokens=_DELETES_TOKENS)
                for number, block in blocks.items()
            )
            if not done:
                connection.execute("ROLLBACK")
                self._open.pop(day).close()
                return False
            if _DELETES_TOKENS:  # an index keeps deleted words until it is put together
                connection.execute("INSERT INTO token (token) VALUES ('optimize')")
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return True

    def _is_the_file(self, day: str) -> bool:
        """Tell whether what is open is still the day's file, not one that was compacted since."""
        path = self._paths(day)[0]
        return path.exists() and path.stat().st_ino == self._inodes[day]

    def _follow(self, session: Session) -> None:
        """Commit the day files just before `session` commits, roll back when it does."""
        if self._watched is session:
            return
        self._watched = session
        event.listen(session, "before_commit", self._commit, once=True)
        event.listen(session, "after_soft_rollback", self._rollback, once=True)

    def _commit(self, _session: Session) -> None:
        self._end("COMMIT")

    def _rollback(self, _session: Session, _previous: object) -> None:
        self._end("ROLLBACK")

    def _end(self, how: str) -> None:
        with self._lock:
            for day in sorted(self._writing):
                if self._open[day].in_transaction:
                    self._open[day].execute(how)
            self._writing.clear()
            self._watched = None

    def _write_to(self, day: str) -> driver.Connection:
        connection = self._connection(day, create=True)
        if day not in self._writing:
            connection.execute("BEGIN IMMEDIATE")
            self._writing.add(day)
            self._written = {day, *sorted(self._written)[-1:]}
        return connection

    def _replace(self, day: str, generation_id: int, offset: int) -> int:
        """Remove what a failed attempt left, which is nothing nearly always."""
        beyond = "FROM block WHERE generation_id = ? AND off_lo >= ?"
        values = (generation_id, offset)
        with self._explained(day):
            known = self._connection(day, create=True).execute(
                f"SELECT id, n {beyond}", values
            ).fetchall()  # fmt: skip
        if known:
            connection = self._write_to(day)
            connection.execute(f"DELETE {beyond}", values)
            if _DELETES_TOKENS:
                connection.executemany(
                    "DELETE FROM token WHERE rowid = ?", [(number,) for number, _ in known]
                )
        return sum(n for _, n in known)

    def remove_beyond(self, session: Session, checkpoints: Mapping[int, int]) -> int:
        removed = 0
        with self._lock:
            for day in self.days():
                with self._explained(day):
                    ends = self._connection(day, create=True).execute(
                        "SELECT generation_id, max(off_lo) FROM block GROUP BY generation_id"
                    ).fetchall()  # fmt: skip
                for generation_id, last in ends:
                    offset = checkpoints.get(generation_id, 0)
                    if last >= offset:
                        self._follow(session)
                        removed += self._replace(day, generation_id, offset)
        return removed

    def days(self) -> list[str]:
        if not self._folder.is_dir():
            return []
        return sorted(path.stem for path in self._folder.glob(f"*{EVENTS_SUFFIX}"))

    def after(self, place: Place, wanted: Wanted, limit: int) -> Sequence[Stored]:
        where, values = _conditions(wanted)
        return self._select(
            place.day, f"id > ?{where} ORDER BY id LIMIT ?", (place.id, *values, limit)
        )

    def before(self, place: Place, wanted: Wanted, limit: int) -> Sequence[Stored]:
        where, values = _conditions(wanted)
        return self._select(
            place.day, f"id < ?{where} ORDER BY id DESC LIMIT ?", (place.id, *values, limit)
        )

    def chosen(self, day: str, ids: Iterable[int], wanted: Wanted) -> Sequence[Stored]:
        return ()

    def edge(self, day: str) -> Edge:
        """Return the highest number: a file has one writer, whose blocks come in order."""
        with self._lock, self._explained(day):
            (top,) = self._connection(day).execute("SELECT max(id) FROM block").fetchone()
        return Edge(top or 0)

    def count_after(self, place: Place, wanted: Wanted, top: int) -> int:
        where, values = _conditions(wanted)
        with self._lock, self._explained(place.day):
            row = self._connection(place.day).execute(
                f"SELECT coalesce(sum(n), 0) FROM block WHERE id > ? AND id <= ?{where}",
                (place.id, top, *values),
            ).fetchone()  # fmt: skip
        return int(row[0])

    def beside(
        self, day: str, generation_id: int, offset: int, limit: int, *, forward: bool
    ) -> Sequence[Stored]:
        order = "off_lo > ? ORDER BY off_lo" if forward else "off_lo <= ? ORDER BY off_lo DESC"
        return self._select(
            day, f"generation_id = ? AND {order} LIMIT ?", (generation_id, offset, limit)
        )

    def _select(self, day: str, rest: str, values: tuple[object, ...]) -> list[Stored]:
        with self._lock, self._explained(day):
            rows = self._connection(day).execute(
                f"SELECT {_FOUND} FROM block WHERE {rest}", values
            ).fetchall()  # fmt: skip
        return [Stored(Place(day, row[0]), *row[1:]) for row in rows]

    def size(self, day: str) -> int:
        return sum(path.stat().st_size for path in self._paths(day) if path.exists())

    def drop(self, day: str) -> None:
        with self._lock:
            connection = self._open.pop(day, None)
            if connection is not None:
                connection.close()
            for path in self._paths(day):
                path.unlink(missing_ok=True)

    def tidy(self, days: Sequence[str]) -> None:
        with self._lock:
            for day in days:
                with self._explained(day):
                    if not is_compact(self._connection(day)) and self._compact(day):
                        return

    def _compact(self, day: str) -> bool:
        """Write the day anew where that is worth it; the old file stays until it is done."""
        old = self._connection(day)
        if day in self._writing:
            return False
        if not worth_it(old):
            old.execute(f"PRAGMA user_version={COMPACT}")
            return False
        busy, _, _ = old.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            return False  # a reader holds on to the log, which is still part of the file
        path = self._paths(day)[0]
        new = path.with_suffix(".compacting")
        new.unlink(missing_ok=True)
        target = self._make(new)
        begin_immediate(old)  # nobody changes what is being copied
        try:
            compact(old, target)
            target.close()
            replace(path, new)
        except StoreError:  # a damaged block: reading says so, the rest stays where it is
            old.execute("ROLLBACK")
            new.unlink()
            old.execute(f"PRAGMA user_version={COMPACT}")
            return False
        finally:
            target.close()
            self._open.pop(day).close()
        return True

    @contextmanager
    def _explained(self, day: str) -> Iterator[None]:
        """Name the day's file in what a user sees, not the database beside it."""
        try:
            yield
        except driver.DatabaseError as error:
            path = self._paths(day)[0]
            said = explained(error, URL.create("sqlite", database=str(path)))
            if any(sign in said.what for sign in _DAMAGE):
                said = StoreError(
                    f"The events of {day} are damaged.",
                    hint="Move this file away: a new one is begun, and alerts keep their evidence.",
                    where=str(path),
                )
            raise said from error

    def close(self) -> None:
        with self._lock:
            for connection in self._open.values():
                connection.close()
            self._open.clear()

    def _paths(self, day: str) -> tuple[Path, ...]:
        name = f"{day}{EVENTS_SUFFIX}"
        return tuple(self._folder / f"{name}{end}" for end in ("", "-wal", "-shm"))

    def _connection(self, day: str, *, create: bool = False) -> driver.Connection:
        known, still = self._open.get(day), self._still.get(day)
        if known is not None:
            if still is None or (still.is_so and not create):
                return known
            known.close()
        path = self._paths(day)[0]
        if create:
            if not path.exists():
                self._begin(path)
            connection, self._still[day] = self._make(path), None
        else:
            connection, self._still[day] = opened(path, timeout=5.0)
        self._open[day] = connection
        self._inodes[day] = path.stat().st_ino
        return connection

    def _begin(self, path: Path) -> None:
        """Make a day's file beside its place: who lists the days meets none without tables."""
        new = path.with_suffix(".beginning")
        for side in ("", "-wal", "-shm"):
            new.with_name(new.name + side).unlink(missing_ok=True)
        self._make(new).close()
        replace(path, new)

    def _make(self, path: Path) -> driver.Connection:
        """Open a file for writing, made where there is none."""
        make_folder(self._folder, self._folder.parent)
        make_file(path, page_size=8192)
        connection = driver.connect(str(path), timeout=5.0)
        try:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA temp_store=MEMORY")
            connection.executescript(_SCHEMA if _DELETES_TOKENS else _OLD_FTS)
        except driver.DatabaseError:
            connection.close()
            raise
        return connection


def _conditions(wanted: Wanted) -> tuple[str, tuple[object, ...]]:
    clauses: list[str] = []
    values: list[object] = []
    for clause, value in (
        ("source_id = ?", wanted.source_id),
        ("ts_max >= ?", wanted.since),
        ("ts_min < ?", wanted.until),
    ):
        if value is not None:
            clauses.append(clause)
            values.append(value)
    if wanted.tokens:
        clauses.append("id IN (SELECT rowid FROM token WHERE token MATCH ?)")
        values.append(" AND ".join(_quoted(each) for each in wanted.tokens))
    return "".join(f" AND {clause}" for clause in clauses), tuple(values)


def _quoted(token: str) -> str:
    """Quote a token for FTS5; one that ends in `*` is a prefix."""
    if token.endswith("*"):
        return _quoted(token[:-1]) + "*"
    doubled = token.replace('"', '""')
    return f'"{doubled}"'
