"""How soon we act on a ticket: the impact × urgency grid."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from socconsole.core.severity import Severity


class Level(StrEnum):
    """A step of impact or of urgency."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Priority(StrEnum):
    """How soon we act; P1 first."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


Grid: TypeAlias = Mapping[tuple[Level, Level], Priority]
"""(impact, urgency) → priority; every pair is there."""

DEFAULT_GRID: Grid = MappingProxyType(
    {
        (Level.HIGH, Level.HIGH): Priority.P1,
        (Level.HIGH, Level.MEDIUM): Priority.P2,
        (Level.HIGH, Level.LOW): Priority.P3,
        (Level.MEDIUM, Level.HIGH): Priority.P2,
        (Level.MEDIUM, Level.MEDIUM): Priority.P3,
        (Level.MEDIUM, Level.LOW): Priority.P4,
        (Level.LOW, Level.HIGH): Priority.P3,
        (Level.LOW, Level.MEDIUM): Priority.P4,
        (Level.LOW, Level.LOW): Priority.P4,
    }
)


def priority(impact: Level, urgency: Level, grid: Grid = DEFAULT_GRID) -> Priority:
    """Return what the grid says for `impact` and `urgency`."""
    return grid[impact, urgency]


def grid_from_names(table: Mapping[str, Mapping[str, str]]) -> Grid:
    """Return the default grid overlaid with `table[impact][urgency]`.

    Raises:
        ValueError: A level or a priority is none we know.

    """
    grid = dict(DEFAULT_GRID)
    for impact, row in table.items():
        for urgency, name in row.items():
            grid[Level(impact), Level(urgency)] = Priority(name)
    return MappingProxyType(grid)


def suggested_urgency(severity: Severity) -> Level:
    """Return how urgent the worst alert makes a ticket."""
    if severity >= Severity.HIGH:
        return Level.HIGH
    return Level.MEDIUM if severity == Severity.MEDIUM else Level.LOW


def suggested_impact(criticality: str | None) -> Level:
    """Return the impact an asset's criticality suggests; an unknown asset counts as medium."""
    if criticality in {"high", "critical"}:
        return Level.HIGH
    return Level.LOW if criticality == "low" else Level.MEDIUM


def grid_lines(
    grid: Grid = DEFAULT_GRID, chosen: tuple[Level, Level] | None = None
) -> tuple[str, ...]:
    """Draw the grid for a terminal, impact down and urgency across; `chosen` stands in brackets."""
    across = (Level.HIGH, Level.MEDIUM, Level.LOW)
    lines = ["impact\\urgency" + "".join(f"{urgency.value:>9}" for urgency in across)]
    for impact in across:
        cells = (
            f"[{grid[impact, urgency]}]" if chosen == (impact, urgency) else grid[impact, urgency]
            for urgency in across
        )
        lines.append(f"{impact.value:<14}" + "".join(f"{cell:>9}" for cell in cells))
    return tuple(lines)
