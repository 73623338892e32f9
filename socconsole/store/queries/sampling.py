"""Finds the first page of an order without sorting, or fetching, every alert that is found."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    func,
    literal,
    not_,
    select,
    true,
    tuple_,
)
from sqlmodel import Session

from socconsole.core.filter_tree import Comparison, Contains, Filter
from socconsole.core.severity import Severity
from socconsole.store.queries.facets import open_counts
from socconsole.store.queries.narrowing import NAME as _NAME
from socconsole.store.queries.narrowing import phrase_of, with_words
from socconsole.store.tables import METADATA

_ALERT = METADATA.tables["alert"]
_FEW = 2_000
"""Up to so many alerts are fetched by id."""
_SAMPLE = 20_000
_ENOUGH = 1_000
"""Of so many alerts, that many which match tell where a page will end."""
_FEW_VALUES = ("severity", "status", "assignee")
"""Orders by what is counted of the open alerts."""
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
        key = literal(end[0], self.column.type)
        if self.descending:
            return and_(self.column >= key, here >= there)  # the first alone is quicker told
        return and_(self.column <= key, here <= there)

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


def pays_on_server(filter_: Filter, sort: str) -> bool:
    """Tell whether a server finds a page sooner by a sample than without.

    What it finds by words it finds all at once; a sample would find it once more.
    """
    has_words = any(isinstance(term, Contains) for term in filter_.terms())
    return not has_words or sort in (*_FEW_VALUES, "count")


def few(session: Session, matching: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return which open alerts match where they are few; of more, a walk finds a page soon.

    Else what is rare would be fetched alert by alert in an index that has little but its order.
    """
    sample = (
        select(_ALERT.c.id)
        .where(matching)
        .order_by(_ALERT.c.rank.desc(), _ALERT.c.id.desc())
        .limit(_FEW + 1)
    )
    ids = list(session.connection().execute(sample).scalars())
    return _ALERT.c.id.in_(ids) if len(ids) <= _FEW else true()


def end_of(session: Session, order: Order) -> tuple[int, int]:
    """Return between which ids the alerts are that come first where all else is equal."""
    extreme = func.max(_ALERT.c.id) if order.descending else func.min(_ALERT.c.id)
    first = session.connection().execute(select(extreme)).scalar() or 0
    return (first - _SAMPLE, first) if order.descending else (first, first + _SAMPLE)


class End(NamedTuple):
    """Where a page ends that is made of a sample."""

    best: Any
    matched: int
    """How many of the sample do."""
    key: Any
    id: int

    def tells_enough(self, limit: int) -> bool:
        """Whether about so many match of those that few names have."""
        return self.matched * _FEW >= limit * _SAMPLE


def sampled_end(
    session: Session, matching: ColumnElement[bool], order: Order, ids: tuple[int, int]
) -> End | None:
    """Return where the page does not end later; None: too few of those with such ids match.

    What is beyond need not be tested or sorted.
    """
    number = _ALERT.c.id
    sample = select(order.column.label("key"), number).where(number.between(*ids), matching)
    if order.after is not None:
        sample = sample.where(order.beyond(order.after))
    found = (
        sample.order_by(number.desc() if order.descending else number)
        .limit(_ENOUGH)
        .with_hint(_ALERT, "NOT INDEXED", "sqlite")
        .subquery()
    )
    places = (found.c.key, found.c.id)
    best = [place.desc() for place in places] if order.descending else places
    numbered = select(func.count().over(), *places).order_by(*best).limit(order.limit)
    page = session.connection().execute(numbered).all()
    return End(page[0][1], *page[-1]) if len(page) == order.limit else None


def is_best(session: Session, end: End, order: Order, sort: str, *, is_open: bool) -> bool:
    """Tell whether all of a page have one value, and none has one that comes before.

    The page is then made of those whose id comes first.
    """
    if sort == "status" and not is_open:
        return True  # they are sorted by id alone
    if end.best != end.key:
        return False
    if sort == "severity" and end.key == (max if order.descending else min)(Severity):
        return True
    if end.key == "" and not order.descending:
        return True
    is_counted = session.connection().dialect.name == "sqlite"
    if is_counted and is_open and sort in _FEW_VALUES:
        values: Iterable[Any] = open_counts(session)[sort]
        if sort == "severity":
            values = map(int, values)
        return not any(value > end.key if order.descending else value < end.key for value in values)
    before = order.column > end.key if order.descending else order.column < end.key
    scope = _ALERT.c.is_open if is_open else not_(_ALERT.c.is_open)
    better = select(_ALERT.c.id).where(scope, before).limit(1)
    return session.connection().execute(better).first() is None


def with_first_names(session: Session, order: Order, name: str) -> ColumnElement[bool] | None:
    """Return the condition to have one of the names that come first; None: they are too many.

    Where these fill a page, nothing else is on it.
    """
    names = select(_NAME.c.value, _NAME.c.n).where(_NAME.c.field == name)
    value = _NAME.c.value
    if order.after is not None:
        start = order.after[0]
        names = names.where(value <= start if order.descending else value >= start)
    names = names.order_by(value.desc() if order.descending else value).limit(_FEW)
    phrases, alerts, last = [], 0, None
    for each, number in session.connection().execute(names):
        phrase = phrase_of(each)
        if not phrase or alerts >= _FEW:
            break
        phrases.append(phrase)
        alerts, last = alerts + number, each
    if last is None or alerts > _FEW * 3:
        return None
    query = f"{{{name}}} : ({' OR '.join(phrases)})"
    at_most = order.column >= last if order.descending else order.column <= last
    return and_(_ALERT.c.id.in_(with_words(query)), at_most)
