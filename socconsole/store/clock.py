"""What time it is for all who share a database: on a server its own, whatever a host's clock says.

Leases, claims, heartbeats and service levels compare times that different hosts wrote. A file is
used by one host, whose clock they all share.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_COMPARE_EVERY = timedelta(minutes=1)
_SLOW = timedelta(seconds=2)
"""An answer that took longer tells little of what time it is."""


def ticking() -> timedelta:
    """Return the time of a clock that nobody sets; it goes on while the machine sleeps."""
    number = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return timedelta(seconds=time.clock_gettime(number))


class SharedClock:
    """Tells the time as the database's server does, once it was asked; until then, as this host.

    Between two answers it goes on by what nobody sets: a host's clock that is put right meanwhile
    changes nothing.
    """

    def __init__(self, host: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._host = host
        self._told: tuple[datetime, timedelta] | None = None
        self._asking = threading.Lock()

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        if self._told is None:
            return self._host()
        told, at = self._told
        return told + (ticking() - at)

    @property
    def host_is_ahead(self) -> timedelta:
        """How far this host's clock is ahead of the server's; zero where there is none."""
        return timedelta(0) if self._told is None else self._host() - self.now()

    def compare(self, ask: Callable[[], datetime]) -> None:
        """Ask the server for the time, where it is a while since; one thread is enough."""
        if self._told is not None and ticking() - self._told[1] < _COMPARE_EVERY:
            return
        if not self._asking.acquire(blocking=False):
            return
        try:
            before = ticking()
            told = ask()
            took = ticking() - before
            if took < _SLOW or self._told is None:
                self._told = told.astimezone(UTC) + took / 2, before + took
        finally:
            self._asking.release()
