"""What the next shift says to the items of a handoff: it accepts them one by one, or refuses."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from socconsole.core.lifecycle import HANDOFF
from socconsole.core.policy import SHIPPED, Settings
from socconsole.core.shift_facts import Section
from socconsole.errors import NotFoundError, TransitionError
from socconsole.services.handoffs import get
from socconsole.store.queries import handoffs as queries
from socconsole.store.queries import subjects
from socconsole.store.queries.handoffs import HandoffRow, ItemRow
from socconsole.store.recording import recording
from socconsole.store.tables import Handoff, HandoffItem, Presence, Ticket

_PRESENT = timedelta(minutes=5)
"""Seen this recently, an analyst is still there to be given something back."""


def accept(
    session: Session, handoff_id: int, item_ids: Sequence[int] | None, *, by: str, now: datetime
) -> HandoffRow:
    """Accept items, or all that are undecided; a ticket's ownership moves with its item.

    Command of an incident stays where it is until somebody says "I have command".

    Raises:
        TransitionError: The handoff is not signed, or an item was decided already.

    """
    from socconsole.services import tickets  # a console that only reads handoffs needs none

    with recording(session, verb="handoff.accept", by=by, now=now, summary="") as action:
        handoff = _signed(session, handoff_id)
        chosen = _pending(session, handoff_id, item_ids)
        for row in chosen:
            row.state, row.decided_at, row.decided_by = "accepted", now, by
            session.add(row)
        owned = [row.ref for row in chosen if row.section == Section.TICKETS]
        still_open = _open_tickets(session, owned)
        if still_open:
            tickets.assign(session, still_open, by, by=by, now=now)
        action.summary = f"accepted {len(chosen)} items of handoff {handoff_id}"
        _finish(session, handoff, by=by, now=now)
    return queries.row_of(handoff)


def refuse(
    session: Session,
    item_id: int,
    reason: str,
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> ItemRow:
    """Refuse an item: it goes back to the signer with the reason, or to the lead."""
    if not reason.strip():
        raise TransitionError("Refusing asks for a reason.", hint="Say what is missing.")
    summary = f"refused an item of the handoff: {reason.strip()}"
    with recording(session, verb="handoff.refuse", by=by, now=now, summary=summary):
        row = session.get(HandoffItem, item_id)
        if row is None:
            raise NotFoundError(f"There is no handoff item {item_id}.")
        handoff = _signed(session, row.handoff_id)
        if row.state != "pending":
            raise TransitionError(f"That item was {row.state} already, by {row.decided_by}.")
        row.state, row.decided_at, row.decided_by = "refused", now, by
        row.reason = reason.strip()
        if not _is_present(session, handoff.signed_by, now):
            row.lead = next(iter(policy.shift.leads), None)
        session.add(row)
        _tell_the_case(session, row, by=by, now=now)
        _finish(session, handoff, by=by, now=now)
    return next(item for item in queries.items(session, row.handoff_id) if item.id == item_id)


def _signed(session: Session, handoff_id: int) -> Handoff:
    """Return a signed handoff; on a server whoever decides its items next waits for this one."""
    locked = select(Handoff).where(col(Handoff.id) == handoff_id).with_for_update()
    session.exec(locked.execution_options(populate_existing=True)).first()
    handoff = get(session, handoff_id)
    if handoff.state == "draft":
        raise TransitionError("The handoff is not signed.", hint="Its shift signs it first.")
    return handoff


def _pending(
    session: Session, handoff_id: int, item_ids: Sequence[int] | None
) -> list[HandoffItem]:
    query = select(HandoffItem).where(
        col(HandoffItem.handoff_id) == handoff_id, col(HandoffItem.state) == "pending"
    )
    pending = {row.id: row for row in session.exec(query.order_by(col(HandoffItem.position)))}
    if item_ids is None:
        return list(pending.values())
    for item_id in item_ids:
        if item_id not in pending:
            raise TransitionError(f"Item {item_id} is not waiting to be accepted.")
    return [pending[item_id] for item_id in item_ids]


def _open_tickets(session: Session, refs: Sequence[str]) -> list[int]:
    """Return those of the tickets that somebody can own: neither closed nor voided since."""
    query = select(Ticket.id).where(
        col(Ticket.human_id).in_(refs),
        col(Ticket.status) != "closed",
        col(Ticket.voided_at).is_(None),
    )
    return [number for number in session.exec(query) if number is not None]


def _finish(session: Session, handoff: Handoff, *, by: str, now: datetime) -> None:
    """Mark the handoff accepted once every item was decided."""
    session.flush()
    if handoff.state != "signed" or _pending(session, handoff.id or 0, None):
        return
    handoff.state = HANDOFF.move(handoff.state, "accept")
    handoff.accepted_at, handoff.accepted_by = now, by
    handoff.self_accepted = by == handoff.signed_by
    session.add(handoff)


def _is_present(session: Session, login: str | None, now: datetime) -> bool:
    query = select(Presence.id).where(
        col(Presence.login) == login, col(Presence.seen_at) > now - _PRESENT
    )
    return session.exec(query.limit(1)).first() is not None


def _tell_the_case(session: Session, row: HandoffItem, *, by: str, now: datetime) -> None:
    """Leave the refusal on the ticket or incident it is about, where its owner reads it."""
    if row.section not in {Section.TICKETS, Section.INCIDENTS, Section.WAITING}:
        return
    from socconsole.services import notes

    try:
        about = subjects.subject(session, row.ref)
    except NotFoundError:
        return  # it was voided since
    back_to = row.lead or row.owner or "the lead"
    notes.add(
        session, about, f"Refused at handoff, back to @{back_to}: {row.reason}", by=by, now=now
    )
