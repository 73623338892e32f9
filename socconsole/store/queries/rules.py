"""What the rules have found so far."""

from typing import NamedTuple

from sqlalchemy import func
from sqlmodel import Session, col, select

from socconsole.store.tables import DetectionCount, RuleRecord


class FiredRule(NamedTuple):
    """A rule that has fired, whether it is still loaded or not."""

    id: str
    tags: tuple[str, ...]
    detections: int


def fired_rules(session: Session) -> tuple[FiredRule, ...]:
    """Return every rule that has fired."""
    total = func.sum(col(DetectionCount.detections))
    counts = session.exec(
        select(DetectionCount.rule_id, total).group_by(col(DetectionCount.rule_id))
    )
    fired = {rule_id: int(number) for rule_id, number in counts if number}
    known = {row.id: tuple(row.tags) for row in session.exec(select(RuleRecord))}
    return tuple(FiredRule(key, known.get(key, ()), number) for key, number in fired.items())
