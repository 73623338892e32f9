"""Reads from the store what the figures of a period are made of."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from socconsole.core.kpi_facts import (
    AlertTally,
    Backlog,
    Facts,
    IncidentFacts,
    OutageFacts,
    TicketFacts,
)
from socconsole.core.policy import SlaPolicy
from socconsole.core.priority import Priority
from socconsole.core.sla import Clock, Pause, target_of
from socconsole.store.queries.kpi_alerts import alert_tally
from socconsole.store.tables import (
    Alert,
    ClockPause,
    EventCount,
    Incident,
    Outage,
    Service,
    Ticket,
)


def kpi_facts(
    session: Session,
    since: datetime,
    now: datetime,
    sla: SlaPolicy,
    alerts: AlertTally | None = None,
) -> Facts:
    """Return what the figures of `[since, now)` are made of.

    A thing belongs to the period its clock began in: alerts by created_at, tickets by opened_at,
    incidents by declared_at. An outage counts wherever it reaches into the period. What is said of
    alerts is counted here unless it is given.
    """
    return Facts(
        since=since,
        now=now,
        alerts=alert_tally(session, since, now, sla) if alerts is None else alerts,
        tickets=tuple(_tickets(session, since, now, sla)),
        incidents=tuple(_incidents(session, since, now)),
        outages=tuple(_outages(session, since, now)),
        backlog=_backlog(session, since, now),
        events=_events(session, since, now),
    )


_OLDEST = 1000


def _backlog(session: Session, since: datetime, now: datetime) -> Backlog:
    """Return what is open, and how many alerts of whatever age the period closed."""
    waiting = (
        select_columns(col(Alert.id), col(Alert.created_at))
        .where(col(Alert.is_open))
        .order_by(col(Alert.created_at), col(Alert.id))
        .limit(_OLDEST)
    )
    oldest = session.execute(waiting).all()
    number = select_columns(func.count()).select_from(Alert)
    closed = (col(Alert.closed_at) >= since, col(Alert.closed_at) < now)
    return Backlog(
        open=session.execute(number.where(col(Alert.is_open))).scalar_one(),
        oldest=tuple(alert_id for alert_id, _ in oldest if alert_id is not None),
        oldest_at=oldest[0][1] if oldest else None,
        closed=session.execute(number.where(*closed)).scalar_one(),
    )


def _tickets(
    session: Session, since: datetime, now: datetime, sla: SlaPolicy
) -> Iterable[TicketFacts]:
    chosen = (
        col(Ticket.opened_at) >= since,
        col(Ticket.opened_at) < now,
        col(Ticket.voided_at).is_(None),
        col(Ticket.merged_into_id).is_(None),
    )
    pauses: dict[int, list[Pause]] = {}
    kept = (
        select_columns(col(ClockPause.ticket_id), col(ClockPause.since), col(ClockPause.until))
        .join(Ticket, col(Ticket.id) == col(ClockPause.ticket_id))
        .where(*chosen)
    )
    for ticket_id, begun, ended in session.execute(kept):
        pauses.setdefault(ticket_id, []).append(Pause(begun, ended))
    for ticket in session.exec(select(Ticket).where(*chosen).order_by(col(Ticket.id))):
        chosen_priority = Priority.from_number(ticket.priority)
        target = target_of(chosen_priority, sla)
        resolve = Clock(
            ticket.opened_at,
            target.resolve,
            tuple(pauses.get(ticket.id or 0, ())),
            ticket.resolved_at,
        )
        responded = ticket.responded_at or ticket.started_at
        respond = Clock(ticket.opened_at, target.respond, (), responded)
        yield TicketFacts(
            ref=ticket.human_id,
            priority=chosen_priority.value,
            opened_at=ticket.opened_at,
            started_at=responded,
            resolved_at=ticket.resolved_at,
            respond_left=respond.left(now),
            resolve_left=resolve.left(now),
        )


def _incidents(session: Session, since: datetime, now: datetime) -> Iterable[IncidentFacts]:
    query = select(Incident).where(
        col(Incident.declared_at) >= since,
        col(Incident.declared_at) < now,
        col(Incident.voided_at).is_(None),
    )
    for row in session.exec(query.order_by(col(Incident.id))):
        yield IncidentFacts(
            ref=row.human_id,
            kind=row.kind,
            started_at=row.started_at,
            detected_at=row.detected_at,
            first_response_at=row.first_response_at,
            contained_at=row.contained_at,
            recovered_at=row.recovered_at,
            closed_at=row.closed_at,
            confirmed=row.outcome in {None, "confirmed"},
        )


def _outages(session: Session, since: datetime, now: datetime) -> Iterable[OutageFacts]:
    """Yield the outages of confirmed incidents that reach into the period."""
    query = (
        select_columns(
            col(Incident.human_id),
            col(Service.name),
            col(Outage.down_from),
            col(Outage.up_at),
            col(Service.objective),
        )
        .join(Incident, col(Incident.id) == col(Outage.incident_id))
        .join(Service, col(Service.id) == col(Outage.service_id))
        .where(
            col(Outage.down_from) < now,
            or_(col(Outage.up_at).is_(None), col(Outage.up_at) > since),
            col(Incident.voided_at).is_(None),
            or_(col(Incident.outcome).is_(None), col(Incident.outcome) == "confirmed"),
        )
        .order_by(col(Outage.id))
    )
    for row in session.execute(query):
        yield OutageFacts(*row)


def _events(session: Session, since: datetime, now: datetime) -> int:
    """Return the events of the hours the period touches."""
    first = since.replace(minute=0, second=0, microsecond=0)
    query = select_columns(func.coalesce(func.sum(col(EventCount.events)), 0)).where(
        col(EventCount.hour) >= first, col(EventCount.hour) < now
    )
    return int(session.execute(query).scalar_one())
