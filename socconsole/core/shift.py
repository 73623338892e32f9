"""Shifts: half-open spans of the day in the team's own zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from socconsole.core.policy import ShiftPolicy


@dataclass(frozen=True, slots=True)
class Shift:
    """A working span `[start, end)`, aware UTC."""

    start: datetime
    end: datetime
    name: str
    """Its local span, such as `14:00–22:00`."""


def shift_at(now: datetime, policy: ShiftPolicy) -> Shift:
    """Return the shift `now` lies in.

    Starts are wall-clock times: a shift over a change of summer time is an hour longer or shorter.
    """
    zone = ZoneInfo(policy.timezone)
    today = now.astimezone(zone).date()
    starts = sorted(
        datetime.combine(today + timedelta(days=day), time.fromisoformat(start), zone)
        for day in (-1, 0, 1, 2)
        for start in policy.starts or ("00:00",)
    )
    place = max(index for index, start in enumerate(starts[:-1]) if start <= now)
    start, end = starts[place], starts[place + 1]
    return Shift(start.astimezone(UTC), end.astimezone(UTC), f"{start:%H:%M}–{end:%H:%M}")


def next_shift(now: datetime, policy: ShiftPolicy) -> Shift:
    """Return the shift after the one `now` lies in."""
    return shift_at(shift_at(now, policy).end, policy)
