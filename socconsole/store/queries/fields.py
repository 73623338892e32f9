"""One field of a case, for an editor that later asks whether somebody else changed it."""

from sqlmodel import Session

from socconsole.errors import NotFoundError
from socconsole.store.tables import Incident, Ticket


def field_of(session: Session, kind: str, case_id: int, name: str) -> object:
    """Return the value of a field of a ticket or an incident.

    Raises:
        NotFoundError: There is no such case.

    """
    table = Ticket if kind == "ticket" else Incident
    row = session.get(table, case_id)
    if row is None:
        raise NotFoundError(f"There is no {kind} {case_id}.")
    value: object = getattr(row, name)
    return value
