"""The figures of the header, read in one short snapshot."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from socconsole.core.policy import Settings
from socconsole.core.severity import Severity
from socconsole.tui.cells import span
from socconsole.tui.lines import Pulse
from socconsole.tui.reading.store_access import AnySession

if TYPE_CHECKING:
    from socconsole.store.queries.clocks import ShiftClocks


class PulseReader:
    """Reads the header's figures; rates need the reading before."""

    def __init__(self, login: str, settings: Settings) -> None:
        self._login = login
        self._sla, self._shift = settings.sla, settings.shift
        self._events: tuple[datetime, int] | None = None

    def __call__(self, session: AnySession, now: datetime) -> Pulse:
        from socconsole.core.sla import acknowledge_within
        from socconsole.services.handoff_watch import left_over
        from socconsole.services.leases import collector_alive
        from socconsole.store.queries.clocks import shift_clocks
        from socconsole.store.queries.queue import queue_counts
        from socconsole.store.queries.sources import sources

        counts = queue_counts(session, self._login)
        rows = sources(session)
        alive = collector_alive(session, now=now)
        targets = {each: acknowledge_within(each, self._sla) for each in Severity}
        found = shift_clocks(session, now, targets)
        clocks = _worded(found, now)
        if counts.oldest_new_at is not None:
            clocks.insert(0, f"oldest {span(now - counts.oldest_new_at)}")
        clocks[:0] = left_over(session, self._login, now=now, policy=self._shift)
        troubled = [row.name for row in rows if row.error]
        if troubled:
            clocks.append(f"source {troubled[0]} in trouble")
        return Pulse(
            new=counts.new,
            critical=counts.critical,
            mine=counts.mine,
            events_per_second=self._rate(sum(row.events for row in rows), now),
            lag_bytes=sum(row.lag_bytes for row in rows),
            collector="live" if alive is not None else "none",
            clocks=" · ".join(clocks),
            urgent=_urgent(found, now),
        )

    def _rate(self, events: int, now: datetime) -> float | None:
        before, self._events = self._events, (now, events)
        if before is None:
            return None
        seconds = (now - before[0]).total_seconds()
        return max(0.0, (events - before[1]) / seconds) if seconds > 0 else None


def _worded(clocks: "ShiftClocks", now: datetime) -> list[str]:
    """Return what is owed and what is due next, the worst first."""
    words: list[str] = []
    if clocks.incident is not None:
        words.append(f"{clocks.incident.name} update {_until(clocks.incident.at, now)}")
    if clocks.duty is not None:
        words.append(f"{clocks.duty.name} {_until(clocks.duty.at, now)}")
    if clocks.missed:
        words.append(f"{clocks.missed} ack late")
    elif clocks.acknowledge is not None:
        words.append(f"ack {_until(clocks.acknowledge.at, now)}")
    if clocks.ticket is not None:
        words.append(f"{clocks.ticket.name} {_until(clocks.ticket.at, now)}")
    return words


def _until(at: datetime, now: datetime) -> str:
    return f"due in {span(at - now)}" if at > now else f"overdue {span(now - at)}"


def _urgent(clocks: "ShiftClocks", now: datetime) -> str:
    """Return what an incident owes first, in few letters: `INC-003 ask late 45m`."""
    owed = [("update", clocks.incident)] if clocks.incident else []
    if clocks.duty is not None:
        owed.append((clocks.duty.name.partition(" ")[2].partition(" ")[0], clocks.duty))
    if not owed:
        return ""
    word, due = min(owed, key=lambda each: each[1].at)
    kind, _, number = due.name.partition(" ")[0].split("-")
    left = due.at - now
    return f"{kind}-{number} {word} {span(left) if left >= timedelta() else f'late {span(-left)}'}"
