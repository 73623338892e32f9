"""How much arrived in a shift and what the same hours of earlier weeks brought."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from socconsole.core.disposition import Disposition
from socconsole.core.expected import WEEKS, NoiseFacts, VolumeFacts
from socconsole.store.tables import Alert, DetectionCount, EventCount, RuleRecord, Source

_WEEK = timedelta(weeks=1)
_LONGEST = timedelta(days=1)
_MOST_RULES = 20


def volumes(session: Session, since: datetime, now: datetime) -> tuple[VolumeFacts, ...]:
    """Return the events of the whole hours since then, by source and category."""
    until = _hour(now)
    first = _hour(max(since, now - _LONGEST))
    if until <= first:
        return ()
    names = dict(session.exec(select_rows(Source.id, Source.name)).all())
    weeks = [
        _events(session, first - back * _WEEK, until - back * _WEEK) for back in range(WEEKS + 1)
    ]
    known = _weeks_known(session, first)
    keys = dict.fromkeys(key for week in weeks for key in week)
    return tuple(
        VolumeFacts(
            names.get(source_id, "?"),
            category,
            weeks[0].get((source_id, category), 0),
            tuple(week.get((source_id, category), 0) for week in weeks[1 : known + 1]),
        )
        for source_id, category in keys
    )


def _events(session: Session, since: datetime, until: datetime) -> dict[tuple[int, str], int]:
    query = (
        select(
            col(EventCount.source_id), col(EventCount.category), func.sum(col(EventCount.events))
        )
        .where(col(EventCount.hour) >= since, col(EventCount.hour) < until)
        .group_by(col(EventCount.source_id), col(EventCount.category))
    )
    return {(source_id, category): int(n) for source_id, category, n in session.execute(query)}


def _weeks_known(session: Session, first: datetime) -> int:
    """Return for how many of the weeks the record reaches back to these hours."""
    oldest = session.execute(select(func.min(col(EventCount.hour)))).scalar()
    if oldest is None:
        return 0
    return sum(1 for back in range(1, WEEKS + 1) if first - back * _WEEK >= oldest)


def expected_alerts(
    session: Session, start: datetime, end: datetime, now: datetime
) -> tuple[NoiseFacts, ...]:
    """Return the rules that raised alerts in these hours of the weeks before, most first."""
    known = _weeks_known(session, start)
    weeks = [
        dict(_alerts(session, start - back * _WEEK, end - back * _WEEK))
        for back in range(1, known + 1)
    ]
    rules = sorted({rule for week in weeks for rule in week})
    counts = {rule: tuple(week.get(rule, 0) for week in weeks) for rule in rules}
    most = sorted(rules, key=lambda rule: -sum(counts[rule]))[:_MOST_RULES]
    named = select_rows(RuleRecord.id, RuleRecord.title).where(col(RuleRecord.id).in_(most))
    titles = dict(session.exec(named).all())
    turned_out = {rule: (noise, n) for rule, noise, n in _decided(session, most, now)}
    return tuple(
        NoiseFacts(rule, titles.get(rule, rule), counts[rule], *turned_out.get(rule, (0, 0)))
        for rule in most
    )


def _alerts(session: Session, since: datetime, until: datetime) -> Iterable[tuple[str, int]]:
    query = (
        select(col(DetectionCount.rule_id), func.sum(col(DetectionCount.alerts)))
        .where(col(DetectionCount.hour) >= _hour(since), col(DetectionCount.hour) < until)
        .group_by(col(DetectionCount.rule_id))
    )
    for rule_id, alerts in session.execute(query):
        if alerts:
            yield rule_id, int(alerts)


_NOISE = (Disposition.BENIGN_POSITIVE.value, Disposition.FALSE_POSITIVE.value)
_DECIDED = (*_NOISE, Disposition.TRUE_POSITIVE.value)


def _decided(
    session: Session, rule_ids: list[str], now: datetime
) -> Iterable[tuple[str, int, int]]:
    """Yield (rule, noise, decided) of what people closed within the weeks; tests are left out."""
    query = (
        select(col(Alert.rule_id), col(Alert.disposition), func.count())
        .where(
            col(Alert.rule_id).in_(rule_ids),
            col(Alert.created_at) >= now - WEEKS * _WEEK,
            col(Alert.disposition).in_(_DECIDED),
            ~col(Alert.auto_closed),
            func.coalesce(col(Alert.sub_reason), "") != "test",
        )
        .group_by(col(Alert.rule_id), col(Alert.disposition))
    )
    found: dict[str, dict[str, int]] = {}
    for rule_id, disposition, number in session.execute(query):
        found.setdefault(rule_id, {})[disposition] = number
    for rule_id, counts in found.items():
        yield rule_id, sum(counts.get(each, 0) for each in _NOISE), sum(counts.values())


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
