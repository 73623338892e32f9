"""How much has been read and raised in all."""

from dataclasses import dataclass

from sqlalchemy import distinct, func
from sqlmodel import Session, col, select

from socconsole.store.tables import Alert, Source


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures over the whole database."""

    lines: int
    events: int
    unparsed: int
    detections: int
    alerts: int
    rules: int
    """Distinct rules that raised an alert."""
    sources: int
    """Distinct sources of an alert."""


def totals(session: Session) -> Totals:
    """Return the figures of everything this database has seen."""
    read = session.exec(
        select(
            func.sum(col(Source.lines)),
            func.sum(col(Source.events)),
            func.sum(col(Source.unparsed)),
            func.sum(col(Source.detections)),
        )
    ).one()
    raised = session.exec(
        select(
            func.count(),
            func.count(distinct(col(Alert.rule_id))),
            func.count(distinct(col(Alert.source_id))),
        ).select_from(Alert)
    ).one()
    return Totals(*(int(value or 0) for value in (*read, *raised)))
