"""Questions about incidents, answered in frozen rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlmodel import Session, col, select

from socconsole.errors import NotFoundError
from socconsole.store.tables import (
    Communication,
    Countermeasure,
    Incident,
    IncidentPhase,
    IncidentRole,
    Outage,
    Service,
    Ticket,
)


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident as a list shows it."""

    id: int
    human_id: str
    title: str
    kind: str
    severity: int
    phase: str
    phase_since: datetime
    outcome: str | None
    roles: dict[str, tuple[str, ...]]
    tickets: tuple[str, ...]
    tlp: str
    declared_at: datetime
    declared_by: str
    started_at: datetime | None
    detected_at: datetime | None
    first_response_at: datetime | None
    contained_at: datetime | None
    recovered_at: datetime | None
    closed_at: datetime | None
    next_update_due_at: datetime | None
    escalate_to: str | None
    """Who is next on the escalation path."""
    escalate_at: datetime | None
    review_due_at: datetime | None
    reviewed_at: datetime | None
    next_step: str
    deadline: datetime | None
    blockers: str
    version: int

    @property
    def commander(self) -> str | None:
        """Who has command."""
        return next(iter(self.roles.get("commander", ())), None)


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """An entry into a phase."""

    phase: str
    entered_at: datetime
    entered_by: str
    reason: str
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutageRow:
    """A service that was down, or is."""

    service: str
    down_from: datetime
    up_at: datetime | None

    def lasted(self, now: datetime) -> timedelta:
        """Return how long it was down, up to now where it still is."""
        return (self.up_at or now) - self.down_from


@dataclass(frozen=True, slots=True)
class CountermeasureRow:
    """Something done against the incident."""

    id: int
    title: str
    target: str
    state: str
    rollback: str
    expires_at: datetime | None
    steps: tuple[tuple[str, datetime, str], ...]
    """(step, when, who) of each step taken."""

    def is_overdue(self, now: datetime) -> bool:
        """Return whether it is still in force although its time is over."""
        return self.state in IN_FORCE and self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class CommunicationRow:
    """What was told to whom."""

    id: int
    at: datetime
    by: str
    audience: str
    channel: str
    body: str
    tlp: str
    next_update_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class IncidentDetail:
    """Everything an incident itself says."""

    row: IncidentRow
    summary: str
    scope: str
    category: str
    tags: tuple[str, ...]
    pap: str
    impact: dict[str, str]
    hypothesis: str
    unchecked: str
    update_every: int | None
    root_cause: str
    review: dict[str, Any]
    reviewed_by: str | None
    phases: tuple[PhaseRow, ...]
    outages: tuple[OutageRow, ...]
    countermeasures: tuple[CountermeasureRow, ...]
    communications: tuple[CommunicationRow, ...]
    merged: tuple[int, ...]
    """Incidents that turned out to be this one."""
    merged_into: str | None


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents a list holds."""

    closed: bool | None = False
    """None: both."""
    passes: Callable[[IncidentRow], bool] | None = None


def incidents(
    session: Session, wanted: IncidentFilter = IncidentFilter(), limit: int = 1000
) -> tuple[IncidentRow, ...]:
    """Return incidents, worst first, then oldest first."""
    query = select(Incident).where(col(Incident.voided_at).is_(None))
    if wanted.closed is not None:
        is_closed = col(Incident.phase) == "closed"
        query = query.where(is_closed if wanted.closed else ~is_closed)
    query = query.order_by(col(Incident.severity), col(Incident.declared_at))
    if wanted.passes is None:
        return _rows(session, session.exec(query.limit(limit)).all())
    rows = _rows(session, session.exec(query).all())
    return tuple(islice(filter(wanted.passes, rows), limit))


def by_ids(session: Session, incident_ids: Sequence[int]) -> tuple[IncidentRow, ...]:
    """Return the incidents with these ids, in their order; ones that are gone are left out."""
    query = select(Incident).where(
        col(Incident.id).in_(incident_ids), col(Incident.voided_at).is_(None)
    )
    found = {row.id: row for row in _rows(session, session.exec(query).all())}
    return tuple(found[number] for number in incident_ids if number in found)


def _rows(session: Session, incidents: Sequence[Incident]) -> tuple[IncidentRow, ...]:
    ids = [incident.id or 0 for incident in incidents]
    roles = _roles(session, ids)
    tickets = _tickets(session, ids)
    since = _phase_since(session, ids)
    return tuple(
        IncidentRow(
            id=incident.id or 0,
            human_id=incident.human_id,
            title=incident.title,
            kind=incident.kind,
            severity=incident.severity,
            phase=incident.phase,
            phase_since=since.get(incident.id or 0, incident.declared_at),
            outcome=incident.outcome,
            roles=roles.get(incident.id or 0, {}),
            tickets=tickets.get(incident.id or 0, ()),
            tlp=incident.tlp,
            declared_at=incident.declared_at,
            declared_by=incident.declared_by,
            started_at=incident.started_at,
            detected_at=incident.detected_at,
            first_response_at=incident.first_response_at,
            contained_at=incident.contained_at,
            recovered_at=incident.recovered_at,
            closed_at=incident.closed_at,
            next_update_due_at=incident.next_update_due_at,
            escalate_to=incident.escalate_to,
            escalate_at=incident.escalate_at,
            review_due_at=incident.review_due_at,
            reviewed_at=incident.reviewed_at,
            next_step=incident.next_step,
            deadline=incident.deadline,
            blockers=incident.blockers,
            version=incident.version,
        )
        for incident in incidents
    )


def _roles(session: Session, ids: Sequence[int]) -> dict[int, dict[str, tuple[str, ...]]]:
    query = (
        select(IncidentRole.incident_id, IncidentRole.role, IncidentRole.login)
        .where(col(IncidentRole.incident_id).in_(ids), col(IncidentRole.until).is_(None))
        .order_by(col(IncidentRole.since), col(IncidentRole.id))
    )
    found: dict[int, dict[str, tuple[str, ...]]] = {}
    for incident_id, role, login in session.exec(query):
        held = found.setdefault(incident_id, {})
        held[role] = (*held.get(role, ()), login)
    return found


def _tickets(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    query = (
        select(Ticket.incident_id, Ticket.human_id)
        .where(col(Ticket.incident_id).in_(ids), col(Ticket.voided_at).is_(None))
        .order_by(col(Ticket.id))
    )
    found: dict[int, tuple[str, ...]] = {}
    for incident_id, human_id in session.exec(query):
        if incident_id is not None:
            found[incident_id] = (*found.get(incident_id, ()), human_id)
    return found


def _phase_since(session: Session, ids: Sequence[int]) -> dict[int, datetime]:
    query = select(IncidentPhase.incident_id, IncidentPhase.entered_at).where(
        col(IncidentPhase.incident_id).in_(ids), col(IncidentPhase.left_at).is_(None)
    )
    return dict(session.exec(query).all())


def detail(session: Session, incident_id: int) -> IncidentDetail:
    """Return everything an incident says.

    Raises:
        NotFoundError: There is none.

    """
    rows = by_ids(session, (incident_id,))
    incident = session.get(Incident, incident_id)
    if not rows or incident is None:
        raise NotFoundError(f"There is no incident {incident_id}.")
    return IncidentDetail(
        row=rows[0],
        summary=incident.summary,
        scope=incident.scope,
        category=incident.category,
        tags=tuple(incident.tags),
        pap=incident.pap,
        impact={
            "functional": incident.functional_impact,
            "confidentiality": incident.confidentiality_impact,
            "integrity": incident.integrity_impact,
            "availability": incident.availability_impact,
            "recoverability": incident.recoverability,
        },
        hypothesis=incident.hypothesis,
        unchecked=incident.unchecked,
        update_every=incident.update_every,
        root_cause=incident.root_cause,
        review=_review(incident),
        reviewed_by=incident.reviewed_by,
        phases=_phases(session, incident_id),
        outages=_outages(session, incident_id),
        countermeasures=countermeasures(session, incident_id),
        communications=_communications(session, incident),
        merged=_merged(session, incident_id),
        merged_into=None if incident.merged_into_id is None else _name(session, incident),
    )


def _review(incident: Incident) -> dict[str, Any]:
    """Return the review with the root cause of today: it may be written outside it too."""
    said = incident.review
    return {**said, "root_cause": incident.root_cause} if "root_cause" in said else said


def _outages(session: Session, incident_id: int) -> tuple[OutageRow, ...]:
    query = (
        select(Service.name, col(Outage.down_from), col(Outage.up_at))
        .join(Service, col(Service.id) == col(Outage.service_id))
        .where(col(Outage.incident_id) == incident_id)
        .order_by(col(Outage.down_from), col(Outage.id))
    )
    return tuple(OutageRow(*row) for row in session.exec(query))


def _merged(session: Session, incident_id: int) -> tuple[int, ...]:
    query = select(Incident.id).where(
        col(Incident.merged_into_id) == incident_id, col(Incident.voided_at).is_(None)
    )
    return tuple(number for number in session.exec(query) if number is not None)


def _name(session: Session, incident: Incident) -> str | None:
    return session.exec(
        select(Incident.human_id).where(col(Incident.id) == incident.merged_into_id)
    ).first()


def _phases(session: Session, incident_id: int) -> tuple[PhaseRow, ...]:
    query = (
        select(IncidentPhase)
        .where(col(IncidentPhase.incident_id) == incident_id)
        .order_by(col(IncidentPhase.entered_at), col(IncidentPhase.id))
    )
    return tuple(
        PhaseRow(row.phase, row.entered_at, row.entered_by, row.reason, row.left_at)
        for row in session.exec(query)
    )


def countermeasures(session: Session, incident_id: int) -> tuple[CountermeasureRow, ...]:
    """Return what is done against an incident, in the order it was proposed."""
    query = (
        select(Countermeasure)
        .where(col(Countermeasure.incident_id) == incident_id)
        .order_by(col(Countermeasure.proposed_at), col(Countermeasure.id))
    )
    return tuple(_measure(row) for row in session.exec(query))


IN_FORCE = ("active", "verified")
"""The states in which a countermeasure does something, and has to be taken back."""


def overdue_measures(
    session: Session, now: datetime, incident_ids: Sequence[int]
) -> dict[int, tuple[CountermeasureRow, ...]]:
    """Return, by incident, what is still in force although its time is over."""
    query = (
        select(Countermeasure)
        .where(
            col(Countermeasure.incident_id).in_(incident_ids),
            col(Countermeasure.state).in_(IN_FORCE),
            col(Countermeasure.expires_at) <= now,
        )
        .order_by(col(Countermeasure.expires_at))
    )
    found: dict[int, tuple[CountermeasureRow, ...]] = {}
    for row in session.exec(query):
        found[row.incident_id] = (*found.get(row.incident_id, ()), _measure(row))
    return found


def _measure(row: Countermeasure) -> CountermeasureRow:
    return CountermeasureRow(
        id=row.id or 0,
        title=row.title,
        target=row.target,
        state=row.state,
        rollback=row.rollback,
        expires_at=row.expires_at,
        steps=_steps(row),
    )


def _steps(row: Countermeasure) -> tuple[tuple[str, datetime, str], ...]:
    taken = (
        ("proposed", row.proposed_at, row.proposed_by),
        ("approved", row.approved_at, row.approved_by),
        ("activated", row.activated_at, row.activated_by),
        ("verified", row.verified_at, row.verified_by),
        ("removed", row.removed_at, row.removed_by),
    )
    return tuple((step, at, by or "") for step, at, by in taken if at is not None)


def _communications(session: Session, incident: Incident) -> tuple[CommunicationRow, ...]:
    query = (
        select(Communication)
        .where(col(Communication.incident_id) == incident.id)
        .order_by(col(Communication.at), col(Communication.id))
    )
    return tuple(
        CommunicationRow(
            id=row.id or 0,
            at=row.at,
            by=row.by,
            audience=row.audience,
            channel=row.channel,
            body=row.body,
            tlp=row.tlp or incident.tlp,
            next_update_due_at=row.next_update_due_at,
        )
        for row in session.exec(query)
    )
