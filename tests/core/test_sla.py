from datetime import UTC, datetime, timedelta

import pytest

from socconsole.core.policy import SlaPolicy
from socconsole.core.priority import Priority
from socconsole.core.severity import Severity
from socconsole.core.sla import Clock, Pause, acknowledge_within, in_words, target_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_clock_without_pauses_runs():
    clock = Clock(NOON, 4 * HOUR)
    assert clock.left(NOON + HOUR) == 3 * HOUR


def test_waiting_stops_it():
    clock = Clock(NOON, 4 * HOUR, (Pause(NOON + HOUR, NOON + 3 * HOUR),))
    assert clock.used(NOON + 5 * HOUR) == 3 * HOUR


def test_an_open_pause_stops_the_clock():
    clock = Clock(NOON, HOUR, (Pause(NOON + HOUR / 2, None),))
    assert clock.left(NOON + 100 * HOUR) == HOUR / 2


def test_overlapping_pauses_count_once():
    clock = Clock(NOON, HOUR, (Pause(NOON, NOON + 2 * HOUR), Pause(NOON + HOUR, NOON + 3 * HOUR)))
    assert clock.paused(NOON + 4 * HOUR) == 3 * HOUR


def test_a_pause_before_the_start_or_after_the_stop_does_not_count():
    pauses = (Pause(NOON - HOUR, NOON), Pause(NOON + 2 * HOUR, None))
    clock = Clock(NOON, 3 * HOUR, pauses, stopped_at=NOON + HOUR)
    assert clock.paused(NOON + 9 * HOUR) == timedelta()
    assert clock.left(NOON + 9 * HOUR) == 2 * HOUR


def test_stopping_late_is_a_miss_for_ever():
    clock = Clock(NOON, HOUR, stopped_at=NOON + 2 * HOUR)
    assert clock.left(NOON + 3 * HOUR) == -HOUR


def test_reaching_the_target_to_the_microsecond_is_not_a_miss():
    assert Clock(NOON, HOUR, stopped_at=NOON + HOUR).left(NOON + 9 * HOUR) == timedelta()


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(minutes=12), "12m"),
        (timedelta(minutes=-12), "-12m"),
        (timedelta(hours=3, minutes=5), "3h 05m"),
        (timedelta(days=2, hours=4, minutes=59), "2d 4h"),
    ],
)
def test_a_span_reads_as_words(span, words):
    assert in_words(span) == words


def test_targets_come_from_the_settings():
    policy = SlaPolicy()
    assert target_of(Priority.P1, policy).respond == timedelta(minutes=15)
    assert target_of(Priority.P4, policy).resolve == timedelta(days=10)
    assert acknowledge_within(Severity.HIGH, policy) == HOUR
