"""What is done against an incident: proposed, approved, active, verified, removed."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from socconsole.core.lifecycle import COUNTERMEASURE
from socconsole.core.tlp import OutwardAction, may_act
from socconsole.errors import ForbiddenError, NotFoundError, TransitionError, UsageError
from socconsole.services.incidents import get
from socconsole.store.queries.fields import marks_of
from socconsole.store.recording import recording
from socconsole.store.tables import Countermeasure


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What somebody wants to do, to what, and how to take it back."""

    title: str
    target: str
    rollback: str = ""
    expires_at: datetime | None = None


def propose(
    session: Session, incident_id: int, proposal: Proposal, *, by: str, now: datetime
) -> int:
    """Propose a countermeasure; returns its id."""
    if not proposal.title.strip() or not proposal.target.strip():
        raise UsageError("A countermeasure says what is done and to what.")
    incident = get(session, incident_id)
    summary = f"proposed {proposal.title.strip()} for {incident.human_id}"
    with recording(
        session, verb="countermeasure.propose", by=by, now=now, summary=summary
    ) as action:
        action.about = ("incident", incident_id)
        row = Countermeasure(
            incident_id=incident_id,
            title=proposal.title.strip(),
            target=proposal.target.strip(),
            rollback=proposal.rollback.strip(),
            expires_at=proposal.expires_at,
            proposed_at=now,
            proposed_by=by,
        )
        session.add(row)
        session.flush()
    return row.id or 0


_STAMPS = {
    "approve": "approved",
    "activate": "activated",
    "verify": "verified",
    "remove": "removed",
}


def move(session: Session, countermeasure_id: int, verb: str, *, by: str, now: datetime) -> str:
    """Approve, activate, verify or remove a countermeasure; returns its new state.

    Raises:
        TransitionError: The verb does not lead out of its state, or it has expired.

    """
    row = session.get(Countermeasure, countermeasure_id)
    if row is None:
        raise NotFoundError(f"There is no countermeasure {countermeasure_id}.")
    if verb not in _STAMPS:
        raise UsageError(f"{verb!r} is no step.", hint=f"Use one of {', '.join(_STAMPS)}.")
    if verb == "activate":
        _require_action_allowed(session, row)
        if row.expires_at is not None and row.expires_at <= now:
            raise TransitionError(
                f"Countermeasure {row.id} expired at {row.expires_at:%Y-%m-%d %H:%MZ}.",
                hint="Extend it first, or remove it.",
            )
    summary = f"{_STAMPS[verb]} {row.title}"
    with recording(
        session, verb=f"countermeasure.{verb}", by=by, now=now, summary=summary
    ) as action:
        action.about = ("incident", row.incident_id)
        row.state = COUNTERMEASURE.move(row.state, verb)
        setattr(row, f"{_STAMPS[verb]}_at", now)
        setattr(row, f"{_STAMPS[verb]}_by", by)
        session.add(row)
        if verb == "activate":
            incident = get(session, row.incident_id)
            incident.first_response_at = incident.first_response_at or now
            session.add(incident)
    return row.state


def extend(
    session: Session,
    countermeasure_id: int,
    expires_at: datetime | None,
    reason: str,
    *,
    by: str,
    now: datetime,
) -> None:
    """Let a countermeasure stand until another time; None: until somebody removes it.

    Raises:
        TransitionError: It was removed, or the time has passed already.

    """
    if not reason.strip():
        raise TransitionError("Extending a countermeasure asks for a reason.")
    row = session.get(Countermeasure, countermeasure_id)
    if row is None:
        raise NotFoundError(f"There is no countermeasure {countermeasure_id}.")
    if row.state == "removed":
        raise TransitionError(f"Countermeasure {row.id} was removed.", hint="Propose it anew.")
    if expires_at is not None and expires_at <= now:
        raise TransitionError("That time has passed.", hint="Name one that is to come.")
    until = f"until {expires_at:%Y-%m-%d %H:%MZ}" if expires_at else "without an end"
    summary = f"extended {row.title} {until}: {reason.strip()}"
    with recording(
        session, verb="countermeasure.extend", by=by, now=now, summary=summary
    ) as action:
        action.about = ("incident", row.incident_id)
        row.expires_at = expires_at
        session.add(row)


def _require_action_allowed(session: Session, row: Countermeasure) -> None:
    """Refuse what the adversary may notice where the incident's action mark forbids it."""
    incident = get(session, row.incident_id)
    pap = marks_of(session, "incident", row.incident_id).pap
    if not may_act(OutwardAction.ACT, pap):
        raise ForbiddenError(
            f"{incident.human_id} is {pap.label}: nothing the adversary may notice.",
            hint="Lower the incident's PAP first; who did so stays in the audit.",
        )
