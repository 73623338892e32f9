"""What happens to alerts because of their ticket: they go in, come out, close and come back.

Called inside a recording; the alerts' own verbs do the moves.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from socconsole.core.disposition import Verdict
from socconsole.core.policy import FoldPolicy
from socconsole.errors import NotFoundError, TransitionError
from socconsole.services import alerts as alert_verbs
from socconsole.services.alerts import Done
from socconsole.store.tables import Alert, Incident, Ticket, TicketAlert


def alert_rows(session: Session, alert_ids: Sequence[int]) -> list[Alert]:
    """Return the alerts with these ids, in their order.

    Raises:
        NotFoundError: One of them does not exist.

    """
    found = session.exec(select(Alert).where(col(Alert.id).in_(alert_ids)))
    by_id = {alert.id: alert for alert in found}
    missing = [number for number in alert_ids if number not in by_id]
    if missing:
        raise NotFoundError(f"There is no alert {missing[0]}.", hint="See `alerts list`.")
    return [by_id[number] for number in dict.fromkeys(alert_ids)]


def alerts_in(session: Session, ticket: Ticket) -> list[Alert]:
    """Return the alerts of a ticket."""
    query = (
        select(Alert)
        .join(TicketAlert, col(TicketAlert.alert_id) == col(Alert.id))
        .where(col(TicketAlert.ticket_id) == ticket.id)
        .order_by(col(Alert.id))
    )
    return list(session.exec(query))


def put_in(
    session: Session, alerts: Sequence[Alert], ticket: Ticket, *, by: str, now: datetime
) -> None:
    """Escalate the alerts into the ticket; an alert is in one ticket at a time.

    Raises:
        TransitionError: One of them is closed, or in another ticket.

    """
    assert ticket.id is not None
    for alert in alerts:
        _require_free(session, alert, ticket)
    ids = [alert.id or 0 for alert in alerts if alert.ticket_id != ticket.id]
    if not ids:
        return
    _whole(alert_verbs.escalate(session, ids, ticket.id, by=by, now=now))
    for alert_id in ids:
        session.add(TicketAlert(ticket_id=ticket.id, alert_id=alert_id, added_at=now, added_by=by))
    join_incident(session, alerts, ticket)
    session.flush()


def join_incident(session: Session, alerts: Sequence[Alert], ticket: Ticket) -> None:
    """Make the alerts part of their ticket's incident: it began with the earliest of them."""
    incident = session.get(Incident, ticket.incident_id) if ticket.incident_id else None
    if incident is None:
        return
    for alert in alerts:
        alert.incident_id = incident.id
        session.add(alert)
        if incident.started_at is None or alert.first_seen < incident.started_at:
            incident.started_at = alert.first_seen
        if incident.detected_at is None or alert.created_at < incident.detected_at:
            incident.detected_at = alert.created_at
    session.add(incident)


def require_in(session: Session, ticket_ids: Sequence[int], alert_ids: Collection[int]) -> None:
    """Refuse alerts that are in none of the tickets.

    Raises:
        NotFoundError: There is one.

    """
    query = select(TicketAlert.alert_id).where(
        col(TicketAlert.ticket_id).in_(ticket_ids), col(TicketAlert.alert_id).in_(alert_ids)
    )
    theirs: set[int] = set(session.exec(query))
    strange = set(alert_ids) - theirs
    if strange:
        raise NotFoundError(
            f"The alert {min(strange)} is in none of these tickets.",
            hint="`tickets show` names their alerts.",
        )


def require_none_taken(session: Session, alert_ids: Sequence[int]) -> None:
    """Refuse alerts that no ticket can take, before anybody writes a title for one.

    Raises:
        TransitionError: One of them is closed, or in a ticket.

    """
    for alert in alert_rows(session, alert_ids):
        if alert.status == "closed":
            raise TransitionError(f"Alert {alert.id} is closed.", hint="Reopen it first.")
        if alert.status == "escalated" and alert.ticket_id is not None:
            ticket = session.get(Ticket, alert.ticket_id)
            raise TransitionError(
                f"Alert {alert.id} is in {ticket.human_id if ticket else 'a ticket'} already.",
                hint="Detach it there first, or merge the tickets.",
            )


def _require_free(session: Session, alert: Alert, ticket: Ticket) -> None:
    if alert.status != "escalated" or alert.ticket_id in {None, ticket.id}:
        return
    other = session.get(Ticket, alert.ticket_id)
    name = other.human_id if other else "another ticket"
    raise TransitionError(
        f"Alert {alert.id} is in {name} already.",
        hint=f"Detach it there, or merge {ticket.human_id} into {name}.",
    )


def take_out(
    session: Session, alerts: Sequence[Alert], ticket: Ticket, *, by: str, now: datetime
) -> None:
    """Give the alerts back from the ticket to whom they are assigned."""
    ids = [alert.id or 0 for alert in alerts]
    query = select(TicketAlert).where(
        col(TicketAlert.ticket_id) == ticket.id, col(TicketAlert.alert_id).in_(ids)
    )
    for membership in session.exec(query):
        session.delete(membership)
    escalated = [alert.id or 0 for alert in alerts if alert.status == "escalated"]
    if escalated:
        _whole(alert_verbs.detach(session, escalated, by=by, now=now))
    for alert in alerts:
        alert.ticket_id = alert.incident_id = None


def close(
    session: Session,
    verdicts: Mapping[int, Verdict],
    *,
    by: str,
    now: datetime,
    fold: FoldPolicy,
) -> None:
    """Close alerts, each with its verdict."""
    by_verdict: dict[Verdict, list[int]] = {}
    for alert_id, verdict in verdicts.items():
        by_verdict.setdefault(verdict, []).append(alert_id)
    for verdict, ids in by_verdict.items():
        _whole(alert_verbs.close(session, ids, verdict, by=by, now=now, fold=fold))


def come_back(
    session: Session,
    alerts: Sequence[Alert],
    resolved_at: datetime | None,
    *,
    by: str,
    now: datetime,
) -> None:
    """Return the alerts that were closed with their ticket, at that very moment, to escalated."""
    ids = [
        alert.id or 0
        for alert in alerts
        if alert.status == "closed" and alert.closed_at == resolved_at
    ]
    if ids:
        alert_verbs.return_to_ticket(session, ids, by=by, now=now)


def _whole(done: Done) -> None:
    """Refuse the whole action when one alert refused its move."""
    if done.skipped:
        skipped = done.skipped[0]
        raise TransitionError(f"Alert {skipped.alert_id}: {skipped.reason}")
