"""The open incidents as a handoff tells of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from socconsole.core.shift_facts import IncidentFacts
from socconsole.store.queries import incidents as incident_queries
from socconsole.store.queries.incidents import IncidentRow
from socconsole.store.tables import Action, Countermeasure, Incident, Task


def incidents_of_shift(session: Session, now: datetime, most: int) -> Iterable[IncidentFacts]:
    """Yield every open incident with its last action, what is owed and what is thought of it."""
    rows = incident_queries.incidents(session, limit=most)
    ids = [row.id for row in rows]
    last = _last_actions(session, "incident", ids)
    active = dict(
        session.exec(
            select(Countermeasure.incident_id, func.count())
            .where(
                col(Countermeasure.incident_id).in_(ids),
                col(Countermeasure.state).in_(("active", "verified")),
            )
            .group_by(col(Countermeasure.incident_id))
        ).all()
    )
    owed = _owed(session, rows, now)
    thoughts = {
        number: (hypothesis, unchecked)
        for number, hypothesis, unchecked in session.exec(
            select(Incident.id, Incident.hypothesis, Incident.unchecked).where(
                col(Incident.id).in_(ids)
            )
        )
    }
    for row in rows:
        action, at = last.get(row.id, ("", None))
        yield IncidentFacts(
            ref=row.human_id,
            title=row.title,
            severity=row.severity,
            phase=row.phase,
            phase_since=row.phase_since,
            commander=row.commander,
            last_action=action,
            last_action_at=at,
            next_step=row.next_step,
            next_step_due_at=row.deadline,
            blockers=row.blockers,
            next_update_due_at=row.next_update_due_at,
            active_countermeasures=active.get(row.id, 0),
            hypothesis=thoughts[row.id][0],
            unchecked=thoughts[row.id][1],
            owed=owed[row.id],
        )


def _owed(
    session: Session, rows: Sequence[IncidentRow], now: datetime
) -> dict[int, tuple[tuple[str, datetime], ...]]:
    """Return, by incident, who is to be asked or told and what is to be taken back, by when."""
    ids = [row.id for row in rows]
    owed: dict[int, list[tuple[str, datetime]]] = {row.id: [] for row in rows}
    for row in rows:
        if row.escalate_to and row.escalate_at:
            owed[row.id].append((f"ask {row.escalate_to}", row.escalate_at))
        if row.review_due_at and row.reviewed_at is None:
            owed[row.id].append(("review", row.review_due_at))
    query = select(Task.subject_id, Task.title, Task.due_at).where(
        col(Task.subject_kind) == "incident",
        col(Task.subject_id).in_(ids),
        col(Task.state) == "open",
        col(Task.due_at).is_not(None),
    )
    for incident_id, title, due_at in session.exec(query):
        if due_at is not None:
            owed[incident_id].append((title.lower(), due_at))
    for incident_id, measures in incident_queries.overdue_measures(session, now, ids).items():
        owed[incident_id] += [
            (f"take back {measure.title}", measure.expires_at)
            for measure in measures
            if measure.expires_at is not None
        ]
    return {
        number: tuple(sorted(duties, key=lambda duty: duty[1])) for number, duties in owed.items()
    }


def _last_actions(
    session: Session, kind: str, ids: Sequence[int]
) -> dict[int, tuple[str, datetime | None]]:
    newest = (
        select(func.max(col(Action.id)))
        .where(col(Action.subject_kind) == kind, col(Action.subject_id).in_(ids))
        .group_by(col(Action.subject_id))
    )
    query = select(Action.subject_id, Action.summary, Action.at).where(col(Action.id).in_(newest))
    return {
        subject_id: (summary, at)
        for subject_id, summary, at in session.exec(query)
        if subject_id is not None
    }
