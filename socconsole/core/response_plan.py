"""What a team agreed on before an incident: cadence, who is told, who does what when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from socconsole.core.lifecycle import INCIDENT
from socconsole.core.toml_table import TomlTable
from socconsole.errors import SettingsError

STALE_AFTER = timedelta(days=180)
"""A plan nobody reviewed for this long is pointed out."""


@dataclass(frozen=True, slots=True)
class Level:
    """What a severity means, and how often people are told."""

    criteria: str
    update_every: timedelta | None


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who is asked or told, and how long after declaring."""

    whom: str
    within: timedelta
    severities: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Duty:
    """What a team does in a phase."""

    phase: str
    title: str
    team: str
    mandatory: bool
    severities: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """The whole plan."""

    reviewed_on: date | None
    levels: Mapping[int, Level]
    escalation: tuple[Contact, ...]
    tell: tuple[Contact, ...]
    duties: tuple[Duty, ...]

    def is_stale(self, today: date) -> bool:
        """Tell whether nobody reviewed the plan for too long."""
        return self.reviewed_on is None or today - self.reviewed_on > STALE_AFTER

    def told(self, severity: int) -> tuple[Contact, ...]:
        """Return who must be told of an incident of this severity, soonest first."""
        chosen = [each for each in self.tell if severity in each.severities]
        return tuple(sorted(chosen, key=lambda each: each.within))

    def escalated(self, severity: int) -> tuple[Contact, ...]:
        """Return whom to ask, in order."""
        return tuple(each for each in self.escalation if severity in each.severities)

    def done(self, severity: int) -> tuple[Duty, ...]:
        """Return what is done in an incident of this severity, in the order of its phases."""
        chosen = [each for each in self.duties if severity in each.severities]
        return tuple(sorted(chosen, key=lambda each: INCIDENT.states.index(each.phase)))


_ALL = (1, 2, 3, 4, 5)


def plan_from(document: Mapping[str, object], where: str) -> ResponsePlan:
    """Return the plan a TOML document describes.

    Raises:
        SettingsError: A key is unknown, or a value is none of its kind.

    """
    said = TomlTable(document, where, ("reviewed_on", "severity", "escalation", "tell", "duty"))
    known = ("level", "criteria", "update_every")
    levels: dict[int, Level] = {}
    rows = document.get("severity", [])
    for row, table in zip(
        rows if isinstance(rows, list) else [], said.tables("severity", known), strict=True
    ):
        number = row.get("level")
        if number not in _ALL:
            raise SettingsError(f"level {number!r} is none of 1 to 5.", where=where)
        levels[number] = Level(table.needed("criteria"), table.span("update_every"))
    return ResponsePlan(
        reviewed_on=said.day("reviewed_on"),
        levels=levels,
        escalation=tuple(
            _contact(each, "after")
            for each in said.tables("escalation", ("whom", "after", "severities"))
        ),
        tell=tuple(
            _contact(each, "within")
            for each in said.tables("tell", ("whom", "within", "severities"))
        ),
        duties=tuple(
            _duty(each, where)
            for each in said.tables("duty", ("phase", "title", "team", "mandatory", "severities"))
        ),
    )


def _contact(said: TomlTable, key: str) -> Contact:
    span = said.span(key) or timedelta()
    return Contact(said.needed("whom"), span, said.numbers("severities") or _ALL)


def _duty(said: TomlTable, where: str) -> Duty:
    phase = said.one_of("phase", INCIDENT.states)
    if phase is None:
        raise SettingsError("A duty belongs to a phase.", where=where)
    return Duty(
        phase,
        said.needed("title"),
        said.word("team"),
        said.truth("mandatory"),
        said.numbers("severities") or _ALL,
    )
