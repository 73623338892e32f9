"""Declaring an incident from whatever the analyst has in hand."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from socconsole.core.policy import SHIPPED, Settings
from socconsole.errors import TransitionError, UsageError
from socconsole.services import ticket_alerts, tickets
from socconsole.services.incident_log import KnownBad, add_indicator
from socconsole.services.incidents import Declaration, declare
from socconsole.store.queries.incidents import IncidentRow
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
        alerts = ticket_alerts.alert_rows(session, alert_ids)
        in_ticket = {alert.ticket_id for alert in alerts if alert.status == "escalated"}
        loose = [alert.id or 0 for alert in alerts if alert.status != "escalated"]
        if len(in_ticket) > 1:
            raise TransitionError("The alerts are in different tickets.", hint="Merge them first.")
        if not in_ticket:
            opened = tickets.open_from_alerts(session, loose, by=by, now=now, policy=policy)
            ticket_id = opened.id
        else:
            ticket_id = in_ticket.pop() or 0
            if loose:
                tickets.add_alerts(session, ticket_id, loose, by=by, now=now)
        row = declare(session, ticket_id, declaration, by=by, now=now, policy=policy)
        action.summary = f"declared {row.human_id} (SEV{row.severity}) {row.title}"
    return row
