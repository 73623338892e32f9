"""What references name: title and state of many alerts, tickets and incidents at once."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from socconsole.store.tables import Alert, Incident, Ticket

_CHUNK = 500


def named(session: Session, refs: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return (title, state) of each reference that exists."""
    alerts = [int(ref[6:]) for ref in refs if ref.startswith("alert:") and ref[6:].isdecimal()]
    tickets = [ref for ref in refs if ref.startswith("SOC-")]
    incidents = [ref for ref in refs if ref.startswith("INC-")]
    found: dict[str, tuple[str, str]] = {}
    for ids in _chunks(alerts):
        query = select_columns(
            col(Alert.id), col(Alert.title), col(Alert.status), col(Alert.disposition)
        ).where(col(Alert.id).in_(ids))
        for alert_id, title, status, disposition in session.execute(query):
            found[f"alert:{alert_id}"] = (title, disposition or status)
    for names in _chunks(tickets):
        numbered = select_columns(
            col(Ticket.human_id), col(Ticket.title), col(Ticket.status)
        ).where(col(Ticket.human_id).in_(names))
        found.update({name: (title, status) for name, title, status in session.execute(numbered)})
    for names in _chunks(incidents):
        declared = select_columns(
            col(Incident.human_id), col(Incident.title), col(Incident.phase)
        ).where(col(Incident.human_id).in_(names))
        found.update({name: (title, phase) for name, title, phase in session.execute(declared)})
    return found


def _chunks(things: Sequence[object]) -> Iterable[Sequence[object]]:
    for start in range(0, len(things), _CHUNK):
        yield things[start : start + _CHUNK]
