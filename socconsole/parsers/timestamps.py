"""Times as logs write them → aware UTC, and how much of that was written.

A time without a zone is in the source's zone. A date without a year gets the latest year that
does not put it more than a day after the reference. A leap second is the last microsecond of its
minute; 24:00:00 is the next day; fractions beyond microseconds are cut off.
"""

import os
import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from socconsole.core.event import ReadContext, TimeQuality

Instant: TypeAlias = tuple[datetime, TimeQuality]

MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_AHEAD = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CACHE = 8192


def iso(text: str, context: ReadContext) -> Instant | None:
    """Read `2026-03-01T04:12:09.123Z` and its relatives: a space, a comma, slashes, no zone."""
    return _iso(text, context.zone)


def without_year(text: str, context: ReadContext) -> Instant | None:
    """Read `Mar  1 04:12:09`, the time of RFC 3164, with or without a year and a fraction."""
    return _without_year(text, context.zone, context.reference)


def common_log(text: str, context: ReadContext) -> Instant | None:
    """Read `01/Mar/2026:04:12:09 +0000`, the time of web servers."""
    return _common_log(text, context.zone)


def c_time(text: str, context: ReadContext) -> Instant | None:
    """Read `Sun Mar 01 04:12:09.123456 2026`, the time of C's asctime."""
    return _c_time(text, context.zone)


def epoch(value: float | str) -> Instant | None:
    """Read a count since 1970: seconds, or milli-, micro- or nanoseconds by magnitude."""
    return _epoch(value)


def any_time(value: object, context: ReadContext) -> Instant | None:
    """Read a time in any of the ways above."""
    if isinstance(value, str):
        if value[10:11] == "T" and value[-1:] == "Z" and len(value) <= 64:
            # The usual form, and seldom the same twice: reading it costs less than remembering it.
            try:
                return datetime.fromisoformat(value), TimeQuality.EXACT
            except ValueError:
                pass
        return _any_text(value, context.zone, context.reference) if len(value) <= 64 else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _epoch(value)
    return None


@lru_cache(_CACHE)
def _any_text(text: str, zone: tzinfo, reference: datetime) -> Instant | None:
    return (
        _iso(text, zone)
        or _without_year(text, zone, reference)
        or _common_log(text, zone)
        or _c_time(text, zone)
        or (_epoch(text) if text[:1].isdigit() else None)
        or _digits(text, zone)
    )


_SECOND_60 = re.compile(r"(\d\d:\d\d):60(?:[.,]\d+)?")
_ISO_SHAPE = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[T _-]+(\d{1,2}:\d{2}:\d{2})([.,]\d+)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)?(?:\s*([A-Z]{2,5}))?$"
)


@lru_cache(_CACHE)
def _iso(text: str, zone: tzinfo) -> Instant | None:
    try:
        return _placed(datetime.fromisoformat(text), zone) if len(text) > 10 else None
    except ValueError:
        pass
    match = _ISO_SHAPE.match(text)
    if match is None:
        return None
    year, month, day, clock, fraction, offset, name = match.groups()
    shaped = f"{year}-{month:0>2}-{day:0>2}T{clock:0>8}{fraction or ''}"
    if offset is None and name is not None:
        return _in_named_zone(shaped, name, zone)
    return _shifted(shaped + _ZONES.get(offset or "", offset or ""), zone)


_ZONES = {
    **dict.fromkeys(("UTC", "GMT", "UT", "WET"), "+00:00"),
    **dict.fromkeys(("CET", "WEST"), "+01:00"),
    **dict.fromkeys(("CEST", "EET"), "+02:00"),
    **dict.fromkeys(("EEST", "MSK"), "+03:00"),
    "JST": "+09:00",
    "EDT": "-04:00",
    **dict.fromkeys(("EST", "CDT"), "-05:00"),
    **dict.fromkeys(("CST", "MDT"), "-06:00"),
    **dict.fromkeys(("MST", "PDT"), "-07:00"),
    "PST": "-08:00",
}
"""Names of zones that mean one thing: RFC 2822's, and Europe's. A source's own zone comes first."""


def _in_named_zone(text: str, name: str, zone: tzinfo) -> Instant | None:
    """Read an ISO time whose zone has a name; an unknown name is taken for the source's zone."""
    found = _shifted(text, zone)
    if found is None:
        return None
    for fold in (0, 1):
        # The name also tells which of two equal clock times it is when summer time ends.
        local = found[0].astimezone(zone).replace(fold=fold)
        if local.tzname() == name:
            return local.astimezone(UTC), TimeQuality.EXACT
    return _shifted(text + _ZONES[name], zone) if name in _ZONES else found


def _shifted(text: str, zone: tzinfo) -> Instant | None:
    """Read an ISO time whose clock may show 60 seconds or 24 hours."""
    day = timedelta()
    text = _SECOND_60.sub(r"\1:59.999999", text)
    if text[11:19] == "24:00:00":
        text, day = text[:11] + "00" + text[13:], timedelta(days=1)
    try:
        return _placed(datetime.fromisoformat(text) + day, zone)
    except (ValueError, OverflowError):
        return None


def _placed(moment: datetime, zone: tzinfo) -> Instant | None:
    try:
        if moment.tzinfo is not None:
            return moment.astimezone(UTC), TimeQuality.EXACT
        # A clock time that the zone skips counts on from before the gap.
        return moment.replace(tzinfo=zone).astimezone(UTC), TimeQuality.ZONE_ASSUMED
    except (OverflowError, ValueError):
        return None


_YEARLESS = re.compile(
    r"([A-Z][a-z]{2})\s+(\d{1,2})(?:\s+(\d{4}))?,?\s+(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?"
    r"(?:\s+(\d{4}))?(?:\s+(Z|[+-]\d{2}:?\d{2}|UTC|GMT))?$"
)


@lru_cache(_CACHE)
def _without_year(text: str, zone: tzinfo, reference: datetime) -> Instant | None:
    match = _YEARLESS.match(text)
    month = MONTHS.get(match[1]) if match else None
    if match is None or month is None:
        return None
    _, day, year, hour, minute, second, fraction, late_year, offset = match.groups()
    clock = f"{month:02}-{int(day):02}T{int(hour):02}:{minute}:{second}"
    if fraction:
        clock += "." + fraction
    if offset:
        clock += "Z" if offset in ("UTC", "GMT") else offset
    if year or late_year:
        return _shifted(f"{year or late_year}-{clock}", zone)
    latest = reference + _AHEAD
    # 29 February may be up to eight years back, around a century that has none.
    for candidate in range(latest.year + 1, latest.year - 9, -1):
        found = _shifted(f"{candidate}-{clock}", zone)
        if found is not None and found[0] <= latest:
            return found[0], TimeQuality.YEAR_ASSUMED
    return None


_COMMON = re.compile(
    r"(\d{1,2})/([A-Z][a-z]{2})/(\d{4})[: ](\d{2}:\d{2}:\d{2})([.,]\d+)?(?:\s*([+-]\d{2}:?\d{2}|Z))?$"
)


@lru_cache(_CACHE)
def _common_log(text: str, zone: tzinfo) -> Instant | None:
    match = _COMMON.match(text)
    month = MONTHS.get(match[2]) if match else None
    if match is None or month is None:
        return None
    day, _, year, clock, fraction, offset = match.groups()
    shaped = f"{year}-{month:02}-{int(day):02}T{clock}{fraction or ''}{offset or ''}"
    return _shifted(shaped, zone)


_C_TIME = re.compile(
    r"[A-Z][a-z]{2},?\s+(?:([A-Z][a-z]{2})\s+(\d{1,2})|(\d{1,2})\s+([A-Z][a-z]{2})\s+(\d{4}))\s+"
    r"(\d{2}:\d{2}:\d{2})([.,]\d+)?(?:\s+(Z|[+-]\d{4}|[A-Z]{2,5}))?(?:\s+(\d{4}))?$"
)


@lru_cache(_CACHE)
def _c_time(text: str, zone: tzinfo) -> Instant | None:
    match = _C_TIME.match(text)
    if match is None:
        return None
    month_a, day_a, day_b, month_b, year_b, clock, fraction, offset, year_a = match.groups()
    month, day, year = MONTHS.get(month_a or month_b), day_a or day_b, year_b or year_a
    if month is None or year is None:
        return None
    shaped = f"{year}-{month:02}-{int(day):02}T{clock}{fraction or ''}"
    if offset is not None and offset.isalpha() and offset != "Z":
        return _in_named_zone(shaped, offset, zone)
    return _shifted(f"{shaped}{offset or ''}", zone)


@lru_cache(_CACHE)
def _epoch(value: float | str) -> Instant | None:
    try:
        if isinstance(value, float):
            micros = round(value * 1_000_000) if value < 1e11 else None
            whole = int(value)
        else:
            head, _, fraction = str(value).partition(".")
            if not (head + fraction).isdigit():  # int() takes signs, blanks and underscores too
                return None
            whole = int(head) if len(head) < 21 else -1
            micros = whole * 1_000_000 + int((fraction + "000000")[:6]) if fraction else None
    except (ValueError, OverflowError):
        return None
    if whole <= 0:
        return None
    scale = next((power for power in (11, 14, 17, 20) if whole < 10**power), None)
    if scale is None:
        return None
    if scale != 11 or micros is None:
        micros = whole * 10 ** (17 - scale) if scale <= 17 else whole // 1000
    try:
        return EPOCH + timedelta(microseconds=micros), TimeQuality.EXACT
    except OverflowError:
        return None


_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)[ T-]?(\d\d):?(\d\d):?(\d\d)([.,]\d+)?(Z|[+-]\d{4})?$")


def _digits(text: str, zone: tzinfo) -> Instant | None:
    match = _DIGITS.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    clock = f"{hour}:{minute}:{second}{fraction or ''}{offset or ''}"
    return _shifted(f"{year}-{month}-{day}T{clock}", zone)


_JITTER = timedelta(minutes=1)
"""Lines may be so much out of order without a clock having gone back."""
_JUST_NOW = timedelta(minutes=5)
_HALF_AN_HOUR, _TWO_HOURS = timedelta(minutes=25), timedelta(minutes=125)
"""Within these a line that was just written, in the second of two hours, seems to be of the first."""


def in_order(
    moment: datetime, previous: datetime | None, zone: tzinfo, just_read: datetime | None = None
) -> datetime:
    """Return which of the two readings of an hour that comes twice goes on from `previous`.

    A wall-clock time in the hour that summer time repeats is first taken for the earlier one. It was
    the second when the line was written `just_read`, or when the line above was later than that.
    """
    goes_back = previous is not None and previous - moment > _JITTER
    seems_late = just_read is not None and _HALF_AN_HOUR < just_read - moment < _TWO_HOURS
    # Nearly every line ends here: the rest is dear.
    if not goes_back and not seems_late:
        return moment
    second = moment.astimezone(zone).replace(fold=1).astimezone(UTC)
    if second <= moment:
        return moment
    if just_read is not None and abs(second - just_read) < _JUST_NOW:
        return second
    return second if goes_back else moment


def host_zone() -> tzinfo:
    """Return the zone of this host, with the summer times it had and will have."""
    linked = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    name = os.environ.get("TZ", "").removeprefix(":") or linked
    if name in ("UTC", "Etc/UTC", "GMT"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A zone with no name that is known: what holds just now is the best there is.
        return datetime.now(UTC).astimezone().tzinfo or UTC


def has_summer_time(zone: tzinfo) -> bool:
    """Whether the clocks of a zone go back once a year."""
    winter, summer = (datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (1, 7))
    return winter != summer
