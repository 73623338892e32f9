"""Two incidents that turn out to be one."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from socconsole.core.tlp import Pap, Tlp, strictest
from socconsole.errors import TransitionError, UsageError
from socconsole.services.incidents import get, move_phase
from socconsole.store.queries.incidents import IncidentRow, by_ids
from socconsole.store.recording import recording
from socconsole.store.tables import (
    Alert,
    Countermeasure,
    ObservableLink,
    Outage,
    Task,
    Ticket,
)


def merge(
    session: Session, incident_id: int, into_id: int, reason: str, *, by: str, now: datetime
) -> IncidentRow:
    """Make an incident part of another: it closes as merged and points at it.

    Tickets, alerts, indicators, countermeasures in force and open tasks move; the clocks begin at
    the earlier of both, and the stricter marks go for both. Notes, timeline, messages and phases
    stay and are shown on the other one.

    Raises:
        TransitionError: One of them is closed.

    """
    if incident_id == into_id:
        raise UsageError("An incident is not merged into itself.")
    if not reason.strip():
        raise TransitionError("Merging asks for a reason.", hint="Say how you know it is one.")
    with recording(session, verb="incident.merge", by=by, now=now) as action:
        incident, into = get(session, incident_id), get(session, into_id)
        for each in (incident, into):
            if each.phase == "closed":
                raise TransitionError(
                    f"{each.human_id} is closed.", hint="Move it back to a phase first."
                )
        action.about = ("incident", into_id)
        _move_cases(session, incident_id, into_id)
        _move_indicators(session, incident_id, into_id, now)
        into.started_at = _earlier(into.started_at, incident.started_at)
        into.detected_at = _earlier(into.detected_at, incident.detected_at)
        into.first_response_at = _earlier(into.first_response_at, incident.first_response_at)
        into.tlp = strictest((Tlp(into.tlp), Tlp(incident.tlp))).value
        into.pap = max(Pap(into.pap), Pap(incident.pap), key=lambda mark: mark.step).value
        into.updated_at = now
        session.add(into)
        incident.outcome, incident.merged_into_id = "merged", into_id
        move_phase(session, incident_id, "closed", f"{into.human_id}: {reason}", by=by, now=now)
        action.summary = f"merged {incident.human_id} into {into.human_id}: {reason.strip()}"
        session.flush()
    return by_ids(session, (into_id,))[0]


def _move_cases(session: Session, incident_id: int, into_id: int) -> None:
    tickets = session.exec(select(Ticket).where(col(Ticket.incident_id) == incident_id)).all()
    alerts = session.exec(select(Alert).where(col(Alert.incident_id) == incident_id)).all()
    measures = session.exec(
        select(Countermeasure).where(
            col(Countermeasure.incident_id) == incident_id, col(Countermeasure.state) != "removed"
        )
    ).all()
    outages = session.exec(select(Outage).where(col(Outage.incident_id) == incident_id)).all()
    moved: Iterable[Ticket | Alert | Countermeasure | Outage]
    for moved in (tickets, alerts, measures, outages):
        for row in moved:
            row.incident_id = into_id
            session.add(row)
    _move_tasks(session, incident_id, into_id)


def _move_tasks(session: Session, incident_id: int, into_id: int) -> None:
    """Move what people added; the plan's own duties stand in the other incident already."""
    mine, theirs = _open_tasks(session, incident_id), _open_tasks(session, into_id)
    there = {task.title for task in theirs}
    for task in mine:
        if task.title not in there:
            task.subject_id = into_id
            session.add(task)


def _open_tasks(session: Session, incident_id: int) -> list[Task]:
    query = select(Task).where(
        col(Task.subject_kind) == "incident",
        col(Task.subject_id) == incident_id,
        col(Task.state) == "open",
    )
    return list(session.exec(query))


def _move_indicators(session: Session, incident_id: int, into_id: int, now: datetime) -> None:
    linked = {link.observable_id for link in _links(session, into_id)}
    for link in _links(session, incident_id):
        if link.observable_id not in linked:
            session.add(
                ObservableLink(
                    observable_id=link.observable_id,
                    subject_kind="incident",
                    subject_id=into_id,
                    found_in="merged",
                    confirmed_at=link.confirmed_at,
                    confirmed_by=link.confirmed_by,
                    created_at=now,
                )
            )


def _links(session: Session, incident_id: int) -> list[ObservableLink]:
    query = select(ObservableLink).where(
        col(ObservableLink.subject_kind) == "incident",
        col(ObservableLink.subject_id) == incident_id,
    )
    return list(session.exec(query))


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)
