"""What references name: title and state of many alerts, tickets, incidents and sources at once."""

import re
from collections.abc import Iterable, Sequence

from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from socconsole.store.bulk import portions
from socconsole.store.tables import Alert, Incident, Source, Suppression, Ticket


def named(session: Session, refs: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return (title, state) of each reference that exists."""
    alerts = [int(ref[6:]) for ref in refs if ref.startswith("alert:") and ref[6:].isdecimal()]
    tickets = [ref for ref in refs if ref.startswith("SOC-")]
    incidents = [ref for ref in refs if ref.startswith("INC-")]
    found: dict[str, tuple[str, str]] = {}
    for ids in portions(alerts):
        query = select_columns(
            col(Alert.id), col(Alert.title), col(Alert.status), col(Alert.disposition)
        ).where(col(Alert.id).in_(ids))
        for alert_id, title, status, disposition in session.execute(query):
            found[f"alert:{alert_id}"] = (title, disposition or status)
    for names in portions(tickets):
        numbered = select_columns(
            col(Ticket.human_id), col(Ticket.title), col(Ticket.status)
        ).where(col(Ticket.human_id).in_(names))
        found.update({name: (title, status) for name, title, status in session.execute(numbered)})
    for names in portions(incidents):
        declared = select_columns(
            col(Incident.human_id), col(Incident.title), col(Incident.phase)
        ).where(col(Incident.human_id).in_(names))
        found.update({name: (title, phase) for name, title, phase in session.execute(declared)})
    found.update(_others(session, refs))
    return found


def _others(session: Session, refs: Sequence[str]) -> Iterable[tuple[str, tuple[str, str]]]:
    """Yield sources by name and suppressions by number; there are few of either."""
    wanted = set(refs)
    for ref in wanted:
        if ref.startswith("@"):
            yield ref, ("the tickets of an analyst", "analyst")
    if any(ref.startswith("source:") for ref in wanted):
        for name, kind, state in session.execute(
            select_columns(col(Source.name), col(Source.kind), col(Source.state))
        ):
            if f"source:{name}" in wanted:
                yield f"source:{name}", (kind, state)
    numbers = [int(ref.partition(":")[2]) for ref in wanted if _SUPPRESSION.fullmatch(ref)]
    for chunk in portions(numbers):
        query = select_columns(
            col(Suppression.id),
            col(Suppression.kind),
            col(Suppression.title),
            col(Suppression.reason),
        ).where(col(Suppression.id).in_(chunk))
        for number, kind, title, reason in session.execute(query):
            yield f"{kind}:{number}", (title or reason, kind)


_SUPPRESSION = re.compile(r"(?:suppression|maintenance):\d{1,18}")
