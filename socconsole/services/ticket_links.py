"""Tickets that have to do with each other, and tickets that turn out to be one."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from socconsole.core.lifecycle import TICKET
from socconsole.core.tlp import Pap, Tlp, strictest
from socconsole.errors import NotFoundError, TransitionError, UsageError
from socconsole.services import ticket_alerts
from socconsole.services.tickets import get
from socconsole.store.queries.tickets import TicketRow, by_ids
from socconsole.store.recording import recording
from socconsole.store.tables import ObservableLink, TicketAlert, TicketLink

KINDS = ("related", "duplicate", "blocks")
"""The links a person makes; the others come from verbs."""


def link(
    session: Session,
    ticket_id: int,
    other_id: int,
    kind: str = "related",
    *,
    by: str,
    now: datetime,
) -> None:
    """Say that two tickets have to do with each other."""
    if kind not in KINDS:
        raise UsageError(f"There is no link {kind!r}.", hint=f"Use one of {', '.join(KINDS)}.")
    if ticket_id == other_id:
        raise UsageError("A ticket is not linked to itself.")
    ticket, other = get(session, ticket_id), get(session, other_id)
    summary = f"linked {ticket.human_id} to {other.human_id} ({kind})"
    with recording(session, verb="ticket.link", by=by, now=now, summary=summary) as action:
        action.about = ("ticket", ticket_id)
        if between(session, ticket_id, other_id, kind) is not None:
            raise TransitionError(f"{ticket.human_id} and {other.human_id} are linked already.")
        session.add(
            TicketLink(
                ticket_id=ticket_id,
                other_id=other_id,
                kind=kind,
                added_at=now,
                added_by=by,
            )
        )


def unlink(session: Session, ticket_id: int, other_id: int, *, by: str, now: datetime) -> None:
    """Take the link between two tickets back."""
    ticket, other = get(session, ticket_id), get(session, other_id)
    summary = f"unlinked {ticket.human_id} and {other.human_id}"
    with recording(session, verb="ticket.unlink", by=by, now=now, summary=summary) as action:
        action.about = ("ticket", ticket_id)
        found = [between(session, ticket_id, other_id, kind) for kind in KINDS]
        links = [link for link in found if link is not None]
        if not links:
            raise NotFoundError(f"{ticket.human_id} and {other.human_id} are not linked.")
        for each in links:
            session.delete(each)


def between(session: Session, one: int, other: int, kind: str) -> TicketLink | None:
    """Return the link of a kind between two tickets, whichever of them it was made on."""
    query = select(TicketLink).where(
        col(TicketLink.kind) == kind,
        ((col(TicketLink.ticket_id) == one) & (col(TicketLink.other_id) == other))
        | ((col(TicketLink.ticket_id) == other) & (col(TicketLink.other_id) == one)),
    )
    return session.exec(query).first()


def merge(
    session: Session, ticket_ids: Sequence[int], into_id: int, *, by: str, now: datetime
) -> TicketRow:
    """Make one ticket of several: alerts and observables move, the others close and point at it.

    Notes, findings and evidence stay where they were written and are shown on the merged ticket,
    which takes the strictest marks of all.
    """
    into = get(session, into_id)
    others = [get(session, number) for number in dict.fromkeys(ticket_ids) if number != into_id]
    if not others:
        raise UsageError("Merging takes at least one other ticket.")
    if into.status in {"resolved", "closed"}:
        raise TransitionError(f"{into.human_id} is {into.status}.", hint="Reopen it first.")
    names = ", ".join(ticket.human_id for ticket in others)
    summary = f"merged {names} into {into.human_id}"
    with recording(session, verb="ticket.merge", by=by, now=now, summary=summary) as action:
        action.about = ("ticket", into_id)
        for ticket in others:
            if ticket.incident_id not in {None, into.incident_id} and into.incident_id is not None:
                raise TransitionError(
                    f"{ticket.human_id} and {into.human_id} are in different incidents."
                )
            into.incident_id = into.incident_id or ticket.incident_id
            into.tlp = strictest((Tlp(into.tlp), Tlp(ticket.tlp))).value
            into.pap = max(Pap(into.pap), Pap(ticket.pap), key=lambda mark: mark.step).value
            ticket.status = TICKET.move(ticket.status, "merge")
            ticket.merged_into_id = into_id
            ticket.closed_at, ticket.closed_by, ticket.updated_at = now, by, now
            _move_alerts(session, ticket.id or 0, into_id, by=by, now=now)
            _move_observables(session, ticket.id or 0, into_id, now=now)
            session.add(
                TicketLink(
                    ticket_id=ticket.id or 0,
                    other_id=into_id,
                    kind="merged",
                    added_at=now,
                    added_by=by,
                )
            )
        alerts = ticket_alerts.alerts_in(session, into)
        for alert in alerts:
            alert.ticket_id, alert.incident_id = into_id, into.incident_id
        ticket_alerts.join_incident(session, alerts, into)
        into.updated_at = now
        session.flush()
    return by_ids(session, (into_id,))[0]


def _move_alerts(session: Session, ticket_id: int, into_id: int, *, by: str, now: datetime) -> None:
    query = select(TicketAlert).where(col(TicketAlert.ticket_id) == ticket_id)
    for membership in session.exec(query).all():
        session.delete(membership)
        session.add(
            TicketAlert(ticket_id=into_id, alert_id=membership.alert_id, added_at=now, added_by=by)
        )
    session.flush()


def _move_observables(session: Session, ticket_id: int, into_id: int, *, now: datetime) -> None:
    def linked(number: int) -> set[int]:
        query = select(ObservableLink.observable_id).where(
            col(ObservableLink.subject_kind) == "ticket", col(ObservableLink.subject_id) == number
        )
        return set(session.exec(query))

    for observable_id in linked(ticket_id) - linked(into_id):
        session.add(
            ObservableLink(
                observable_id=observable_id,
                subject_kind="ticket",
                subject_id=into_id,
                found_in="merged",
                created_at=now,
            )
        )
