"""What a source may say nothing for is learned from how long it usually says nothing."""

from datetime import timedelta

from socconsole.core.silence import SHORTEST, Gaps

MINUTE = timedelta(minutes=1)


def learned(*gaps: timedelta) -> Gaps:
    found = Gaps()
    for gap in gaps:
        found.add(gap)
    return found


def test_too_few_gaps_say_nothing():
    assert learned(*[MINUTE] * 99).limit() is None


def test_three_times_the_usual_gap_is_too_long():
    """A rare longer one does not count; counts are a quarter coarse."""
    gaps = learned(*[20 * MINUTE] * 199, timedelta(days=2))
    assert 60 * MINUTE <= gaps.limit() <= 75 * MINUTE
    assert Gaps(gaps.document()).limit() == gaps.limit()


def test_a_busy_source_may_still_rest():
    assert learned(*[timedelta(seconds=1)] * 500).limit() == SHORTEST


def test_a_new_habit_replaces_an_old_one():
    gaps = learned(*[60 * MINUTE] * 6_000)
    for _ in range(50_000):
        gaps.add(2 * MINUTE)
    assert gaps.limit() == SHORTEST
