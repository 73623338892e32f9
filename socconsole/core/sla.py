"""Service-level clocks: they run from created_at and stand still while a ticket waits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from socconsole.core.policy import SlaPolicy
from socconsole.core.priority import Priority
from socconsole.core.severity import Severity


@dataclass(frozen=True, slots=True)
class Target:
    """How long a ticket of one priority may take."""

    respond: timedelta
    """To the first work on it."""
    resolve: timedelta


def target_of(priority: Priority, policy: SlaPolicy) -> Target:
    """Return what the team promises for a ticket of `priority`."""
    return Target(
        timedelta(minutes=policy.respond_minutes[priority]),
        timedelta(minutes=policy.resolve_minutes[priority]),
    )


def acknowledge_within(severity: Severity, policy: SlaPolicy) -> timedelta:
    """Return how long an alert of `severity` may wait for a person."""
    return timedelta(minutes=policy.acknowledge_minutes[severity.label])


@dataclass(frozen=True, slots=True)
class Pause:
    """A half-open span in which the clock stood still."""

    since: datetime
    until: datetime | None
    """None while it still stands."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise on one ticket."""

    started_at: datetime
    target: timedelta
    pauses: Sequence[Pause] = field(default=())
    stopped_at: datetime | None = None
    """When the promise was kept or given up; None while it runs."""

    def paused(self, now: datetime) -> timedelta:
        """Return how long the clock has stood still up to `now`."""
        end = min(now, self.stopped_at) if self.stopped_at else now
        total = timedelta()
        reached = self.started_at
        for pause in sorted(self.pauses, key=lambda pause: pause.since):
            since = max(pause.since, reached)
            until = min(pause.until or end, end)
            if until > since:
                total += until - since
                reached = until
        return total

    def used(self, now: datetime) -> timedelta:
        """Return the time spent so far, pauses left out."""
        end = min(now, self.stopped_at) if self.stopped_at else now
        return max(end - self.started_at - self.paused(now), timedelta())

    def left(self, now: datetime) -> timedelta:
        """Return the time left; negative when the target is missed."""
        return self.target - self.used(now)


def in_words(span: timedelta) -> str:
    """Return `span` as an analyst reads it: `3h 05m`, `2d 4h`, `-12m`."""
    sign = "-" if span < timedelta() else ""
    minutes = int(abs(span).total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{sign}{days}d {hours}h"
    return f"{sign}{hours}h {minutes:02}m" if hours else f"{sign}{minutes}m"
