"""How many open alerts there are of each status, severity, source, assignee and rule."""

from collections.abc import Mapping

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
    for facet in facets or FACETS:
        column = FACETS[facet]
        rows = connection.execute(
            text(
                f"SELECT coalesce(CAST({column} AS text), ''), count(*) FROM alert"
                " WHERE is_open GROUP BY 1"
            )
        )
        counts[facet] = {row[0]: row[1] for row in rows}
    return counts


def open_count(session: Session, facet: str, value: str) -> int:
    """Return how many open alerts SQLite has counted for one value of a facet."""
    asked = text("SELECT n FROM alert_facet WHERE facet = :facet AND value = :value")
    return session.connection().execute(asked, {"facet": facet, "value": value}).scalar() or 0
