"""Tells a console that something was committed elsewhere, at next to no cost."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import URL, Connection, text

from socconsole.errors import StoreError
from socconsole.store import driver
from socconsole.store.faults import explained, gone
from socconsole.store.place import Still, identity, opened

if TYPE_CHECKING:
    import psycopg

NOTIFY_CHANNEL = "socconsole"
"""What a server's commits are announced on."""
_HEAD = """
SELECT seq, (SELECT coalesce(sum(lines), 0) FROM source),
    (SELECT coalesce(max(seen_at), 0) FROM presence)
FROM change_head
"""
"""What moves with actions, with lines that were read, and with where people look."""
_ASK_EVERY = 1.0
"""Seconds after which the head is read although nothing was announced."""
_PATIENCE_SECS = 5.0
"""A server that says nothing for so long when it is asked for the head is taken for away."""


def announce(connection: Connection) -> None:
    """Tell those who wait on a server of this transaction, once it commits.

    A file needs no telling: whoever watches it sees every commit.
    """
    if connection.dialect.name != "postgresql":
        return
    raw: Any = connection.connection.driver_connection
    if raw.announces:
        connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": NOTIFY_CHANNEL})


class ChangePoller(Protocol):
    """Asks cheaply and often."""

    def poll(self) -> bool:
        """Tell whether anything was committed since the last call; the first call says True.

        Raises:
            StoreError: The database cannot be reached; the next call tries again.

        """
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


class _SqlitePoller:
    """Watches `PRAGMA data_version` on a connection kept for that: 2 µs a poll.

    The number moves for every commit of another connection, whatever process it is in.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._path = Path(url.database or "")
        self._connection: driver.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._still: Still | None = None
        self._seen: int | None = None

    def poll(self) -> bool:
        file = identity(self._path)
        if file is None:
            self.close()
            raise gone(self._path)
        try:
            moved = file != self._file or not (self._still is None or self._still.is_so)
            if self._connection is None or moved:
                self.close()
                self._connection, self._still = opened(self._path)
                self._file, self._seen = file, None
            (now,) = self._connection.execute("PRAGMA data_version").fetchone()
        except driver.DatabaseError as error:
            self.close()
            raise explained(error, self._url) from error
        changed = now != self._seen
        self._seen = now
        return bool(changed)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _NotifyPoller:
    """Listens to a server, and reads the change head now and then.

    A notification may be lost with its connection or on the way through a pooler; the head is the
    truth.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None
        self._seen: tuple[int, int, int] | None = None
        self._asked_at = 0.0

    def poll(self) -> bool:
        import psycopg

        from socconsole.store import patience

        try:
            if self._connection is None:
                self._connection = patience.listener(self._url, _PATIENCE_SECS)
                self._connection.try_out(f"LISTEN {NOTIFY_CHANNEL}")  # else the head says it
                self._seen, self._asked_at = None, 0.0
            told = any(self._connection.notifies(timeout=0))
            if not told and time.monotonic() - self._asked_at < _ASK_EVERY:
                return False
            return self._ask(self._connection) or told
        except psycopg.Error as error:
            self.close()
            raise StoreError(
                "The database server cannot be reached.",
                hint="What is on screen stays; nothing is stored until it is back.",
            ) from error

    def _ask(self, connection: "psycopg.Connection[Any]") -> bool:
        now = connection.execute(_HEAD).fetchone()
        changed = now != self._seen
        self._seen, self._asked_at = now, time.monotonic()
        return changed

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def poller(url: URL) -> ChangePoller:
    """Return the poller for the database at `url`."""
    if url.get_backend_name() == "sqlite":
        return _SqlitePoller(url)
    return _NotifyPoller(url)
