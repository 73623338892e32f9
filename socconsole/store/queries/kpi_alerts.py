"""Counts, in the database, what the figures of a period say of its alerts, and lists them."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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
    counted, waited, stretches = _Counted(), _Waited(), Counter[int]()
    for begin, end in _slices(session, since, now):
        within = _within(begin, end)
        counted.add(session, within, now, sla)
        go_on()
        waited.add(session, within)
        stretches.update(_created_in(session, since, within, _STRETCH))
        go_on()
    return AlertTally(
        **counted.total,
        acknowledged=waited.spread(session, _within(since, now)),
        outcomes=counted.outcomes,
        stretches=tuple(stretches.values()),
        analysts=max(len(counted.analysts), 1),
    )


_AT_ONCE = 50_000


def _slices(
    session: Session, since: datetime, now: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the period in spans of some ten thousand alerts: what sorts them takes memory."""
    created, begin = col(Alert.created_at), since
    while True:
        query = select(created).where(created >= begin, created < now).order_by(created)
        end = session.execute(query.offset(_AT_ONCE).limit(1)).scalar()
        if end is None:
            break
        end = max(end, begin + timedelta(microseconds=1))
        yield begin, end
        begin = end
    yield begin, now


class _Counted:
    """What is counted of the alerts of one slice after the other."""

    def __init__(self) -> None:
        self.total = dict.fromkeys(("number", "detections", "grouped", "due", "in_time"), 0)
        self.outcomes: Counter[Outcome] = Counter()
        self.analysts: set[str] = set()

    def add(
        self,
        session: Session,
        within: Sequence[ColumnElement[bool]],
        now: datetime,
        sla: SlaPolicy,
    ) -> None:
        """Count the alerts of a slice of the period."""
        # Not the bare column: its index would be walked, and each row fetched from elsewhere.
        rule = func.coalesce(col(Alert.rule_id), "").label("rule")
        is_test = case((col(Alert.sub_reason) == "test", 1), else_=0).label("is_test")
        keys = (rule, col(Alert.disposition), is_test, col(Alert.acknowledged_by))
        query = (
            select(
                *keys,
                func.count(),
                func.sum(col(Alert.count)),
                func.sum(case((_is_grouped(within), 1), else_=0)),
                func.sum(case((_is_due(now, sla), 1), else_=0)),
                func.sum(case((_is_in_time(sla), 1), else_=0)),
            )
            .where(*within)
            .group_by(*keys)
            .order_by(func.min(col(Alert.created_at)))
        )
        for rule_id, disposition, test, who, *counts in session.execute(query):
            for name, count in zip(self.total, counts, strict=True):
                self.total[name] += int(count)
            if disposition is not None:
                self.outcomes[Outcome(rule_id, disposition, bool(test))] += counts[0]
            if who is not None:
                self.analysts.add(who)


def volume_by_hour(
    session: Session, since: datetime, now: datetime
) -> tuple[tuple[datetime, int], ...]:
    """Return (hour, alerts created) for every hour of the period, quiet ones too."""
    first = since.replace(minute=0, second=0, microsecond=0)
    counts: Counter[int] = Counter()
    for begin, end in _slices(session, first, now):
        counts.update(_created_in(session, first, _within(begin, end), _HOUR))
    hours = int((now - first) / _HOUR) + 1
    return tuple((first + n * _HOUR, counts[n]) for n in range(hours))


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


_TAKEN = case(
    (_elapsed(col(Alert.created_at), col(Alert.acknowledged_at)) < 0, literal(0, BigInteger)),
    else_=_elapsed(col(Alert.created_at), col(Alert.acknowledged_at)),
)
"""How long an alert waited for a person; skew between two clocks counts as nothing."""


class _Waited:
    """How many alerts waited how many whole seconds: enough to find a percentile by."""

    def __init__(self) -> None:
        self._seconds: Counter[int] = Counter()
        self._micros = 0

    def add(self, session: Session, within: Sequence[ColumnElement[bool]]) -> None:
        """Count the alerts of a slice of the period."""
        second = (_TAKEN // literal(_SECOND, BigInteger)).label("second")
        query = select(second, func.count(), func.sum(_TAKEN)).where(*_answered(within))
        for at, n, micros in session.execute(query.group_by(second)):
            self._seconds[int(at)] += n
            self._micros += int(micros)

    def spread(self, session: Session, within: Sequence[ColumnElement[bool]]) -> Spread:
        """Return the figures of all that was counted."""
        n = self._seconds.total()
        if not n:
            return Spread()
        low, high, late = (
            self._at(session, within, place)
            for place in ((n - 1) // 2, n // 2, math.ceil(0.9 * n) - 1)
        )
        return Spread(n, self._micros / _SECOND / n, (low + high) / 2, late)

    def _at(self, session: Session, within: Sequence[ColumnElement[bool]], place: int) -> float:
        """Return the seconds of who is at `place` when all stand in order."""
        for second in sorted(self._seconds):
            if place < self._seconds[second]:
                break
            place -= self._seconds[second]
        taken = _TAKEN.label("taken")
        of_second = (second * _SECOND <= _TAKEN, (second + 1) * _SECOND > _TAKEN)
        query = select(taken, func.count()).where(*_answered(within), *of_second)
        for micros, n in session.execute(query.group_by(taken).order_by(taken)):
            if place < n:
                return int(micros) / _SECOND
            place -= n
        raise AssertionError("what was counted is there")


def _answered(within: Sequence[ColumnElement[bool]]) -> tuple[ColumnElement[bool], ...]:
    return (*within, col(Alert.acknowledged_at).is_not(None))


def _created_in(
    session: Session, since: datetime, within: Sequence[ColumnElement[bool]], width: timedelta
) -> dict[int, int]:
    """Return how many alerts were created in each stretch of `width` from `since` that had any."""
    place = (_elapsed(since, col(Alert.created_at)) // literal(_micros(width), BigInteger)).label(
        "place"
    )
    query = select(place, func.count()).where(*within).group_by(place)
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
