import pytest

from socconsole.core.policy import PriorityPolicy
from socconsole.core.priority import (
    DEFAULT_GRID,
    Level,
    Priority,
    grid_lines,
    grid_of,
    priority,
    suggested_impact,
    suggested_urgency,
)
from socconsole.core.severity import Severity
from socconsole.errors import SettingsError


def test_the_worst_of_both_is_p1_and_the_least_of_both_is_p4():
    assert priority(Level.HIGH, Level.HIGH) is Priority.P1
    assert priority(Level.LOW, Level.LOW) is Priority.P4


def test_every_pair_has_a_priority():
    assert set(DEFAULT_GRID) == {(impact, urgency) for impact in Level for urgency in Level}


def test_more_impact_or_more_urgency_never_lowers_the_priority():
    order = list(Level)
    for impact, urgency in DEFAULT_GRID:
        for step in order[order.index(impact) :]:
            assert DEFAULT_GRID[step, urgency] <= DEFAULT_GRID[impact, urgency]
        for step in order[order.index(urgency) :]:
            assert DEFAULT_GRID[impact, step] <= DEFAULT_GRID[impact, urgency]


def test_the_shipped_settings_are_the_default_grid():
    assert grid_of(PriorityPolicy()) == DEFAULT_GRID


def test_a_team_sets_its_own_rows():
    grid = grid_of(PriorityPolicy(low_impact=("P2", "P3", "P4")))
    assert priority(Level.LOW, Level.HIGH, grid) is Priority.P2


@pytest.mark.parametrize("row", [("P1", "P2"), ("P1", "P2", "P9")])
def test_a_row_that_is_no_row_is_refused(row):
    with pytest.raises(SettingsError, match="high_impact"):
        grid_of(PriorityPolicy(high_impact=row))


def test_a_priority_is_stored_as_its_number():
    assert [Priority.from_number(p.number) for p in Priority] == list(Priority)


def test_severity_and_criticality_suggest_urgency_and_impact():
    assert suggested_urgency(Severity.CRITICAL) is Level.HIGH
    assert suggested_urgency(Severity.LOW) is Level.LOW
    assert suggested_impact(None) is Level.MEDIUM
    assert suggested_impact("critical") is Level.HIGH


def test_the_grid_is_drawn_with_the_chosen_cell_in_brackets():
    lines = grid_lines(chosen=(Level.HIGH, Level.MEDIUM))
    assert lines[0].split() == ["impact\\urgency", "high", "medium", "low"]
    assert lines[1].split() == ["high", "P1", "[P2]", "P3"]
