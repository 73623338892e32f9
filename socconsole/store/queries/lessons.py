"""What earlier incidents taught about a rule."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from socconsole.store.tables import Alert, Incident


@dataclass(frozen=True, slots=True)
class Lesson:
    """A line of a review, for whoever meets the rule again."""

    incident: str
    text: str


def lessons(session: Session, rule_ids: Sequence[str], limit: int = 10) -> tuple[Lesson, ...]:
    """Return the lessons of incidents in which one of the rules fired, newest first."""
    fired = (
        select(Alert.incident_id)
        .where(col(Alert.rule_id).in_(rule_ids), col(Alert.incident_id).is_not(None))
        .distinct()
    )
    query = (
        select(Incident.human_id, Incident.review)
        .where(col(Incident.id).in_(fired), col(Incident.voided_at).is_(None))
        .order_by(col(Incident.id).desc())
    )
    found = [
        Lesson(name, str(text))
        for name, review in session.exec(query)
        for text in review.get("lessons", [])
    ]
    return tuple(found[:limit])
