"""Doing the same as last time."""

from datetime import datetime

from sqlmodel import Session

from socconsole.core.disposition import Disposition, Verdict
from socconsole.core.policy import SHIPPED, Settings
from socconsole.errors import TransitionError
from socconsole.services import ticket_links, tickets
from socconsole.services.tickets import Resolution
from socconsole.store.queries.tickets import TicketRow
from socconsole.store.recording import recording
from socconsole.store.tables import TicketLink


def apply(
    session: Session,
    ticket_id: int,
    precedent_id: int,
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> TicketRow:
    """Resolve a ticket as another one was, and cite it.

    Raises:
        TransitionError: The other one was a true positive, or has no disposition: those are
            never repeated without looking.

    """
    precedent = tickets.get(session, precedent_id)
    disposition = Disposition(precedent.disposition) if precedent.disposition else None
    if disposition in {None, Disposition.TRUE_POSITIVE, Disposition.DUPLICATE}:
        raise TransitionError(
            f"{precedent.human_id} is no precedent.",
            hint="Only benign and false positives are repeated; look at a true one anew.",
        )
    assert disposition is not None
    with recording(session, verb="ticket.same_as", by=by, now=now, summary="") as action:
        action.about = ("ticket", ticket_id)
        note = f"Same as {precedent.human_id}: {precedent.resolution or disposition.value}"
        verdict = Verdict(disposition, precedent.sub_reason or "", note)
        resolution = Resolution(verdict)
        (row,) = tickets.resolve(session, [ticket_id], resolution, by=by, now=now, policy=policy)
        if ticket_links.between(session, ticket_id, precedent_id, "precedent") is None:
            session.add(
                TicketLink(
                    ticket_id=ticket_id,
                    other_id=precedent_id,
                    kind="precedent",
                    reason="same as last time",
                    added_at=now,
                    added_by=by,
                )
            )
        action.summary = f"resolved {row.human_id} as {precedent.human_id}"
    return row
