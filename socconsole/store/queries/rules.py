"""What the rules have found so far."""

from collections.abc import Mapping

from sqlalchemy import func
from sqlmodel import Session, col, select

from socconsole.store.tables import DetectionCount


def fired_counts(session: Session) -> Mapping[str, int]:
    """Return rule id → detections, for every rule that has fired."""
    total = func.sum(col(DetectionCount.detections))
    counts = session.exec(
        select(DetectionCount.rule_id, total).group_by(col(DetectionCount.rule_id))
    )
    return {rule_id: int(number) for rule_id, number in counts if number}
