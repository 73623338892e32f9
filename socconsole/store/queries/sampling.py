"""Finds a page in an order whose index has little else, without fetching every open alert.

The titles, the times of creation and those last seen stand in indexes of their own. A filter on
anything else would fetch alert by alert until a page is full; the index of the queue tells soon
which alerts meet it, or that many do. A server's planner needs no such help.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, true, tuple_
from sqlmodel import Session

from socconsole.core.filter_tree import Comparison, Contains, Filter
from socconsole.store.tables import METADATA

_ALERT = METADATA.tables["alert"]
_FEW = 2_000
"""Up to so many alerts are fetched by id."""
_ELSEWHERE = ("ticket", "age", "created", "last_seen", "disposition", "reason")
"""Fields that the index of the queue does not have."""


@dataclass(frozen=True, slots=True)
class Order:
    """In which order a page is asked for, and after which place."""

    column: ColumnElement[Any]
    descending: bool
    after: tuple[Any, int] | None
    limit: int

    def beyond(self, end: tuple[Any, int]) -> ColumnElement[bool]:
        """Return the condition to stand after a place."""
        here, there = self._places(end)
        found: ColumnElement[bool] = here < there if self.descending else here > there
        return found

    def up_to(self, end: tuple[Any, int]) -> ColumnElement[bool]:
        """Return the condition not to stand after a place."""
        here, there = self._places(end)
        found: ColumnElement[bool] = here >= there if self.descending else here <= there
        return found

    def sorted(self, statement: Select[Any]) -> Select[Any]:
        """Return the statement in this order."""
        if self.descending:
            return statement.order_by(self.column.desc(), _ALERT.c.id.desc())
        return statement.order_by(self.column, _ALERT.c.id)

    def _places(self, end: tuple[Any, int]) -> tuple[Any, Any]:
        there = literal(end[0], self.column.type), literal(end[1], _ALERT.c.id.type)
        return tuple_(self.column, _ALERT.c.id), tuple_(*there)


def helps(filter_: Filter) -> bool:
    """Tell whether the index of the queue has all that the filter asks about."""
    terms = list(filter_.terms())
    return bool(terms) and not any(
        isinstance(term, Contains)  # of which the index of words knows
        or (isinstance(term, Comparison) and term.field.name in _ELSEWHERE)
        for term in terms
    )


def bound(
    session: Session, matching: ColumnElement[bool], order: Order, *, walks: bool
) -> ColumnElement[bool]:
    """Return a condition that every alert of the page meets.

    Args:
        session: The snapshot to read.
        matching: What the filter means, for open alerts.
        order: The page that is asked for.
        walks: An index has this order, so that a page of what is frequent is full soon.

    """
    connection = session.connection()
    sample = (
        select(_ALERT.c.id)
        .where(matching)
        .order_by(_ALERT.c.rank.desc(), _ALERT.c.id.desc())
        .limit(_FEW + 1)
    )
    ids = list(connection.execute(sample).scalars())
    if len(ids) <= _FEW:
        return _ALERT.c.id.in_(ids)
    if walks:
        return true()
    # Where these few end the page, all others do not end it later.
    seen = select(order.column, _ALERT.c.id).where(_ALERT.c.id.in_(ids))
    if order.after is not None:
        seen = seen.where(order.beyond(order.after))
    last = connection.execute(order.sorted(seen).offset(order.limit - 1).limit(1)).one_or_none()
    return true() if last is None else order.up_to((last[0], last[1]))
