"""Times come out aware and in UTC, and say how much of them was written."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from socconsole.core.event import ReadContext, TimeQuality
from socconsole.parsers import timestamps

NAIVE = datetime.fromisoformat("2000-01-01")
EXACT, ZONE, YEAR = TimeQuality.EXACT, TimeQuality.ZONE_ASSUMED, TimeQuality.YEAR_ASSUMED


def context(reference: str = "2026-03-02T00:00:00Z", zone: str = "UTC") -> ReadContext:
    moment = datetime.fromisoformat(reference)
    return ReadContext(reference=moment, zone=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("written", "time", "quality"),
    [
        ("2026-03-01T04:12:09Z", "2026-03-01T04:12:09Z", EXACT),
        ("2026-03-01T04:12:09.123456789+01:00", "2026-03-01T03:12:09.123456Z", EXACT),
        ("2026-03-01 04:12:09,5 +0100", "2026-03-01T03:12:09.5Z", EXACT),
        ("2026/03/01 04:12:09", "2026-03-01T04:12:09Z", ZONE),
        ("2026-03-01T23:59:60Z", "2026-03-01T23:59:59.999999Z", EXACT),
        ("2026-02-28T24:00:00Z", "2026-03-01T00:00:00Z", EXACT),
        ("01/Mar/2026:04:12:09 +0100", "2026-03-01T03:12:09Z", EXACT),
        ("Sun Mar 01 04:12:09.5 2026", "2026-03-01T04:12:09.5Z", ZONE),
        ("Sun, 01 Mar 2026 04:12:09 GMT", "2026-03-01T04:12:09Z", EXACT),
        ("Sun Mar  1 04:12:09 PST 2026", "2026-03-01T12:12:09Z", EXACT),
        ("2026-03-01 04:12:09.127 CET", "2026-03-01T03:12:09.127Z", EXACT),
        ("2026-03-01 04:12:09 XYZ", "2026-03-01T04:12:09Z", ZONE),
        ("Mar 01 2026 04:12:09", "2026-03-01T04:12:09Z", ZONE),
        ("Mar  1 04:12:09", "2026-03-01T04:12:09Z", YEAR),
        ("20260301T041209Z", "2026-03-01T04:12:09Z", EXACT),
        ("1772338329", "2026-03-01T04:12:09Z", EXACT),
        (1772338329.25, "2026-03-01T04:12:09.25Z", EXACT),
        ("1772338329.123456789", "2026-03-01T04:12:09.123456Z", EXACT),
        (1772338329123, "2026-03-01T04:12:09.123Z", EXACT),
        (1772338329123456, "2026-03-01T04:12:09.123456Z", EXACT),
        (1772338329123456789, "2026-03-01T04:12:09.123456Z", EXACT),
    ],
)
def test_a_time_is_read(written, time, quality):
    assert timestamps.any_time(written, context()) == (datetime.fromisoformat(time), quality)


@pytest.mark.parametrize(
    ("written", "reference", "year"),
    [
        ("Dec 31 23:59:59", "2026-01-01T00:10:00Z", 2025),
        ("Jan  1 00:00:01", "2025-12-31T23:50:00Z", 2026),
        ("Jul 14 12:00:00", "2025-07-20T00:00:00Z", 2025),
        ("Nov 14 12:00:00", "2026-02-01T00:00:00Z", 2025),
        ("Feb 29 12:00:00", "2027-01-01T00:00:00Z", 2024),
        ("Feb 29 12:00:00", "1903-01-01T00:00:00Z", 1896),
    ],
)
def test_a_date_without_a_year_is_the_latest_that_is_not_ahead(written, reference, year):
    found = timestamps.any_time(written, context(reference))
    assert found is not None
    assert (found[0].year, found[1]) == (year, YEAR)


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("2026-07-01 12:00:00", "2026-07-01T10:00:00Z"),
        ("2026-03-29 02:30:00", "2026-03-29T01:30:00Z"),
        ("2026-10-25 02:30:00", "2026-10-25T00:30:00Z"),
    ],
    ids=["summer", "the hour that is skipped", "the hour that comes twice"],
)
def test_a_time_without_a_zone_is_in_the_sources(written, time):
    found = timestamps.iso(written, context(zone="Europe/Berlin"))
    assert found == (datetime.fromisoformat(time), ZONE)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "x",
        "2026-02-30T00:00:00Z",
        "Foo  1 04:12:09",
        "99/Mar/2026:04:12:09 +0000",
        "9" * 400,
        "1_772_338_329",
        "1772338329.-5",
        "0001-01-01T00:00:00+14:00",
        0,
        -5,
        10**30,
        float("nan"),
        float("inf"),
        True,
        None,
        [],
    ],
)
def test_what_is_no_time_is_none(written):
    assert timestamps.any_time(written, context()) is None


@given(st.datetimes(NAIVE.replace(year=1980), NAIVE.replace(year=2200)))
def test_an_iso_time_comes_back_as_it_went(moment):
    aware = moment.replace(tzinfo=UTC)
    assert timestamps.iso(aware.isoformat(), context()) == (aware, EXACT)


@settings(max_examples=60)
@given(
    st.datetimes(NAIVE.replace(year=1990), NAIVE.replace(year=2090)),
    st.integers(-86_000, 364 * 86_400 - 1),
)
@example(datetime.fromisoformat("2025-12-31T23:59:59"), 2)
@example(datetime.fromisoformat("2026-01-01T00:00:01"), -2)
@example(datetime.fromisoformat("2024-02-29T12:00:00"), 300 * 86_400)
def test_a_time_read_up_to_a_year_later_or_a_day_ahead_gets_its_year(moment, age):
    aware = moment.replace(tzinfo=UTC, microsecond=0)
    reference = aware + timedelta(seconds=age)
    found = timestamps.without_year(
        aware.strftime("%b %d %H:%M:%S"), context(reference.isoformat())
    )
    assert found == (aware, YEAR)


@settings(max_examples=60)
@given(
    st.datetimes(NAIVE.replace(year=1990), NAIVE.replace(year=2037)),
    st.sampled_from(("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")),
)
def test_a_wall_clock_time_comes_back_in_its_zone_or_moves_past_the_gap(moment, zone):
    found = timestamps.iso(moment.isoformat(" "), context(zone=zone))
    assert found is not None
    assert found[1] is ZONE
    back = found[0].astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    # In spring a clock jumps forward: a time that it jumps over is that much later.
    assert back == moment or timedelta() < back - moment <= timedelta(hours=1)


@pytest.mark.parametrize(("name", "hour"), [("CEST", 0), ("CET", 1)])
def test_a_named_zone_tells_which_of_two_equal_hours_it_is(name, hour):
    found = timestamps.any_time(f"2026-10-25 02:30:00 {name}", context(zone="Europe/Berlin"))
    assert found == (datetime(2026, 10, 25, hour, 30, tzinfo=UTC), EXACT)


def test_a_name_the_sources_own_zone_has_is_that_zone():
    found = timestamps.any_time("2026-03-01 12:00:00 CST", context(zone="Asia/Shanghai"))
    assert found == (datetime(2026, 3, 1, 4, tzinfo=UTC), EXACT)


def test_the_hour_that_comes_twice_goes_on_from_the_line_above():
    berlin = ZoneInfo("Europe/Berlin")
    first, second = (
        datetime.fromisoformat(text) for text in ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")
    )
    above = datetime.fromisoformat("2026-10-25T00:59:59Z")
    assert timestamps.in_order(first, above, berlin) == second
    assert timestamps.in_order(first, None, berlin) == first
    assert timestamps.in_order(above, second, UTC) == above
    assert timestamps.in_order(first, first + timedelta(seconds=5), berlin) == first
    assert timestamps.in_order(first, None, berlin, second + timedelta(seconds=1)) == second
    assert timestamps.in_order(first, None, berlin, first + timedelta(seconds=1)) == first


def test_the_host_has_its_summer_times(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    assert timestamps.host_zone() == ZoneInfo("Europe/Berlin")
    monkeypatch.setenv("TZ", ":UTC")
    assert timestamps.host_zone() is UTC
    monkeypatch.setenv("TZ", "no/such")
    assert timestamps.host_zone() is not None
