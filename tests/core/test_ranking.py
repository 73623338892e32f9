"""A rank is the sum of terms a person can read."""

from datetime import UTC, datetime, timedelta

import pytest

from socconsole.core.ranking import rank
from socconsole.core.severity import Severity

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_rank_is_the_sum_of_its_terms():
    placed = rank(
        Severity.HIGH,
        created_at=NOW - timedelta(hours=2),
        now=NOW,
        criticality="critical",
        asset="db-1",
    )
    assert placed.score == sum(term.points for term in placed.terms) == 76
    assert [term.text for term in placed.terms] == [
        "high",
        "db-1 is critical",
        "waiting 1 h or more",
    ]


@pytest.mark.parametrize(("lower", "higher"), list(zip(Severity, list(Severity)[1:], strict=False)))
def test_a_fresh_alert_of_higher_severity_comes_before_any_age_of_the_lower(lower, higher):
    old = rank(lower, created_at=NOW - timedelta(days=9), now=NOW)
    assert rank(higher, created_at=NOW, now=NOW).score > old.score


def test_age_raises_a_rank_in_steps():
    ages = [timedelta(0), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=5)]
    scores = [rank(Severity.LOW, created_at=NOW - age, now=NOW).score for age in ages]
    assert scores == [20, 22, 24, 26]


def test_a_rank_stays_within_its_scale():
    top = rank(Severity.CRITICAL, created_at=NOW - timedelta(9), now=NOW, criticality="critical")
    low = rank(Severity.INFORMATIONAL, created_at=NOW, now=NOW, criticality="low")
    assert (top.score, low.score) == (100, 0)
