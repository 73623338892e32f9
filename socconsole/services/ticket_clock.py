"""A ticket's priority and the times it promises; called inside a recording."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from socconsole.core.policy import Settings
from socconsole.core.priority import Level, Priority, grid_of, priority
from socconsole.core.sla import target_of
from socconsole.errors import TransitionError
from socconsole.store.tables import ClockPause, Ticket


@dataclass(frozen=True, slots=True)
class Stake:
    """What decides a priority: the grid's two axes, or an override with its reason."""

    impact: Level = Level.MEDIUM
    urgency: Level = Level.MEDIUM
    override: Priority | None = None
    reason: str = ""


def prioritise(ticket: Ticket, stake: Stake, policy: Settings) -> None:
    """Set impact, urgency, priority and the due times that follow from it."""
    if stake.override is not None and not stake.reason.strip():
        raise TransitionError("Leaving the grid asks for a reason.")
    ticket.impact, ticket.urgency = stake.impact.value, stake.urgency.value
    ticket.priority_reason = stake.reason.strip() if stake.override else None
    chosen = stake.override or priority(stake.impact, stake.urgency, grid_of(policy.priority))
    target = target_of(chosen, policy.sla)
    ticket.priority = chosen.number
    ticket.respond_due_at = ticket.opened_at + target.respond
    ticket.due_at = ticket.opened_at + target.resolve + timedelta(microseconds=ticket.paused)


def resume(session: Session, ticket: Ticket, now: datetime) -> None:
    """End the pause of a waiting ticket and move its due time by what it lasted."""
    if ticket.waiting_since is None:
        return
    _prolong(ticket, now - ticket.waiting_since)
    open_pauses = select(ClockPause).where(
        col(ClockPause.ticket_id) == ticket.id, col(ClockPause.until).is_(None)
    )
    for pause in session.exec(open_pauses):
        pause.until = now
    ticket.waiting_on = ticket.waiting_since = ticket.chase_at = None


def leave_out(session: Session, ticket: Ticket, since: datetime, now: datetime) -> None:
    """Leave the time a ticket was resolved out of what it may take: it is taken up again."""
    if since < now:
        pause = ClockPause(ticket_id=ticket.id or 0, since=since, until=now, reason="resolved")
        session.add(pause)
        _prolong(ticket, now - since)


def _prolong(ticket: Ticket, lasted: timedelta) -> None:
    lasted = max(lasted, timedelta())
    ticket.paused += lasted // timedelta(microseconds=1)
    if ticket.due_at is not None:
        ticket.due_at += lasted
