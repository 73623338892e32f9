"""How an SQLite database's write lock is waited for, so that a busy collector lets others pass.

SQLite has no queue: whoever asks at the right moment gets the lock. A collector that pauses for a
millisecond between two batches is gone again before a waiting process has woken up, where the
machine is busy. Those who wait hold a shared lock on a file beside the database.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from socconsole.store import driver
from socconsole.store.lock_holders import beside, is_at_work, writer

LOCK_WAIT = 5.0
"""Seconds a writer waits for its turn, while nobody else gets on, before the user is told."""
_LONGEST_WAIT = 60.0
"""Seconds after which it is told all the same."""
_POLL = 0.0005
_SLOW_POLL, _SLOW_AFTER = 0.005, 0.25
"""Seconds between two attempts of those who have waited for so many: they ask too often else."""
BUSY_TIMEOUT = "busy_timeout=2000"
"""Milliseconds readers wait for what is done in an instant, such as taking up a log."""
_LONGEST = 0.05
"""Seconds a collector lets others pass before its next batch."""


class Turns:
    """The file beside one database that those who wait hold on to."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = database.with_name(f"{database.name}-turn")
        self._handle: int | None = None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Stand in line meanwhile. Without a file, as on a read-only disk, nobody is seen to."""
        handle = self._open(make=True)
        try:
            if handle is not None:
                fcntl.flock(handle, fcntl.LOCK_SH)
            yield
        finally:
            if handle is not None:
                os.close(handle)

    def let_pass(self) -> None:
        """Wait, not for long, until nobody stands in line."""
        if self._handle is None:
            self._handle = self._open(make=False)
        if self._handle is None:
            return  # nobody ever had to wait
        give_up = time.monotonic() + _LONGEST
        while time.monotonic() < give_up:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_POLL)
            else:
                fcntl.flock(self._handle, fcntl.LOCK_UN)
                return

    def writer(self) -> int | None:
        """Return the process that has the lock; see `lock_holders.writer`."""
        return writer(beside(self._database))

    def close(self) -> None:
        """Let the file go."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self, *, make: bool) -> int | None:
        with suppress(OSError):
            return os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        if not make:
            return None
        with suppress(OSError):
            mode = self._database.stat().st_mode & 0o666
            handle = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, mode)
            with suppress(PermissionError):  # somebody else made it meanwhile
                os.fchmod(handle, mode)
            return handle
        return None


def begin_immediate(connection: driver.Connection, turns: Turns | None = None) -> None:
    """Take the write lock, polling for it.

    SQLite's own busy handler backs off: beside a busy collector people then wait for seconds.
    Raises the driver's error once nobody gets on: on a machine that does much else, whoever has
    the lock may need long for it.
    """
    connection.execute("PRAGMA busy_timeout=0")
    try:
        if not _begun(connection):
            with turns.waiting() if turns is not None else nullcontext():
                _wait_to_begin(connection, turns)
    finally:
        connection.execute(f"PRAGMA {BUSY_TIMEOUT}")


def _wait_to_begin(connection: driver.Connection, turns: Turns | None) -> None:
    start = time.monotonic()
    give_up, seen = start + LOCK_WAIT, _progress(connection, turns)
    while not _begun(connection):
        now = time.monotonic()
        if now > give_up:
            last, seen = seen, _progress(connection, turns)
            holder = seen[1] or os.getpid()
            moves = seen != last or (holder != os.getpid() and is_at_work(holder))
            if not moves or now - start > _LONGEST_WAIT:
                connection.execute("BEGIN IMMEDIATE")
                return
            give_up = now + LOCK_WAIT
        time.sleep(_POLL if now - start < _SLOW_AFTER else _SLOW_POLL)


def _progress(connection: driver.Connection, turns: Turns | None) -> tuple[int | None, int | None]:
    """Return what changes while others get on: a count of commits, and who has the lock."""
    try:
        commits = int(connection.execute("PRAGMA data_version").fetchone()[0])
    except driver.OperationalError as error:
        if not driver.is_busy(error):
            raise
        commits = None
    return commits, turns.writer() if turns is not None else None


def _begun(connection: driver.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except driver.OperationalError as error:
        if not driver.is_busy(error):
            raise
        return False
    return True
