"""How soon we act on a ticket: the impact × urgency grid."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from socconsole.core.policy import PriorityPolicy
from socconsole.core.severity import Severity
from socconsole.errors import SettingsError


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

    @property
    def number(self) -> int:
        """1..4, as it is stored and sorted."""
        return int(self.value[1])

    @classmethod
    def from_number(cls, number: int) -> "Priority":
        """Return the priority stored as `number`."""
        return cls(f"P{number}")


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


def grid_of(policy: PriorityPolicy) -> Grid:
    """Return the team's grid.

    Raises:
        SettingsError: A row has not three cells, or a cell is no priority.

    """
    rows = {
        Level.HIGH: policy.high_impact,
        Level.MEDIUM: policy.medium_impact,
        Level.LOW: policy.low_impact,
    }
    return MappingProxyType(
        {
            (impact, urgency): cell
            for impact, names in rows.items()
            for urgency, cell in zip(_ACROSS, _row(impact, names), strict=True)
        }
    )


_ACROSS = (Level.HIGH, Level.MEDIUM, Level.LOW)


def _row(impact: Level, names: tuple[str, ...]) -> list[Priority]:
    known = list(Priority)
    if len(names) != len(_ACROSS) or any(name not in known for name in names):
        raise SettingsError(
            f"[priority] {impact.value}_impact is {list(names)}.",
            hint="It takes three of P1, P2, P3 and P4: for high, medium and low urgency.",
        )
    return [Priority(name) for name in names]


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
    lines = ["impact\\urgency" + "".join(f"{urgency.value:>9}" for urgency in _ACROSS)]
    for impact in _ACROSS:
        cells = (
            f"[{grid[impact, urgency]}]" if chosen == (impact, urgency) else grid[impact, urgency]
            for urgency in _ACROSS
        )
        lines.append(f"{impact.value:<14}" + "".join(f"{cell:>9}" for cell in cells))
    return tuple(lines)
