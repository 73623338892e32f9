"""A moment as people type it: `2h`, `14:30`, `14:30Z`, `2026-11-21 08:00`, `now`, `-15m`."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from socconsole.core.filter import parse_duration
from socconsole.errors import UsageError


def moment(text: str, *, now: datetime, zone: tzinfo = UTC) -> datetime:
    """Return the moment `text` names, aware UTC.

    A bare span lies ahead of now, one with a minus sign or `ago` behind it. A time of day is the
    next one; it and a date are in `zone` where they name none.

    Raises:
        UsageError: It names none.

    """
    found = _read(text.strip(), now, zone)
    if found is None:
        raise _no_time(text)
    return found


def past_moment(text: str, *, now: datetime, zone: tzinfo = UTC) -> datetime:
    """Return the moment `text` names, with a bare span behind now and a time of day before it."""
    said = text.strip()
    if said and said[0].isdecimal() and said[-1].isalpha() and not said.endswith(("Z", "z")):
        said = f"-{said}"
    found = _read(said, now, zone)
    if found is None:
        raise _no_time(text)
    return found - timedelta(days=1) if _is_time_of_day(said) and found > now else found


def _no_time(text: str) -> UsageError:
    return UsageError(
        f"{text!r} is no time.", hint="Write 2h, -15m, 14:30, 2026-11-21 08:00 or RFC 3339."
    )


def _read(said: str, now: datetime, zone: tzinfo) -> datetime | None:
    said = said.lower()
    if said == "now":
        return now
    for read in (_span, _time_of_day, _written):
        found = read(said, now, zone)
        if found is not None:
            return found.astimezone(UTC)
    return None


def _span(said: str, now: datetime, zone: tzinfo) -> datetime | None:
    back = said.startswith("-") or said.endswith("ago")
    try:
        span = parse_duration(said.removeprefix("-").removesuffix("ago").strip())
    except ValueError:
        return None
    return now - span if back else now + span


def _time_of_day(said: str, now: datetime, zone: tzinfo) -> datetime | None:
    if not _is_time_of_day(said):
        return None
    hour, colon, rest = said.upper().partition(":")
    try:
        wanted = time.fromisoformat(f"{hour:0>2}{colon}{rest}")
    except ValueError:
        return None
    zone = wanted.tzinfo or zone
    today = datetime.combine(now.astimezone(zone).date(), wanted, zone)
    return today if today > now else today + timedelta(days=1)


def _is_time_of_day(said: str) -> bool:
    return 0 < said.find(":") <= 2


def _written(said: str, now: datetime, zone: tzinfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(said.upper())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)
