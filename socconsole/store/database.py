"""Opens a database and hands out units of work; everything else gets a Session."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from socconsole.errors import ConflictError, StoreError, UsageError
from socconsole.store import driver, place
from socconsole.store.changes import ChangePoller, poller
from socconsole.store.clock import SharedClock
from socconsole.store.faults import TOO_LARGE, explained, gone, shown
from socconsole.store.place import Still, identity, opened
from socconsole.store.room import take_room
from socconsole.store.turns import BUSY_TIMEOUT, Turns, begin_immediate
from socconsole.store.types import read_document

__all__ = [
    "PRAGMAS",
    "Database",
    "Session",
    "database_url",
]

PRAGMAS = (
    BUSY_TIMEOUT,
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "journal_size_limit=67108864",
    "secure_delete=ON",
    "cell_size_check=ON",
    "mmap_size=0",
)
_FOLD_AT, _FOLD_AT_BESIDE = 1_000, 8_000
"""Pages of log that the collector folds into the file, and those that others would.

Beside a collector nobody's change waits for that: its own log is never as long.
"""
_PAUSE = 0.001
_SOON = 0.1
"""Whoever writes again within so many seconds lets those pass first who wait."""
_IDLE_WAIT = 15
"""Seconds a process may stand still in a transaction: others wait for what it has locked."""
_LONGEST = 30
"""Seconds a transaction of a collector or a console may take, which none comes near to.

A process that was stopped amid a row of statements is not idle in a server's eyes. Servers
before PostgreSQL 17 know no such limit.
"""
_SERVER_TIME = "SELECT clock_timestamp()"
_STOOD_STILL = frozenset({"25P03", "25P04"})
"""The server's words for a transaction that it ended because of these, before any commit."""


Work = Session
"""A unit of work, for front ends that hand it on to queries and services without looking inside."""


@dataclass(slots=True)
class Limits:
    """How long a server and a process of ours wait for each other."""

    patience_secs: float | None = None
    """How long the server may say nothing."""
    is_bounded: bool = False
    """Whether the server ends what this process keeps open for long."""


class Database:
    """One database, SQLite or PostgreSQL, for one process."""

    def __init__(
        self,
        url: str,
        *,
        read_only: bool = False,
        cache_kib: int = 16_384,
        kept: int = 4,
        patience_secs: float | None = None,
    ) -> None:
        """Prepare the connections; nothing is opened until it is needed.

        Args:
            url: `sqlite:////path`, a plain path, or `postgresql://…`.
            read_only: Refuse every change, in the program and in the connection.
            cache_kib: Page cache of each connection to an SQLite file.
            kept: Connections to an SQLite file that stay open when nobody needs them.
            patience_secs: How long a server may be silent before what it was asked is given up.

        """
        self.url = database_url(url)
        self.read_only = read_only
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._fold_at = _FOLD_AT_BESIDE if driver.SAFE else 0
        self._cache_kib = cache_kib
        self._kept = kept
        self._file: tuple[int, int] | None = None
        self._still: Still | None = None
        self._limits = Limits(patience_secs)
        self.clock = SharedClock()
        """Whose time everything goes by that is written to the database, or compared with it."""
        self._engine = (
            self._sqlite_engine()
            if self.is_sqlite
            else _postgres(self.url, self._limits, self.clock)
        )
        self._turns = Turns(self.path) if self.path is not None else None
        self._wrote = 0.0
        self._is_long = False
        self._refusals = (DBAPIError, self._engine.dialect.loaded_dbapi.Error)
        self._writer = self._engine.execution_options(soc_write=True)

    @property
    def path(self) -> Path | None:
        """The file, or None on a server."""
        return Path(self.url.database or "") if self.is_sqlite else None

    @property
    def engine(self) -> Engine:
        """For migrations and bulk copies; services and queries never see it."""
        return self._engine

    def create(self) -> None:
        """Make the schema where there is none; refuse a newer one, and an older one by name."""
        from socconsole.store import schema

        with self.explaining():
            schema.ensure(self)

    def become_collector(self) -> None:
        """Let this process fold the write-ahead log into the file, and a server bound its work.

        With a safe SQLite others fold as well, once the log is long. With one that several
        checkpointing processes can make corrupt a file, the collector alone does.
        """
        self._fold_at = _FOLD_AT
        self._limits.is_bounded = True
        self._engine.dispose()

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Open the whole unit of work: one write transaction, committed at the end.

        Raises:
            ConflictError: Somebody else changed a row first.
            StoreError: The database cannot be written, or another program keeps it locked.

        """
        if self.read_only:
            raise StoreError("This session is read-only.", hint="Start without --read-only.")
        self._require_same_file()
        if self._still is not None:  # perhaps it can be written by now
            self._still = None
            self._engine.dispose()
        if self._turns is not None and time.monotonic() - self._wrote < _SOON:
            self._turns.let_pass()
        with self.explaining(), self._session(self._writer) as session:
            session.connection()
            yield session
            session.flush()
            with self._committing():
                session.commit()
        self._wrote = time.monotonic()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a short snapshot. Never keep it across a frame or a wait for a person."""
        self._require_same_file()
        with self.explaining(), self._session(self._engine) as session, session.begin():
            yield session

    def may_write(self, table: str = "alert") -> bool:
        """Return whether this login has the right to change `table`, as far as can be told."""
        if self.read_only:
            return False
        if self.path is not None:  # beside the file, SQLite makes its journal
            return all(os.access(each, os.W_OK) for each in (self.path, self.path.parent))
        with self.read() as session:
            asked = text("SELECT has_any_column_privilege(:table, 'UPDATE')")
            return bool(session.connection().execute(asked, {"table": table}).scalar())

    def changes(self) -> ChangePoller:
        """Return a poller that tells whether another connection has committed."""
        return poller(self.url)

    def give_way(self) -> None:
        """Let those pass who wait to write; whoever writes batch after batch calls it between."""
        time.sleep(_PAUSE)
        if self._turns is not None:
            self._turns.let_pass()

    def fold(self) -> None:
        """Fold the log of a long change into the file; its commit has left that for later."""
        if self._is_long:
            self._is_long = False
            raw = self._engine.raw_connection()
            try:
                raw.execute("PRAGMA wal_checkpoint(PASSIVE)")
            finally:
                raw.close()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        if self._turns is not None:
            self._turns.close()

    @property
    def lies_still(self) -> bool:
        """Whether the file is read as it lay there, because nothing can be written beside it."""
        return self._still is not None

    @property
    def is_removed(self) -> bool:
        """Whether the file that was opened is no longer there."""
        return self._file is not None and self.path is not None and identity(self.path) is None

    def _require_same_file(self) -> None:
        """Refuse a file that was removed under us: a commit to it would be lost in silence.

        Where another file lies in its place, or somebody changes one that lay still, the
        connections to the old one are given up.
        """
        if self._file is None or self.path is None:
            return
        now = identity(self.path)
        if now is None:
            raise gone(self.path)
        if now != self._file or not (self._still is None or self._still.is_so):
            self._file = self._still = None
            self._engine.dispose()

    def _sqlite_engine(self) -> Engine:
        engine = create_engine(
            self.url,
            module=driver.DBAPI,
            creator=self._connect,
            json_deserializer=read_document,
            pool_size=self._kept,
            max_overflow=8 - self._kept,
            pool_use_lifo=True,  # the last one again: every connection has its own page cache
        )
        event.listen(engine, "connect", self._prepare)
        event.listen(engine, "begin", self._begin_as_asked)
        event.listen(engine, "checkin", self._tidy)
        return engine

    def _connect(self) -> driver.Connection:
        connection, self._still = opened(Path(self.url.database or ""))
        return connection

    def _prepare(self, connection: driver.Connection, _record: object) -> None:
        self._file = identity(Path(self.url.database or ""))
        for pragma in PRAGMAS:
            try:
                connection.execute(f"PRAGMA {pragma}")
            except UnicodeDecodeError:  # what is wrong with a table's name, it says with the name
                raise driver.DatabaseError("malformed schema") from None
        self._set_room(connection)
        if driver.SAFE:  # older ones call our own search triggers untrusted
            connection.execute("PRAGMA trusted_schema=OFF")
        if self.read_only:
            connection.execute("PRAGMA query_only=ON")

    def _set_room(self, connection: driver.Connection) -> None:
        connection.execute(f"PRAGMA cache_size=-{self._cache_kib}")
        connection.execute(f"PRAGMA wal_autocheckpoint={self._fold_at}")

    def _tidy(self, connection: driver.Connection | None, record: ConnectionPoolEntry) -> None:
        """Take back the room that a long change was given."""
        if connection is not None and take_room(record.info):
            self._set_room(connection)
            connection.execute("PRAGMA shrink_memory")
            self._is_long = self._fold_at > 0

    def _begin_as_asked(self, connection: Connection) -> None:
        if connection.get_execution_options().get("soc_write"):
            if self._still is not None:
                raise driver.OperationalError(
                    "database or disk is full"
                    if self._still.is_full
                    else "attempt to write a readonly database"
                )
            begin_immediate(connection.connection.driver_connection, turns=self._turns)
        else:
            raw: driver.Connection = connection.connection.driver_connection
            raw.execute("BEGIN")  # past SQLAlchemy: a page is read twenty times a second

    def _session(self, engine: Engine) -> Session:
        return Session(engine, expire_on_commit=False)

    @contextmanager
    def _committing(self) -> Iterator[None]:
        """Say where a server was lost between being told to commit and saying that it has."""
        try:
            yield
        except DBAPIError as error:
            ended = getattr(error.orig, "sqlstate", None) in _STOOD_STILL
            if self.is_sqlite or ended or not error.connection_invalidated:
                raise
            raise StoreError(
                "The database server was lost while it stored this: perhaps it did.",
                hint="Look before you do it again.",
                where=shown(self.url),
            ) from error

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turn what the driver raises into the errors a user sees."""
        try:
            yield
        except StaleDataError:
            raise ConflictError(
                "Somebody else changed this first.", hint="Look at it again, then repeat."
            ) from None
        except self._refusals as error:
            raise explained(error, self.url) from error
        except OverflowError as error:
            if "SQLite" not in str(error):
                raise
            raise UsageError(TOO_LARGE) from None


def database_url(text: str) -> URL:
    """Return what `text` names: a URL, or the path of an SQLite file."""
    if "://" not in text:
        return URL.create("sqlite", database=str(place.at_its_own_name(Path(text).expanduser())))
    url = make_url(text)
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database:
        return url.set(database=str(place.at_its_own_name(Path(unquote(url.database)))))
    if backend == "sqlite":
        return url
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise UsageError(
        f"{backend!r} is not a database this program knows.",
        hint="Use sqlite:////path/to/file or postgresql://host/name.",
    )


def _postgres(url: URL, limits: Limits, clock: SharedClock) -> Engine:
    try:
        from socconsole.store import patience
    except ImportError:
        raise StoreError(
            "PostgreSQL needs the psycopg driver.", hint="Install socconsole[pg]."
        ) from None
    if sys.platform == "win32":  # pragma: no cover - not a platform of ours
        raise StoreError("PostgreSQL needs Linux or macOS.")
    engine = create_engine(
        url,
        json_deserializer=read_document,
        pool_size=4,
        max_overflow=4,
        pool_pre_ping=True,
        connect_args=patience.parameters(url),
    )

    @event.listens_for(engine, "do_connect")
    def open_patiently(
        _dialect: object, _record: object, words: list[Any], options: dict[str, Any]
    ) -> patience.PatientConnection:
        raw = patience.PatientConnection.connect(*words, **options)
        raw.patience_secs = limits.patience_secs
        return raw

    announcing: list[bool] = []  # asked of the first connection, on a channel nobody listens to

    @event.listens_for(engine, "connect")
    def connect(raw: patience.PatientConnection, _record: object) -> None:
        raw.autocommit = True
        if not announcing:
            announcing.append(raw.try_out("SELECT pg_notify('socconsole_asks', '')"))
        raw.announces = announcing[0]
        raw.execute(f"SET idle_in_transaction_session_timeout = '{_IDLE_WAIT}s'")
        if limits.is_bounded or limits.patience_secs is not None:
            raw.is_bounded = raw.try_out(f"SET transaction_timeout = '{_LONGEST}s'")
        clock.compare(lambda: raw.execute(_SERVER_TIME).fetchall()[0][0])
        raw.autocommit = False

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("soc_write"):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        clock.compare(lambda: connection.exec_driver_sql(_SERVER_TIME).scalar_one())

    return engine
