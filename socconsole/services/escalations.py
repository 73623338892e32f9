"""Whom we asked, by which channel, when, and whether they answered."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from socconsole.errors import NotFoundError, TransitionError, UsageError
from socconsole.store.queries.subjects import Subject
from socconsole.store.recording import recording
from socconsole.store.tables import Escalation


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of whom."""

    whom: str
    reason: str
    channel: str = ""
    next_contact_at: datetime | None = None
    """When to ask again without an answer."""


def ask(session: Session, about: Subject, request: Request, *, by: str, now: datetime) -> int:
    """Write down that somebody was asked; returns the escalation's id."""
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
    return row.id or 0


def answer(session: Session, escalation_id: int, text: str, *, by: str, now: datetime) -> None:
    """Write down the answer."""
    row = session.get(Escalation, escalation_id)
    if row is None:
        raise NotFoundError(f"There is no escalation {escalation_id}.")
    if row.answered_at is not None:
        raise TransitionError(f"{row.whom} answered already.")
    summary = f"{row.whom} answered"
    with recording(session, verb="escalation.answer", by=by, now=now, summary=summary) as action:
        action.about = (row.subject_kind, row.subject_id)
        row.answered_at, row.answer, row.next_contact_at = now, text.strip() or None, None
        session.add(row)
