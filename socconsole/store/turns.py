"""Who waits for an SQLite database's write lock, so that a busy collector lets them pass.

SQLite has no queue: whoever asks at the right moment gets the lock. A collector that pauses for a
millisecond between two batches is gone again before a waiting process has woken up, where the
machine is busy. Those who wait hold a shared lock on a file beside the database.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from socconsole.store.lock_holders import beside, writer

_LONGEST = 0.05
"""Seconds a collector lets others pass before its next batch."""
_POLL = 0.0005


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
