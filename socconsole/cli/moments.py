"""Times as people write them on a command line."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from socconsole.core.filter import parse_duration
from socconsole.errors import UsageError


def moment(text: str, now: datetime, *, option: str) -> datetime:
    """Return the time `text` names: RFC 3339, a date, or how long ago, such as `2h` or `-2h`.

    Raises:
        UsageError: It names none.

    """
    try:
        return now - parse_duration(text.removeprefix("-"))
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option}: {text!r} is not a time.",
            hint="Write one such as 2026-11-21T08:00Z, 2026-11-21, or 2h for two hours ago.",
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def moment_ahead(text: str, now: datetime, *, zone: str, option: str) -> datetime:
    """Return the time to come that `text` names: RFC 3339, a date, `14:30`, or `90m` from now.

    Raises:
        UsageError: It names none.

    """
    local = ZoneInfo(zone)
    try:
        return now + parse_duration(text)
    except ValueError:
        pass
    try:
        clock = time.fromisoformat(text)
    except ValueError:
        return moment(text, now, option=option)
    today = datetime.combine(now.astimezone(local).date(), clock, local)
    return today if today > now else today + timedelta(days=1)
