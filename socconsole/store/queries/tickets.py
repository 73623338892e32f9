"""Questions about tickets, answered in frozen rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from socconsole.core.priority import Priority
from socconsole.core.severity import Severity
from socconsole.errors import NotFoundError
from socconsole.store.tables import (
    Alert,
    Asset,
    ClockPause,
    Incident,
    RuleRecord,
    Service,
    Task,
    Ticket,
    TicketAlert,
    TicketLink,
)

OPEN_STATUSES = ("open", "in_progress", "waiting")


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket as a list shows it."""

    id: int
    human_id: str
    title: str
    status: str
    disposition: str | None
    sub_reason: str | None
    priority: Priority
    assignee: str | None
    category: str
    incident: str | None
    asset: str | None
    """The asset or else the service it is about."""
    opened_at: datetime
    due_at: datetime | None
    respond_due_at: datetime | None
    started_at: datetime | None
    resolved_at: datetime | None
    waiting_on: str | None
    waiting_since: datetime | None
    chase_at: datetime | None
    next_step: str
    deadline: datetime | None
    tlp: str
    alert_count: int
    version: int

    def left(self, now: datetime) -> timedelta | None:
        """Return the time to the due moment, standing still while it waits; None once it ended."""
        if self.due_at is None or self.status in {"resolved", "closed"}:
            return None
        return self.due_at - (self.waiting_since or now)


@dataclass(frozen=True, slots=True)
class TicketAlertRow:
    """An alert of a ticket."""

    id: int
    title: str
    severity: Severity
    status: str
    disposition: str | None
    count: int
    first_seen: datetime
    last_seen: datetime
    host: str | None
    username: str | None
    source_ip: str | None
    rule_id: str
    rule_author: str | None
    """Rules' licences ask that whoever is told of a match is told who wrote the rule."""
    runbook: str | None
    entities: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A step of a ticket or an incident."""

    id: int
    title: str
    description: str
    mandatory: bool
    state: str
    reason: str | None
    assignee: str | None
    team: str | None
    phase: str | None
    due_at: datetime | None
    finished_at: datetime | None
    finished_by: str | None


@dataclass(frozen=True, slots=True)
class LinkRow:
    """Another ticket this one has to do with."""

    human_id: str
    title: str
    status: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class TicketDetail:
    """Everything a ticket itself says; notes, findings and evidence are asked for apart."""

    row: TicketRow
    description: str
    template: str | None
    fields: dict[str, str]
    """What the template's own questions were answered with."""
    tags: tuple[str, ...]
    pap: str
    impact: str
    urgency: str
    priority_reason: str | None
    watchers: tuple[str, ...]
    reporter: str | None
    contact: str | None
    channel: str | None
    reported_at: datetime | None
    hypothesis: str
    unchecked: str
    resolution: str | None
    opened_by: str
    resolved_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    merged_into: str | None
    alerts: tuple[TicketAlertRow, ...]
    tasks: tuple[TaskRow, ...]
    links: tuple[LinkRow, ...]
    pauses: tuple[tuple[datetime, datetime | None, str], ...]


def _rows() -> Select[Any]:
    counted = (
        select(func.count())
        .where(col(TicketAlert.ticket_id) == col(Ticket.id))
        .correlate(Ticket)
        .scalar_subquery()
    )
    return (
        select_columns(
            *(col(getattr(Ticket, name)) for name in _OWN),
            col(Incident.human_id).label("incident"),
            func.coalesce(col(Asset.name), col(Service.name)).label("asset"),
            counted.label("alert_count"),
        )
        .join(Incident, col(Incident.id) == col(Ticket.incident_id), isouter=True)
        .join(Asset, col(Asset.id) == col(Ticket.asset_id), isouter=True)
        .join(Service, col(Service.id) == col(Ticket.service_id), isouter=True)
        .where(col(Ticket.voided_at).is_(None))
    )


_OWN = tuple(
    field.name
    for field in fields(TicketRow)
    if field.name not in {"incident", "asset", "alert_count"}
)


def _row(found: Row[Any]) -> TicketRow:
    values = found._asdict()
    values["priority"] = Priority.from_number(values["priority"])
    return TicketRow(**values)


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Which tickets a list holds."""

    statuses: tuple[str, ...] = OPEN_STATUSES
    """Empty: any."""
    assignee: str | None = None
    """A login; empty text: nobody's."""
    holds: Callable[[str], ColumnElement[bool]] | None = None
    """What else has to hold, in the words of a dialect; see `ticket_filter`."""


def tickets(
    session: Session, wanted: TicketFilter = TicketFilter(), limit: int = 1000
) -> tuple[TicketRow, ...]:
    """Return tickets, most pressing first: priority, then due time."""
    query = _rows()
    if wanted.statuses:
        query = query.where(col(Ticket.status).in_(wanted.statuses))
    if wanted.assignee is not None:
        query = query.where(func.coalesce(col(Ticket.assignee), "") == wanted.assignee)
    if wanted.holds is not None:
        query = query.where(wanted.holds(session.connection().dialect.name))
    query = query.order_by(col(Ticket.priority), col(Ticket.due_at), col(Ticket.id).desc())
    return tuple(map(_row, session.execute(query.limit(limit))))


def by_ids(session: Session, ticket_ids: Sequence[int]) -> tuple[TicketRow, ...]:
    """Return the tickets with these ids, in their order; ones that are gone are left out."""
    query = _rows().where(col(Ticket.id).in_(ticket_ids))
    found = {row.id: row for row in map(_row, session.execute(query))}
    return tuple(found[ticket_id] for ticket_id in ticket_ids if ticket_id in found)


def detail(session: Session, ticket_id: int) -> TicketDetail:
    """Return everything a ticket says.

    Raises:
        NotFoundError: There is none.

    """
    rows = by_ids(session, (ticket_id,))
    ticket = session.get(Ticket, ticket_id)
    if not rows or ticket is None:
        raise NotFoundError(f"There is no ticket {ticket_id}.")
    merged = session.get(Ticket, ticket.merged_into_id) if ticket.merged_into_id else None
    return TicketDetail(
        row=rows[0],
        description=ticket.description,
        template=ticket.template,
        fields=dict(ticket.fields),
        tags=tuple(ticket.tags),
        pap=ticket.pap,
        impact=ticket.impact,
        urgency=ticket.urgency,
        priority_reason=ticket.priority_reason,
        watchers=tuple(ticket.watchers),
        reporter=ticket.reporter,
        contact=ticket.contact,
        channel=ticket.channel,
        reported_at=ticket.reported_at,
        hypothesis=ticket.hypothesis,
        unchecked=ticket.unchecked,
        resolution=ticket.resolution,
        opened_by=ticket.opened_by,
        resolved_by=ticket.resolved_by,
        closed_at=ticket.closed_at,
        closed_by=ticket.closed_by,
        merged_into=merged.human_id if merged else None,
        alerts=alerts_of(session, (ticket_id,)),
        tasks=tasks_of(session, "ticket", ticket_id),
        links=_links(session, ticket_id),
        pauses=_pauses(session, ticket_id),
    )


def alerts_of(session: Session, ticket_ids: Sequence[int]) -> tuple[TicketAlertRow, ...]:
    """Return the alerts of these tickets, oldest first."""
    query = (
        select(Alert, RuleRecord.author)
        .join(TicketAlert, col(TicketAlert.alert_id) == col(Alert.id))
        .outerjoin(RuleRecord, col(RuleRecord.id) == col(Alert.rule_id))
        .where(col(TicketAlert.ticket_id).in_(ticket_ids))
        .order_by(col(Alert.first_seen), col(Alert.id))
        .distinct()
    )
    return tuple(
        TicketAlertRow(
            id=alert.id or 0,
            title=alert.title,
            severity=alert.severity,
            status=alert.status,
            disposition=alert.disposition,
            count=alert.count,
            first_seen=alert.first_seen,
            last_seen=alert.last_seen,
            host=alert.host,
            username=alert.username,
            source_ip=alert.source_ip,
            rule_id=alert.rule_id,
            rule_author=author,
            runbook=alert.runbook,
            entities=alert.entities,
        )
        for alert, author in session.exec(query)
    )


def tasks_of(session: Session, kind: str, subject_id: int) -> tuple[TaskRow, ...]:
    """Return the tasks of a ticket or an incident, in their order."""
    query = (
        select(Task)
        .where(col(Task.subject_kind) == kind, col(Task.subject_id) == subject_id)
        .order_by(col(Task.position), col(Task.id))
    )
    return tuple(
        TaskRow(
            id=task.id or 0,
            title=task.title,
            description=task.description,
            mandatory=task.mandatory,
            state=task.state,
            reason=task.reason,
            assignee=task.assignee,
            team=task.team,
            phase=task.phase,
            due_at=task.due_at,
            finished_at=task.finished_at,
            finished_by=task.finished_by,
        )
        for task in session.exec(query)
    )


def _links(session: Session, ticket_id: int) -> tuple[LinkRow, ...]:
    """Return both directions: a link is made once and seen from both tickets."""
    rows: list[LinkRow] = []
    for mine, theirs in (
        (TicketLink.ticket_id, TicketLink.other_id),
        (TicketLink.other_id, TicketLink.ticket_id),
    ):
        query = (
            select_columns(
                col(Ticket.human_id),
                col(Ticket.title),
                col(Ticket.status),
                col(TicketLink.kind),
                col(TicketLink.reason),
            )
            .join(TicketLink, col(theirs) == col(Ticket.id))
            .where(col(mine) == ticket_id, col(Ticket.voided_at).is_(None))
        )
        rows.extend(LinkRow(*found) for found in session.execute(query))
    return tuple(sorted(set(rows), key=lambda row: row.human_id))


def _pauses(session: Session, ticket_id: int) -> tuple[tuple[datetime, datetime | None, str], ...]:
    query = (
        select(ClockPause.since, ClockPause.until, ClockPause.reason)
        .where(col(ClockPause.ticket_id) == ticket_id)
        .order_by(col(ClockPause.since))
    )
    return tuple((since, until, reason) for since, until, reason in session.exec(query))
