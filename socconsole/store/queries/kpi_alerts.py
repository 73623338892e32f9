"""Counts, in the database, what the figures of a period say of its alerts, and lists them."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from socconsole.core.disposition import DECIDED
from socconsole.core.kpi import PRECISION, alert_ref
from socconsole.core.kpi_facts import AlertTally, Outcome, Spread
from socconsole.core.policy import SlaPolicy
from socconsole.core.severity import Severity
from socconsole.core.sla import acknowledge_within
from socconsole.store.tables import Alert
from socconsole.store.types import to_micros

_SECOND = 1_000_000
_STRETCH = timedelta(minutes=10)
_HOUR = timedelta(hours=1)

GoOn = Callable[[], None]
"""Called between two statements; raises where nobody waits for the answer any more."""


def alert_tally(
    session: Session, since: datetime, now: datetime, sla: SlaPolicy, go_on: GoOn = lambda: None
) -> AlertTally:
    """Return what the figures need to know of the alerts created in `[since, now)`.

    However many there are, what is read is a few rows for each rule and each ten minutes.
    """
    within = _within(since, now)
    one = Alert.acknowledged_at
    sums = select(
        func.count(),
        func.sum(col(Alert.count)),
        func.sum(case((_is_grouped(within), 1), else_=0)),
        func.sum(case((_is_due(now, sla), 1), else_=0)),
        func.sum(case((_is_in_time(sla), 1), else_=0)),
        func.count(func.distinct(col(Alert.acknowledged_by))),
    ).where(*within)
    number, detections, grouped, due, in_time, analysts = session.execute(sums).one()
    go_on()
    acknowledged = _spread(session, [*within, col(one).is_not(None)])
    go_on()
    outcomes = _outcomes(session, within)
    go_on()
    return AlertTally(
        number=number,
        detections=int(detections or 0),
        grouped=int(grouped or 0),
        acknowledged=acknowledged,
        outcomes=outcomes,
        due=int(due or 0),
        in_time=int(in_time or 0),
        stretches=tuple(_created_in(session, since, now, _STRETCH).values()),
        analysts=max(analysts, 1),
    )


def volume_by_hour(
    session: Session, since: datetime, now: datetime
) -> tuple[tuple[datetime, int], ...]:
    """Return (hour, alerts created) for every hour of the period, quiet ones too."""
    first = since.replace(minute=0, second=0, microsecond=0)
    counts = _created_in(session, first, now, _HOUR)
    hours = int((now - first) / _HOUR) + 1
    return tuple((first + n * _HOUR, counts.get(n, 0)) for n in range(hours))


def alerts_behind(
    session: Session,
    figure: str,
    since: datetime,
    now: datetime,
    sla: SlaPolicy,
    most: int | None = None,
) -> tuple[int, tuple[str, ...]]:
    """Return how many alerts a figure was made of, and those with the lowest numbers.

    Args:
        session: The snapshot to read.
        figure: The name of a figure that is `of_alerts`.
        since: Where the period begins.
        now: Where it ends.
        sla: The targets.
        most: List at most so many; all without it.

    """
    within = _within(since, now)
    chosen = (*within, *_behind(figure, within, now, sla))
    number = select(func.count()).select_from(Alert).where(*chosen)
    ids = select(col(Alert.id)).where(*chosen).order_by(col(Alert.id)).limit(most)
    found = tuple(alert_ref(number) for (number,) in session.execute(ids))
    full = most is not None and len(found) == most
    return session.execute(number).scalar_one() if full else len(found), found


def _within(since: datetime, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(Alert.created_at) >= since, col(Alert.created_at) < now


def _elapsed(since: datetime | object, until: object) -> ColumnElement[int]:
    """Return the microseconds between two moments, of a row or given."""
    begun = literal(to_micros(since)) if isinstance(since, datetime) else _micros_of(since)
    return _micros_of(until) - begun


def _micros_of(moment: object) -> ColumnElement[int]:
    return type_coerce(moment, BigInteger)


def _is_grouped(within: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Tell which are in a group of two or more, of whatever period the others are."""
    of_period, members = select(col(Alert.group_id)).where(*within), aliased(Alert)
    groups = (
        select(col(members.group_id))
        .where(col(members.group_id).is_not(None), col(members.group_id).in_(of_period))
        .group_by(col(members.group_id))
        .having(func.count() > 1)
    )
    return col(Alert.group_id).in_(groups)


def _is_due(now: datetime, sla: SlaPolicy) -> ColumnElement[bool]:
    overdue = (
        and_(
            col(Alert.severity) == severity,
            col(Alert.created_at) < now - acknowledge_within(severity, sla),
        )
        for severity in Severity
    )
    return or_(
        col(Alert.acknowledged_at).is_not(None), and_(col(Alert.closed_at).is_(None), or_(*overdue))
    )


def _is_in_time(sla: SlaPolicy) -> ColumnElement[bool]:
    taken = _elapsed(col(Alert.created_at), col(Alert.acknowledged_at))
    return and_(
        col(Alert.acknowledged_at).is_not(None),
        or_(
            *(
                and_(col(Alert.severity) == each, taken <= _micros(acknowledge_within(each, sla)))
                for each in Severity
            )
        ),
    )


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _spread(session: Session, chosen: Sequence[ColumnElement[bool]]) -> Spread:
    """Return how long the chosen ones waited; skew between two clocks counts as nothing."""
    raw = _elapsed(col(Alert.created_at), col(Alert.acknowledged_at))
    taken = case((raw < 0, 0), else_=raw)
    n, total = session.execute(select(func.count(), func.sum(taken)).where(*chosen)).one()
    if not n:
        return Spread()
    low, high, late = (n - 1) // 2, n // 2, math.ceil(0.9 * n) - 1
    ordered = (
        select(taken.label("taken"), func.row_number().over(order_by=taken).label("place"))
        .where(*chosen)
        .subquery()
    )
    places = {low + 1, high + 1, late + 1}
    query = select(ordered.c.place, ordered.c.taken).where(ordered.c.place.in_(places))
    at = {place - 1: micros / _SECOND for place, micros in session.execute(query)}
    return Spread(n, int(total) / _SECOND / n, (at[low] + at[high]) / 2, at[late])


def _outcomes(session: Session, within: Sequence[ColumnElement[bool]]) -> dict[Outcome, int]:
    is_test = case((col(Alert.sub_reason) == "test", 1), else_=0)
    # Not the bare column: its index would be walked, and each row fetched from elsewhere.
    rule = func.coalesce(col(Alert.rule_id), "")
    keys = (rule, col(Alert.disposition), is_test)
    query = (
        select(*keys, func.count())
        .where(*within, col(Alert.disposition).is_not(None))
        .group_by(*keys)
        .order_by(func.min(col(Alert.id)))
    )
    return {
        Outcome(rule_id, disposition, bool(test)): n
        for rule_id, disposition, test, n in session.execute(query)
    }


def _created_in(
    session: Session, since: datetime, now: datetime, width: timedelta
) -> dict[int, int]:
    """Return how many alerts were created in each stretch of `width` that had any."""
    place = (_elapsed(since, col(Alert.created_at)) // literal(_micros(width), BigInteger)).label(
        "place"
    )
    query = select(place, func.count()).where(*_within(since, now)).group_by(place)
    return {int(at): n for at, n in session.execute(query)}


def _behind(
    figure: str, within: Sequence[ColumnElement[bool]], now: datetime, sla: SlaPolicy
) -> tuple[ColumnElement[bool], ...]:
    disposition = col(Alert.disposition)
    decided = and_(disposition.in_(DECIDED), col(Alert.sub_reason).is_distinct_from("test"))
    true = and_(decided, disposition == "true_positive")
    if figure.startswith(PRECISION):
        return true, col(Alert.rule_id) == figure.removeprefix(PRECISION)
    conditions: dict[str, ColumnElement[bool]] = {
        "mtta": col(Alert.acknowledged_at).is_not(None),
        "noise_ratio": and_(decided, disposition != "true_positive"),
        "undetermined": disposition == "undetermined",
        "rule_precision": true,
        "dedupe": col(Alert.count) > 1,
        "correlation_rate": _is_grouped(within),
        "sla_acknowledge": and_(_is_due(now, sla), ~_is_in_time(sla)),
    }
    return (conditions[figure],) if figure in conditions else ()
