"""What a collector does now and then beside reading: time, old days, and whoever is in the way."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from socconsole.core.policy import AlertsPolicy, RetentionPolicy
from socconsole.errors import FileError, SocError
from socconsole.services import nodes
from socconsole.services.following import Followed
from socconsole.services.lapsing import keep_time
from socconsole.store import retention
from socconsole.store.anchors import anchor_if_due
from socconsole.store.clock import ticking
from socconsole.store.database import Database
from socconsole.store.events import EventStore
from socconsole.store.held import held_days
from socconsole.store.long_reads import Watchdog

RETAIN_SECS = 3600.0
_TRUSTED = timedelta(hours=6)
"""A clock that was set by more is not trusted with what a wrong one would make too old."""
KEEP_TIME_EVERY = timedelta(seconds=30)


class Upkeep:
    """Keeps one database in order; each part of it is done when it is due."""

    def __init__(
        self,
        database: Database,
        events: EventStore,
        *,
        alerts: AlertsPolicy,
        kept: RetentionPolicy,
        say: Callable[[str], None],
    ) -> None:
        self._database = database
        self._events = events
        self._alerts = alerts
        self._kept = kept
        self._say = say
        self._watchdog = Watchdog(database)
        self._retained: float | None = None
        self._began = ticking(), self._database.clock.now()
        self._time_kept: datetime | None = None
        self._unanchored = ""

    def look_around(self) -> None:
        """Drop days of events that are too old or too much, and name who holds up the database."""
        self._retain()
        for news in self._watchdog.news():
            self._say(news)

    def _retain(self) -> None:
        now = time.monotonic()
        if self._retained is not None and now - self._retained < RETAIN_SECS:
            return
        self._retained = now
        today = self._database.clock.now()
        off = today - self._began[1] - (ticking() - self._began[0])
        if abs(off) > _TRUSTED:
            self._say(
                f"The clock was set by {off.total_seconds() / 3600:+.0f} h while this ran: nothing"
                " goes by its age before the next start."
            )
            return
        kept = self._kept
        try:
            with self._database.read() as session:
                held = held_days(session)
            longest, most = timedelta(days=kept.events_days), int(kept.events_gb * 1e9)
            self._events.retain(longest, most, now=today, held=held)
            retention.forget(self._database, now=today, alerts_days=kept.alerts_days)
        except (SocError, OSError) as error:
            self._say(str(error))

    def keep_time(self, session: Session, followed: Sequence[Followed], now: datetime) -> None:
        """Let shelves end, claims lapse and waiting alerts rank higher, and anchor the audit.

        Processes that were killed are taken for ended, and what was learned of the sources' habits
        is stored.
        """
        if self._time_kept is None or now - self._time_kept >= KEEP_TIME_EVERY:
            keep_time(session, now=now, since=self._time_kept, policy=self._alerts)
            nodes.forget_dead(session, now=now)
            for one in followed:
                one.keep_habit(session)
            self._time_kept = now
        if self._database.path is not None:
            self._anchor(session, self._database.path, now)

    def _anchor(self, session: Session, database: Path, now: datetime) -> None:
        """Anchor the audit; where the key or the file are another account's, say so and go on."""
        unanchored = ""
        try:
            anchor_if_due(session, database, now=now)
        except (FileError, OSError) as error:
            unanchored = f"The audit's head is not anchored: {error}"
            if unanchored != self._unanchored:
                self._say(unanchored)
        self._unanchored = unanchored
