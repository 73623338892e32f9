"""Declaring an incident from whatever the analyst has in hand, and attaching that to one."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from socconsole.core.policy import SHIPPED, Settings
from socconsole.errors import TransitionError, UsageError
from socconsole.services import ticket_alerts, tickets
from socconsole.services.incident_log import KnownBad, add_indicator
from socconsole.services.incidents import Declaration, attach_ticket, declare, get
from socconsole.store.queries.incidents import IncidentRow, by_ids
from socconsole.store.queries.subjects import Subject
from socconsole.store.recording import recording


def declare_from(
    session: Session,
    cases: Sequence[Subject],
    declaration: Declaration,
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> IncidentRow:
    """Declare an incident from one ticket or from alerts, with its first indicators."""
    kinds = {case.kind for case in cases}
    with recording(session, verb="incident.declare", by=by, now=now) as action:
        ids = [case.id for case in cases]
        if kinds == {"ticket"} and len(cases) == 1:
            row = declare(session, ids[0], declaration, by=by, now=now, policy=policy)
        elif kinds == {"alert"}:
            row = declare_from_alerts(session, ids, declaration, by=by, now=now, policy=policy)
        else:
            raise _from_neither()
        if declaration.indicators:
            known = KnownBad(text="\n".join(declaration.indicators))
            add_indicator(session, row.id, known, by=by, now=now)
        action.about = ("incident", row.id)
        action.summary = f"declared {row.human_id} (SEV{row.severity}) {row.title}"
    return row


def _from_neither() -> UsageError:
    return UsageError(
        "An incident is declared from one ticket or from alerts.",
        hint="Name SOC-2026-014, or the numbers of alerts.",
    )


def declare_from_alerts(
    session: Session,
    alert_ids: Sequence[int],
    declaration: Declaration,
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> IncidentRow:
    """Declare an incident from alerts: their ticket is opened in the same action."""
    with recording(session, verb="incident.declare", by=by, now=now) as action:
        ticket_id = _one_ticket(session, alert_ids, by=by, now=now, policy=policy)
        row = declare(session, ticket_id, declaration, by=by, now=now, policy=policy)
        action.summary = f"declared {row.human_id} (SEV{row.severity}) {row.title}"
    return row


def attach_alerts(
    session: Session,
    incident_id: int,
    alert_ids: Sequence[int],
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> IncidentRow:
    """Make alerts part of an incident, with the ticket that some are in or a new one."""
    with recording(session, verb="incident.attach", by=by, now=now) as action:
        incident = get(session, incident_id)
        ticket_id = _one_ticket(session, alert_ids, by=by, now=now, policy=policy)
        if tickets.get(session, ticket_id).incident_id != incident_id:
            attach_ticket(session, incident_id, ticket_id, by=by, now=now)
        action.about = ("incident", incident_id)
        many = f"{len(alert_ids)} alerts" if len(alert_ids) != 1 else f"alert {alert_ids[0]}"
        action.summary = f"attached {many} to {incident.human_id}"
        session.flush()
    return by_ids(session, (incident_id,))[0]


def _one_ticket(
    session: Session, alert_ids: Sequence[int], *, by: str, now: datetime, policy: Settings
) -> int:
    """Return the ticket some of the alerts are in, or a new one; the others go into it.

    Raises:
        TransitionError: They are in different tickets, or one that is in none is closed.

    """
    alerts = ticket_alerts.alert_rows(session, alert_ids)
    held = {a.id: a.ticket_id for a in alerts if a.ticket_id and a.status in _IN_TICKET}
    loose = [alert.id or 0 for alert in alerts if alert.id not in held]
    if len(set(held.values())) > 1:
        raise TransitionError("The alerts are in different tickets.", hint="Merge them first.")
    if not held:
        return tickets.open_from_alerts(session, loose, by=by, now=now, policy=policy).id
    (ticket_id,) = set(held.values())
    if loose:
        tickets.add_alerts(session, ticket_id, loose, by=by, now=now)
    return ticket_id


_IN_TICKET = ("escalated", "closed")
"""Of an alert that was reopened, the ticket it names is that of before."""
