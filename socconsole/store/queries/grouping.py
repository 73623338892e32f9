"""How alerts spread over the values of a field, and which values there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, select
from sqlmodel import Session

from socconsole.core.severity import Severity
from socconsole.errors import UsageError
from socconsole.store.queries.queue import QueueQuery, where
from socconsole.store.tables import METADATA

_ALERT = METADATA.tables["alert"]
_SOURCE = METADATA.tables["source"]
_TICKET = METADATA.tables["ticket"]

GROUPED_BY: Mapping[str, ColumnElement[Any]] = {
    "severity": _ALERT.c.severity,
    "status": _ALERT.c.status,
    "disposition": _ALERT.c.disposition,
    "rule": _ALERT.c.title,
    "host": _ALERT.c.host,
    "user": _ALERT.c.username,
    "source_ip": _ALERT.c.source_ip,
    "source": _SOURCE.c.name,
    "category": _ALERT.c.category,
    "assignee": _ALERT.c.assignee,
    "ticket": _TICKET.c.human_id,
}
"""Fields that alerts can be grouped by."""


@dataclass(frozen=True, slots=True)
class Facet:
    """A value and how many alerts have it."""

    value: str | None
    """As a filter writes it; None: they have none."""
    count: int
    worst: Severity


def facets(
    session: Session, query: QueueQuery, field: str, *, limit: int = 50
) -> tuple[Facet, ...]:
    """Return the values of `field` among what the query finds, most frequent first."""
    column = _column(field)
    counted = func.count().label("alerts")
    worst = func.max(_ALERT.c.severity, type_=_ALERT.c.severity.type)
    statement = (
        select(column, counted, worst)
        .select_from(_from(field))
        .where(where(session, query))
        .group_by(column)
        .order_by(counted.desc(), column)
        .limit(limit)
    )
    return tuple(
        Facet(_word(value), count, severity)
        for value, count, severity in session.connection().execute(statement)
    )


def known_values(
    session: Session, field: str, *, typed: str = "", limit: int = 20, newest: int = 20_000
) -> tuple[str, ...]:
    """Return real values of `field` that begin with `typed`, most frequent first.

    Only the `newest` alerts are looked at, so that completion answers at once.
    """
    column = _column(field)
    floor = select(func.max(_ALERT.c.id) - newest).scalar_subquery()
    statement = (
        select(column)
        .select_from(_from(field))
        .where(_ALERT.c.id > func.coalesce(floor, 0), column.is_not(None))
        .group_by(column)
        .order_by(func.count().desc(), column)
        .limit(limit)
    )
    if typed and field != "severity":
        statement = statement.where(func.lower(column).startswith(typed.lower(), autoescape=True))
    values = session.connection().execute(statement).scalars()
    return tuple(word for word in map(_word, values) if word is not None)


def _column(field: str) -> ColumnElement[Any]:
    column = GROUPED_BY.get(field)
    if column is None:
        known = ", ".join(GROUPED_BY)
        raise UsageError(f"Alerts cannot be grouped by {field!r}.", hint=f"Use one of {known}.")
    return column


def _from(field: str) -> FromClause:
    if field == "source":
        return _ALERT.outerjoin(_SOURCE, _SOURCE.c.id == _ALERT.c.source_id)
    if field == "ticket":
        return _ALERT.outerjoin(_TICKET, _TICKET.c.id == _ALERT.c.ticket_id)
    return _ALERT


def _word(value: object) -> str | None:
    if isinstance(value, Severity):
        return value.label
    return None if value is None else str(value)
