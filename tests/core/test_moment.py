from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from socconsole.core.moment import moment, past_moment
from socconsole.errors import UsageError

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "after_noon"),
    [
        ("now", timedelta()),
        ("2h", timedelta(hours=2)),
        ("1h30m", timedelta(minutes=90)),
        ("-15m", timedelta(minutes=-15)),
        ("15m ago", timedelta(minutes=-15)),
        ("14:30", timedelta(hours=1, minutes=30)),
        ("9:00", timedelta(hours=20)),
        ("14:30Z", timedelta(hours=2, minutes=30)),
        ("9:00:30z", timedelta(hours=21, seconds=30)),
        ("14:30+02", timedelta(minutes=30)),
        ("2026-01-05 14:00", timedelta(hours=1)),
        ("2026-01-05T14:00Z", timedelta(hours=2)),
        ("2026-01-05T14:00:00+01:00", timedelta(hours=1)),
    ],
)
def test_people_write_moments_in_many_ways(text, after_noon):
    assert moment(text, now=NOON, zone=BERLIN) == NOON + after_noon


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-13-01", "h"])
def test_what_is_no_time_is_refused_with_examples(text):
    with pytest.raises(UsageError, match="no time"):
        moment(text, now=NOON)


def test_what_happened_lies_behind():
    assert past_moment("2h", now=NOON) == NOON - timedelta(hours=2)
    assert past_moment("14:30", now=NOON) == NOON - timedelta(hours=21, minutes=30)
    assert past_moment("11:30", now=NOON) == NOON - timedelta(minutes=30)
    assert past_moment("12:40:00+00:30", now=NOON) == NOON - timedelta(hours=23, minutes=50)
    assert past_moment("2026-01-04T00:00Z", now=NOON) == NOON - timedelta(hours=36)
