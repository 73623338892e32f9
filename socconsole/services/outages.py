"""How long a service was down in an incident."""

from datetime import datetime

from sqlmodel import Session, col, select

from socconsole.errors import UsageError
from socconsole.services import business
from socconsole.services.incidents import get
from socconsole.store.recording import recording
from socconsole.store.tables import Outage, Service


def record(
    session: Session,
    incident_id: int,
    service: str,
    span: tuple[datetime, datetime | None],
    *,
    by: str,
    now: datetime,
) -> None:
    """Say from when a service was down, and when it was up again if it is.

    Raises:
        NotFoundError: There is no such service.

    """
    down_from, up_at = span
    if up_at is not None and up_at < down_from:
        raise UsageError("It cannot be up again before it was down.")
    named = col(Service.name) == service.strip().lower()
    found = session.exec(select(Service).where(named)).first()
    if found is None or found.id is None:
        raise business.unknown(service)
    incident = get(session, incident_id)
    summary = f"noted the outage of {service} in {incident.human_id}"
    with recording(session, verb="incident.outage", by=by, now=now, summary=summary) as action:
        action.about = ("incident", incident_id)
        query = select(Outage).where(
            col(Outage.incident_id) == incident_id, col(Outage.service_id) == found.id
        )
        row = session.exec(query).first() or Outage(
            service_id=found.id, incident_id=incident_id, down_from=down_from
        )
        row.down_from, row.up_at = down_from, up_at
        incident.service_id = incident.service_id or found.id
        session.add(row)
        session.add(incident)
