"""Who has to look after a handoff that nobody accepts, and after what was refused of it."""

from datetime import datetime, timedelta

from sqlmodel import Session

from socconsole.core.policy import ShiftPolicy
from socconsole.core.shift import shift_at
from socconsole.store.queries import handoffs as queries
from socconsole.store.queries.handoffs import HandoffRow


def is_overdue(handoff: HandoffRow, now: datetime, policy: ShiftPolicy) -> bool:
    """Tell whether a signed handoff has waited so long that it goes to the lead."""
    if handoff.state != "signed" or handoff.signed_at is None:
        return False
    begins = shift_at(handoff.signed_at, policy).end
    if shift_at(now, policy).start <= handoff.signed_at:
        return False
    return now > begins + timedelta(minutes=policy.accept_within_minutes)


def left_over(
    session: Session, login: str, *, now: datetime, policy: ShiftPolicy
) -> tuple[str, ...]:
    """Return what is said on the status line about the last handoff: to its lead, and to all.

    A refused item that went to the lead is theirs until the next handoff is signed.
    """
    last = queries.last_signed(session)
    if last is None or last.state == "draft":
        return ()
    words = []
    if is_overdue(last, now, policy):
        lead = next(iter(policy.leads), None)
        whose = "you lead: accept it" if login in policy.leads else f"goes to {lead or 'the lead'}"
        words.append(f"handoff {last.id} not accepted, {whose}")
    back = [item.lead or last.signed_by for item in queries.refused(session, last.id)]
    mine = back.count(login)
    if mine:
        words.append(f"{mine} refused at handoff, yours")
    return tuple(words)
