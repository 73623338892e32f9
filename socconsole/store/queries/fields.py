"""One field of a case, for an editor that later asks whether somebody else changed it."""

from sqlmodel import Session

from socconsole.core.tlp import Pap
from socconsole.errors import NotFoundError
from socconsole.store.tables import Alert, Incident, Ticket


def field_of(session: Session, kind: str, case_id: int, name: str) -> object:
    """Return the value of a field of a ticket or an incident; `field:NAME` of its template.

    Raises:
        NotFoundError: There is no such case.

    """
    table = Ticket if kind == "ticket" else Incident
    row = session.get(table, case_id)
    if row is None:
        raise NotFoundError(f"There is no {kind} {case_id}.")
    own, _, asked = name.partition(":")
    if own == "field" and isinstance(row, Ticket):
        return row.fields.get(asked, "")
    value: object = getattr(row, name)
    return value


def pap_of_alert(session: Session, alert_id: int) -> str:
    """Return the strictest action mark of the ticket and the incident an alert is in."""
    alert = session.get(Alert, alert_id)
    if alert is None:
        raise NotFoundError(f"There is no alert {alert_id}.")
    ticket = session.get(Ticket, alert.ticket_id) if alert.ticket_id else None
    incident = session.get(Incident, alert.incident_id) if alert.incident_id else None
    marks = [Pap(case.pap) for case in (ticket, incident) if case is not None]
    return max(marks, key=lambda mark: mark.step, default=Pap.CLEAR).value
