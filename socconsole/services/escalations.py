"""Whom we asked, by which channel, when, and whether they answered."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from socconsole.core.policy import SHIPPED, Settings
from socconsole.errors import NotFoundError, TransitionError, UsageError
from socconsole.services import response_plan
from socconsole.store.queries.subjects import Subject
from socconsole.store.recording import recording
from socconsole.store.tables import Escalation, Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of whom."""

    whom: str
    reason: str
    channel: str = ""
    next_contact_at: datetime | None = None
    """When to ask again without an answer."""


def ask(
    session: Session,
    about: Subject,
    request: Request,
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> int:
    """Write down that somebody was asked; an incident's path goes on. Returns the id."""
    if not request.whom.strip() or not request.reason.strip():
        raise UsageError("An escalation says whom we asked and for what.")
    summary = f"asked {request.whom.strip()} about {about.name}"
    with recording(session, verb="escalation.ask", by=by, now=now, summary=summary) as action:
        action.about = (about.kind, about.id)
        row = Escalation(
            subject_kind=about.kind,
            subject_id=about.id,
            whom=request.whom.strip(),
            channel=request.channel.strip(),
            reason=request.reason.strip(),
            asked_at=now,
            asked_by=by,
            next_contact_at=request.next_contact_at,
        )
        session.add(row)
        session.flush()
        _go_on(session, row, policy)
        if request.next_contact_at is None and about.kind == "incident":
            row.next_contact_at = _incident(session, row).escalate_at
    return row.id or 0


def escalate(
    session: Session,
    incident_id: int,
    reason: str,
    channel: str = "",
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> str:
    """Ask who is next on an incident's path; returns whom.

    Raises:
        TransitionError: Somebody answered already, or nobody is left to ask.

    """
    with recording(session, verb="incident.escalate", by=by, now=now) as action:
        incident = session.get(Incident, incident_id)
        if incident is None:
            raise NotFoundError(f"There is no incident {incident_id}.")
        whom = incident.escalate_to
        if whom is None:
            raise TransitionError(
                f"Nobody is left to ask about {incident.human_id}.",
                hint="Its path was answered or has ended; `ask` writes down anybody else.",
            )
        about = Subject("incident", incident_id, incident.human_id)
        request = Request(whom=whom, reason=reason, channel=channel)
        ask(session, about, request, by=by, now=now, policy=policy)
        action.about = ("incident", incident_id)
        action.summary = f"escalated {incident.human_id} to {whom}"
    return whom


def answer(
    session: Session,
    escalation_id: int,
    text: str,
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> None:
    """Write down the answer; an incident's path ends with it."""
    row = session.get(Escalation, escalation_id)
    if row is None:
        raise NotFoundError(f"There is no escalation {escalation_id}.")
    if row.answered_at is not None:
        raise TransitionError(f"{row.whom} answered already.")
    summary = f"noted the answer of {row.whom}"
    with recording(session, verb="escalation.answer", by=by, now=now, summary=summary) as action:
        action.about = (row.subject_kind, row.subject_id)
        row.answered_at, row.answer, row.next_contact_at = now, text.strip() or None, None
        session.add(row)
        session.flush()
        _go_on(session, row, policy)


def _go_on(session: Session, row: Escalation, policy: Settings) -> None:
    if row.subject_kind == "incident":
        plan = response_plan.load_plan(policy.cases)
        response_plan.look_along_path(session, _incident(session, row), plan)


def _incident(session: Session, row: Escalation) -> Incident:
    incident = session.get(Incident, row.subject_id)
    if incident is None:
        raise NotFoundError(f"There is no incident {row.subject_id}.")
    return incident
