"""The rules as the collector last loaded them, with what became of their alerts."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from socconsole.core.disposition import DECIDED
from socconsole.core.severity import Severity
from socconsole.store.tables import (
    Alert,
    DetectionCount,
    MatcherState,
    RefusedRule,
    RuleRecord,
    table_of,
)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as a list shows it."""

    id: str
    title: str
    severity: Severity
    status: str
    enabled: bool
    author: str | None
    description: str
    body: str
    """The rule's text."""
    tags: tuple[str, ...]
    references: tuple[str, ...]
    false_positives: tuple[str, ...]
    runbook: str | None
    path: str
    loaded_at: datetime
    detections: int
    last_detection_at: datetime | None
    open: int
    """Alerts of it that are open."""
    true_positives: int
    decided: int
    """Alerts people closed as true, benign or false positive, tests left out."""
    remark: str
    """What its windows lost, and whether it is spared long values; empty: nothing of that."""


def rules(session: Session) -> tuple[RuleRow, ...]:
    """Return every rule, the one that fired most first."""
    ended = _by_disposition(session)
    counted = (
        select(col(Alert.rule_id), func.count())
        .where(col(Alert.is_open))
        .group_by(col(Alert.rule_id))
    )
    open_ = {rule: count for rule, count in session.execute(counted)}  # noqa: C416 rows are no pairs
    fired = _fired(session)
    remarks = rule_remarks(session)
    rows = [
        RuleRow(
            id=row.id,
            title=row.title,
            severity=row.severity,
            status=row.status,
            enabled=row.enabled,
            author=row.author,
            description=row.description,
            body=row.body,
            tags=tuple(row.tags),
            references=tuple(row.references),
            false_positives=tuple(row.false_positives),
            runbook=row.runbook,
            path=row.path,
            loaded_at=row.loaded_at,
            detections=fired.get(row.id, (0, None))[0],
            last_detection_at=fired.get(row.id, (0, None))[1],
            open=open_.get(row.id, 0),
            true_positives=ended[row.id, "true_positive"],
            decided=sum(ended[row.id, name] for name in DECIDED),
            remark=remarks.get(row.id, ""),
        )
        for row in session.scalars(select(RuleRecord))
    ]
    return tuple(sorted(rows, key=lambda row: (-row.detections, row.title)))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule or a rule file that could not be loaded."""

    place: str
    """`file:line`."""
    what: str
    hint: str


def refusals(session: Session) -> tuple[Refusal, ...]:
    """Return what could not be loaded, in the order of the files."""
    found = session.scalars(select(RefusedRule).order_by(col(RefusedRule.id)))
    return tuple(Refusal(row.place, row.what, row.hint) for row in found)


def rule_remarks(session: Session) -> dict[str, str]:
    """Return rule → what the collectors say of it: what was lost, what it is spared."""
    found: dict[str, str] = {}
    for kept in session.scalars(select(col(MatcherState.remarks))):
        for rule, remark in kept.items():
            found[rule] = "; ".join(filter(None, (found.get(rule), remark)))
    return found


def _fired(session: Session) -> dict[str, tuple[int, datetime | None]]:
    """Return rule → how often it fired, and in which hour last."""
    hour = table_of(DetectionCount).c.hour
    query = select(
        col(DetectionCount.rule_id),
        func.sum(DetectionCount.detections),
        func.max(hour, type_=hour.type),
    ).group_by(col(DetectionCount.rule_id))
    return {rule: (int(count), last) for rule, count, last in session.execute(query)}


_AT_ONCE = 100_000


def _by_disposition(session: Session) -> Counter[tuple[str, str]]:
    """Return how many alerts of each rule people closed as what.

    Their numbers are gone through in portions: what sorts them into rules takes memory. The rule
    is no bare column: its index would be walked, and each row be fetched from elsewhere.
    """
    number, rule = col(Alert.id), func.coalesce(col(Alert.rule_id), "")
    last = session.execute(select(func.max(number))).scalar() or 0
    found: Counter[tuple[str, str]] = Counter()
    for first in range(1, last + 1, _AT_ONCE):
        query = (
            select(rule, col(Alert.disposition), func.count())
            .where(
                number.between(first, first + _AT_ONCE - 1),
                col(Alert.disposition).in_(DECIDED),
                col(Alert.sub_reason).is_distinct_from("test"),
            )
            .group_by(rule, col(Alert.disposition))
        )
        found.update({(rule_id, name): n for rule_id, name, n in session.execute(query)})
    return found
