from datetime import UTC, datetime, timedelta

from socconsole.core.policy import ShiftPolicy
from socconsole.core.shift import next_shift, shift_at

BERLIN = ShiftPolicy(timezone="Europe/Berlin")


def test_a_shift_runs_from_one_start_to_the_next():
    shift = shift_at(datetime(2026, 1, 5, 13, 30, tzinfo=UTC), BERLIN)
    assert shift.start == datetime(2026, 1, 5, 13, tzinfo=UTC)
    assert shift.end == datetime(2026, 1, 5, 21, tzinfo=UTC)
    assert shift.name == "14:00–22:00"


def test_the_start_belongs_to_the_shift_and_the_end_to_the_next():
    start = datetime(2026, 1, 5, 13, tzinfo=UTC)
    assert shift_at(start, BERLIN).start == start
    assert next_shift(start, BERLIN).start == shift_at(start, BERLIN).end


def test_the_night_shift_crosses_midnight():
    shift = shift_at(datetime(2026, 1, 6, 1, tzinfo=UTC), BERLIN)
    assert shift.name == "22:00–06:00"
    assert shift.end == datetime(2026, 1, 6, 5, tzinfo=UTC)


def test_the_night_of_summer_time_is_an_hour_shorter():
    shift = shift_at(datetime(2026, 3, 28, 23, tzinfo=UTC), BERLIN)
    assert shift.end - shift.start == timedelta(hours=7)
