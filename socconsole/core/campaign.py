"""Which alerts belong together: they share something, and no pause between them is long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

GAP = timedelta(minutes=60)
"""A longer pause on the same host, user or address begins another group."""

TACTICS = (
    "reconnaissance",
    "resource_development",
    "initial_access",
    "execution",
    "persistence",
    "privilege_escalation",
    "stealth",
    "defense_evasion",
    "defense_impairment",
    "credential_access",
    "discovery",
    "lateral_movement",
    "collection",
    "command_and_control",
    "exfiltration",
    "impact",
)
"""ATT&CK's, those of earlier versions among them, in the order of an attack."""


@dataclass(frozen=True, slots=True)
class Span:
    """An alert as a stretch of time."""

    id: int
    first: datetime
    last: datetime


def runs(spans: Iterable[Span]) -> list[frozenset[int]]:
    """Return the ids of alerts about one value, parted where the pause is longer than `GAP`."""
    found: list[set[int]] = []
    end: datetime | None = None
    for span in sorted(spans, key=lambda each: (each.first, each.id)):
        if end is None or span.first - end > GAP:
            found.append(set())
        found[-1].add(span.id)
        end = span.last if end is None else max(end, span.last)
    return [frozenset(run) for run in found]


def joined(start: int, linked: Sequence[frozenset[int]]) -> set[int]:
    """Return all that hangs together with `start` by runs that overlap."""
    members, left = {start}, list(linked)
    while touching := [run for run in left if run & members]:
        members = members.union(*touching)
        left = [run for run in left if not run <= members]
    return members


def in_order(tactics: Iterable[str]) -> tuple[str, ...]:
    """Return each tactic once, in the order of an attack; unknown ones last."""
    known = {name: place for place, name in enumerate(TACTICS)}
    return tuple(sorted(set(tactics), key=lambda name: (known.get(name, len(known)), name)))
