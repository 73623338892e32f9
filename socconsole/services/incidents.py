"""Incidents: declared by a person, led through their phases, closed after their review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from socconsole.core.lifecycle import INCIDENT
from socconsole.core.policy import SHIPPED, Settings
from socconsole.errors import NotFoundError, TransitionError, UsageError
from socconsole.services import response_plan, ticket_alerts, tickets
from socconsole.store.human_ids import next_human_id
from socconsole.store.queries import incidents as queries
from socconsole.store.queries.incidents import IncidentRow
from socconsole.store.recording import recording
from socconsole.store.tables import Alert, Incident, IncidentPhase, IncidentRole, Ticket

ROLES = ("commander", "deputy", "scribe", "liaison", "responder")
SEVERITIES = range(1, 6)
"""SEV1, the worst, to SEV5. What each means stands in the response plan; if unsure, the higher."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What it does to us, as NIST SP 800-61r2 asks."""

    functional: str = "none"
    confidentiality: str = "none"
    integrity: str = "none"
    availability: str = "none"
    recoverability: str = "regular"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a person says when declaring an incident."""

    severity: int
    title: str = ""
    """Empty: the ticket's."""
    kind: str = "security"
    summary: str = ""
    scope: str = ""
    impact: Impact = field(default_factory=Impact)
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Role → logins. Whoever declares commands until somebody says "I have command"."""
    indicators: Sequence[str] = ()
    """Values confirmed bad."""
    tlp: str | None = None
    """None: the ticket's."""


def declare(
    session: Session,
    ticket_id: int,
    declaration: Declaration,
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> IncidentRow:
    """Declare an incident from a ticket; its alerts belong to it from now on.

    Raises:
        TransitionError: The ticket is in an incident already.
        UsageError: The severity is none of 1 to 5, or a role is none we know.

    """
    if declaration.severity not in SEVERITIES:
        raise UsageError(f"SEV{declaration.severity} is none of SEV1 to SEV5.")
    with recording(session, verb="incident.declare", by=by, now=now, summary="") as action:
        ticket = tickets.get(session, ticket_id)
        if ticket.incident_id is not None:
            other = get(session, ticket.incident_id)
            raise TransitionError(f"{ticket.human_id} is in {other.human_id} already.")
        incident = _new(session, ticket, declaration, by=by, now=now, policy=policy)
        session.add(incident)
        session.flush()
        assert incident.id is not None
        session.add(
            IncidentPhase(incident_id=incident.id, phase="declared", entered_at=now, entered_by=by)
        )
        _give_roles(session, incident.id, declaration.roles, by=by, now=now)
        _adopt(session, ticket, incident)
        plan = response_plan.load_plan(policy.cases)
        response_plan.begin(session, incident, plan, by=by, now=now)
        action.about = ("incident", incident.id)
        action.summary = f"declared {incident.human_id} (SEV{incident.severity}) {incident.title}"
    return _row(session, incident)


def attach_ticket(
    session: Session, incident_id: int, ticket_id: int, *, by: str, now: datetime
) -> IncidentRow:
    """Make a ticket part of an incident."""
    with recording(session, verb="incident.attach", by=by, now=now, summary="") as action:
        incident, ticket = _open(session, incident_id), tickets.get(session, ticket_id)
        action.about = ("incident", incident_id)
        if ticket.incident_id is not None:
            raise TransitionError(f"{ticket.human_id} is in an incident already.")
        _adopt(session, ticket, incident)
        incident.updated_at = now
        action.summary = f"attached {ticket.human_id} to {incident.human_id}"
    return _row(session, incident)


def move_phase(
    session: Session, incident_id: int, phase: str, reason: str = "", *, by: str, now: datetime
) -> IncidentRow:
    """Enter a phase: the next one, or any earlier one with a reason. Every entry is kept."""
    with recording(session, verb="incident.phase", by=by, now=now, summary="") as action:
        incident = get(session, incident_id)
        action.about = ("incident", incident_id)
        facts = {
            "reason": reason.strip(),
            "ended_early": incident.outcome not in {None, "confirmed"},
        }
        entered = INCIDENT.move(incident.phase, phase, facts)
        if phase == "closed":
            _require_review(incident)
            _require_taken_back(session, incident, now)
        incident.phase = entered
        if phase == "closed":
            incident.closed_at, incident.closed_by = now, by
            incident.outcome = incident.outcome or "confirmed"
        else:
            incident.outcome = incident.merged_into_id = None
        _enter(session, incident, phase, reason.strip(), by=by, now=now)
        _stamp_clocks(session, incident, now)
        incident.updated_at = now
        action.summary = f"moved {incident.human_id} to {phase.replace('_', ' ')}"
        if reason.strip():
            action.summary += f": {reason.strip()}"
    return _row(session, incident)


def end_early(
    session: Session, incident_id: int, outcome: str, reason: str, *, by: str, now: datetime
) -> IncidentRow:
    """Close an incident that was declared in error; `incident_merge` ends one as merged."""
    if outcome != "declared_in_error":
        raise UsageError(f"{outcome!r} does not end an incident.", hint="Use declared_in_error.")
    if not reason.strip():
        raise TransitionError("Ending an incident early asks for a reason.")
    with recording(session, verb="incident.end", by=by, now=now, summary="") as action:
        incident = _open(session, incident_id)
        action.about = ("incident", incident_id)
        incident.outcome = outcome
        move_phase(session, incident_id, "closed", reason, by=by, now=now)
        action.summary = (
            f"ended {incident.human_id} as {outcome.replace('_', ' ')}: {reason.strip()}"
        )
    return _row(session, incident)


def set_severity(
    session: Session,
    incident_id: int,
    severity: int,
    reason: str,
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> IncidentRow:
    """Change how severe the incident is, and say why; its review and its path follow."""
    if severity not in SEVERITIES:
        raise UsageError(f"SEV{severity} is none of SEV1 to SEV5.")
    if not reason.strip():
        raise TransitionError("Changing the severity asks for a reason.")
    with recording(session, verb="incident.severity", by=by, now=now, summary="") as action:
        incident = _open(session, incident_id)
        action.about = ("incident", incident_id)
        before, incident.severity = incident.severity, severity
        incident.review_due_at = _review_due(incident)
        response_plan.look_along_path(session, incident, response_plan.load_plan(policy.cases))
        incident.updated_at = now
        action.summary = (
            f"changed {incident.human_id} from SEV{before} to SEV{severity}: {reason.strip()}"
        )
    return _row(session, incident)


def assign_role(
    session: Session, incident_id: int, role: str, login: str, *, by: str, now: datetime
) -> IncidentRow:
    """Give somebody a role. Command is never given: it is taken with "I have command"."""
    if role == "commander":
        raise TransitionError(
            "Command is not assigned.", hint=f'{login} takes it by saying "I have command".'
        )
    if role not in ROLES:
        raise UsageError(f"There is no role {role!r}.", hint=f"Use one of {', '.join(ROLES)}.")
    with recording(session, verb="incident.role", by=by, now=now, summary="") as action:
        incident = _open(session, incident_id)
        action.about = ("incident", incident_id)
        if login in _holders(session, incident_id, role):
            raise TransitionError(f"{login} is {role} of {incident.human_id} already.")
        if role != "responder":
            _end_role(session, incident_id, role, now)
        incident.updated_at = now  # so that of two who do this at once, one is refused
        session.add(
            IncidentRole(incident_id=incident_id, role=role, login=login, since=now, assigned_by=by)
        )
        action.summary = f"gave {login} the role of {role} in {incident.human_id}"
    return _row(session, incident)


def take_command(session: Session, incident_id: int, *, by: str, now: datetime) -> IncidentRow:
    """Say "I have command": the one before has it no longer."""
    with recording(session, verb="incident.command", by=by, now=now, summary="") as action:
        incident = _open(session, incident_id)
        action.about = ("incident", incident_id)
        before = _end_role(session, incident_id, "commander", now)
        if by in before:
            raise TransitionError(f"{by} has command already.")
        incident.updated_at = now
        session.add(
            IncidentRole(
                incident_id=incident_id, role="commander", login=by, since=now, assigned_by=by
            )
        )
        action.summary = f"took command of {incident.human_id}"
    return _row(session, incident)


def get(session: Session, incident_id: int) -> Incident:
    """Return the row of an incident that was not voided.

    Raises:
        NotFoundError: There is none.

    """
    incident = session.get(Incident, incident_id)
    if incident is None or incident.voided_at is not None:
        raise NotFoundError(f"There is no incident {incident_id}.")
    return incident


def _open(session: Session, incident_id: int) -> Incident:
    incident = get(session, incident_id)
    if incident.phase == "closed":
        raise TransitionError(f"{incident.human_id} is closed.", hint="Move it back to a phase.")
    return incident


def _new(
    session: Session,
    ticket: Ticket,
    said: Declaration,
    *,
    by: str,
    now: datetime,
    policy: Settings,
) -> Incident:
    alerts = ticket_alerts.alerts_in(session, ticket)
    created = min((alert.created_at for alert in alerts), default=ticket.reported_at)
    return Incident(
        human_id=next_human_id(session, "INC", now, ZoneInfo(policy.shift.timezone)),
        title=said.title.strip() or ticket.title,
        kind=said.kind,
        severity=said.severity,
        summary=said.summary,
        scope=said.scope,
        category=ticket.category,
        tlp=said.tlp or ticket.tlp,
        pap=ticket.pap,
        functional_impact=said.impact.functional,
        confidentiality_impact=said.impact.confidentiality,
        integrity_impact=said.impact.integrity,
        availability_impact=said.impact.availability,
        recoverability=said.impact.recoverability,
        service_id=ticket.service_id,
        hypothesis=ticket.hypothesis,
        unchecked=ticket.unchecked,
        next_step=ticket.next_step,
        deadline=ticket.deadline,
        started_at=min((alert.first_seen for alert in alerts), default=None),
        detected_at=created or now,
        reported_at=ticket.reported_at,
        declared_at=now,
        declared_by=by,
        first_response_at=_first_response(alerts, ticket),
    )


def _first_response(alerts: Sequence[Alert], ticket: Ticket) -> datetime:
    """Return when a person first acted: on an alert, else by opening the ticket."""
    touched = [alert.acknowledged_at for alert in alerts if alert.acknowledged_at is not None]
    return min((*touched, ticket.opened_at))


def _adopt(session: Session, ticket: Ticket, incident: Incident) -> None:
    ticket.incident_id = incident.id
    session.add(ticket)
    ticket_alerts.join_incident(session, ticket_alerts.alerts_in(session, ticket), ticket)


def _give_roles(
    session: Session,
    incident_id: int,
    roles: Mapping[str, Sequence[str]],
    *,
    by: str,
    now: datetime,
) -> None:
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        raise UsageError(f"There is no role {unknown[0]!r}.", hint=f"Use {', '.join(ROLES)}.")
    given = {"commander": (by,), **{k: v for k, v in roles.items() if k != "commander"}}
    for role, logins in given.items():
        for login in dict.fromkeys(logins):
            session.add(
                IncidentRole(
                    incident_id=incident_id, role=role, login=login, since=now, assigned_by=by
                )
            )


def _end_role(session: Session, incident_id: int, role: str, now: datetime) -> list[str]:
    """End a role and return who had it."""
    held = _holders(session, incident_id, role)
    for row in held.values():
        row.until = now
    return list(held)


def _holders(session: Session, incident_id: int, role: str) -> dict[str, IncidentRole]:
    """Return login → the row of those who have a role."""
    query = select(IncidentRole).where(
        col(IncidentRole.incident_id) == incident_id,
        col(IncidentRole.role) == role,
        col(IncidentRole.until).is_(None),
    )
    return {row.login: row for row in session.exec(query)}


def _enter(
    session: Session, incident: Incident, phase: str, reason: str, *, by: str, now: datetime
) -> None:
    query = select(IncidentPhase).where(
        col(IncidentPhase.incident_id) == incident.id, col(IncidentPhase.left_at).is_(None)
    )
    for entry in session.exec(query):
        entry.left_at = now
    assert incident.id is not None
    session.add(
        IncidentPhase(
            incident_id=incident.id, phase=phase, entered_at=now, entered_by=by, reason=reason
        )
    )


_PHASES = INCIDENT.states


def _stamp_clocks(session: Session, incident: Incident, now: datetime) -> None:
    """Keep contained_at and recovered_at true: the last ones that were not undone.

    Containment holds when the incident moves on to eradication; moving back before that takes
    it away again.
    """
    place = _PHASES.index(incident.phase)
    ended_early = incident.outcome not in {None, "confirmed"}
    if place < _PHASES.index("eradication"):
        incident.contained_at = None
    elif incident.contained_at is None and not ended_early:
        incident.contained_at = now
    if place < _PHASES.index("post_incident"):
        incident.recovered_at = None
    elif incident.recovered_at is None and not ended_early:
        incident.recovered_at = now
    incident.review_due_at = _review_due(incident)
    if incident.phase == "closed":
        incident.next_update_due_at = incident.escalate_to = incident.escalate_at = None
    else:
        incident.closed_at = incident.closed_by = None
    session.add(incident)


REVIEW_DAYS = 5
"""Working days a review may take."""


def _review_due(incident: Incident) -> datetime | None:
    """Return when the review is due: five working days after recovery, for SEV1 and SEV2."""
    if incident.severity > 2 or incident.recovered_at is None:
        return None
    due, days = incident.recovered_at, REVIEW_DAYS
    while days:
        due += timedelta(days=1)
        if due.weekday() < 5:
            days -= 1
    return due


def _require_review(incident: Incident) -> None:
    declared_in_error = incident.outcome not in {None, "confirmed"}
    if incident.severity <= 2 and incident.reviewed_at is None and not declared_in_error:
        raise TransitionError(
            f"A SEV{incident.severity} closes after its review.",
            hint=f"`incidents review {incident.human_id}` writes it.",
        )


def _require_taken_back(session: Session, incident: Incident, now: datetime) -> None:
    """Refuse to close over a countermeasure whose time is over; it would stand for ever."""
    number = incident.id or 0
    left = queries.overdue_measures(session, now, (number,)).get(number, ())
    if left and incident.outcome in {None, "confirmed"}:
        raise TransitionError(
            f"Countermeasure {left[0].id} ({left[0].title}) has expired and is still in force.",
            hint=f"Take it back ({left[0].rollback or 'remove it'}), or extend it.",
        )


def _row(session: Session, incident: Incident) -> IncidentRow:
    assert incident.id is not None
    return queries.by_ids(session, (incident.id,))[0]
