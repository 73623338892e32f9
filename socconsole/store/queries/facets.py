"""How many open alerts there are of each status, severity, source, assignee and rule."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from socconsole.store.ddl import FACETS


def open_counts(session: Session, *facets: str) -> Mapping[str, Mapping[str, int]]:
    """Return facet → value → number of open alerts; values are text, nobody is ''.

    SQLite keeps the numbers by triggers. On a server writers would queue for the same few rows,
    so there they are counted, those of the named `facets` only.
    """
    connection = session.connection()
    counts: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT facet, value, n FROM alert_facet WHERE n > 0"))
        for facet, value, number in rows:
            counts[facet][value] = number
        return counts
    asked = facets or tuple(FACETS)
    few = tuple(facet for facet in asked if facet in _FEW_VALUES)
    for together in filter(None, (few, *((facet,) for facet in asked if facet not in few))):
        for *values, number in _counted(session, together):
            for facet, value in zip(together, values, strict=True):
                name = "" if value is None else str(value)
                counts[facet][name] = counts[facet].get(name, 0) + number
    return counts


_FEW_VALUES = ("status", "severity", "assignee")
"""Facets that a server counts at once: together they have some hundred values at most."""


def _counted(session: Session, facets: Sequence[str]) -> Sequence[Sequence[Any]]:
    """Return how many open alerts there are of each values, read out of an index alone."""
    columns = ", ".join(FACETS[facet] for facet in facets)
    sql = f"SELECT {columns}, count(*) FROM alert WHERE is_open GROUP BY {columns}"
    return session.connection().execute(text(sql)).all()


def open_count(session: Session, facet: str, value: str) -> int:
    """Return how many open alerts SQLite has counted for one value of a facet."""
    asked = text("SELECT n FROM alert_facet WHERE facet = :facet AND value = :value")
    return session.connection().execute(asked, {"facet": facet, "value": value}).scalar() or 0
