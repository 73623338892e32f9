"""Where the queue puts an alert, and why: a sum of few terms, each of which can be shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from socconsole.core.severity import Severity

HIGHEST = 100.0
"""No rank is higher."""

_SEVERITY_POINTS = MappingProxyType(
    {
        Severity.INFORMATIONAL: 0.0,
        Severity.LOW: 20.0,
        Severity.MEDIUM: 40.0,
        Severity.HIGH: 60.0,
        Severity.CRITICAL: 80.0,
    }
)
_CRITICALITY_POINTS = MappingProxyType({"low": -4.0, "medium": 0.0, "high": 6.0, "critical": 12.0})

AGE_STEPS: tuple[tuple[timedelta, float], ...] = (
    (timedelta(hours=8), 8.0),
    (timedelta(hours=4), 6.0),
    (timedelta(hours=1), 4.0),
    (timedelta(minutes=15), 2.0),
)
"""Age since created_at → points, oldest first. Steps, so that a stored rank is seldom rewritten."""


@dataclass(frozen=True, slots=True)
class RankTerm:
    """One reason for a rank."""

    name: str
    points: float
    text: str
    """What an analyst reads: `high`, `web-1 is critical`, `waiting 1 h or more`."""


@dataclass(frozen=True, slots=True)
class Rank:
    """A rank and the terms that add up to it."""

    score: float
    terms: tuple[RankTerm, ...]

    def document(self) -> dict[str, object]:
        """Return the terms as they are stored beside the score."""
        return {"terms": [[term.name, term.points, term.text] for term in self.terms]}


def rank(
    severity: Severity,
    *,
    created_at: datetime,
    now: datetime,
    criticality: str = "medium",
    asset: str = "",
) -> Rank:
    """Return where an alert of these facts belongs: 0 to 100, higher first."""
    terms = [severity_term(severity)]
    weight = _CRITICALITY_POINTS.get(criticality, 0.0)
    if weight:
        terms.append(RankTerm("asset", weight, f"{asset or 'the asset'} is {criticality}"))
    return summed((*terms, *_age_term(now - created_at)))


def aged(document: Mapping[str, Any], waited: timedelta) -> Rank:
    """Return a stored rank after this time of waiting."""
    kept = [term for term in stored_terms(document) if term.name != "age"]
    return summed((*kept, *_age_term(waited)))


def _age_term(waited: timedelta) -> tuple[RankTerm, ...]:
    for age, points in AGE_STEPS:
        if waited >= age:
            return (RankTerm("age", points, f"waiting {_span(age)} or more"),)
    return ()


def severity_term(severity: Severity) -> RankTerm:
    """Return what a severity is worth."""
    return RankTerm("severity", _SEVERITY_POINTS[severity], severity.label)


def summed(terms: Iterable[RankTerm]) -> Rank:
    """Return the rank that `terms` add up to."""
    kept = tuple(terms)
    return Rank(min(max(sum(term.points for term in kept), 0.0), HIGHEST), kept)


def stored_terms(document: Mapping[str, Any]) -> tuple[RankTerm, ...]:
    """Return the terms that `Rank.document` made."""
    return tuple(RankTerm(*term) for term in document.get("terms", ()))


def ranked_anew(document: Mapping[str, Any], severity: Severity) -> Rank:
    """Return a stored rank with another severity; the other terms stay as they were."""
    kept = [term for term in stored_terms(document) if term.name != "severity"]
    return summed((severity_term(severity), *kept))


def _span(age: timedelta) -> str:
    minutes = int(age.total_seconds()) // 60
    return f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"
