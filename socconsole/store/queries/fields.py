"""One field of a case, for an editor that asks who changed it; the marks that go for a case."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from socconsole.core.tlp import Pap, Tlp, strictest
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


@dataclass(frozen=True, slots=True)
class Marks:
    """The strictest marks of a case and of the cases it belongs to or holds."""

    tlp: Tlp = Tlp.CLEAR
    pap: Pap = Pap.CLEAR

    @property
    def label(self) -> str:
        """Both, as a copied text carries them."""
        return f"{self.tlp.label} {self.pap.label}"


def marks_of(session: Session, kind: str, case_id: int) -> Marks:
    """Return what goes for an alert, a ticket or an incident, whatever it is in or holds.

    Raises:
        NotFoundError: There is no such alert.

    """
    cases: list[Ticket | Incident] = []
    if kind == "incident":
        incident = session.get(Incident, case_id)
        held = session.exec(select(Ticket).where(col(Ticket.incident_id) == case_id))
        cases = [*([incident] if incident else []), *held]
    else:
        ticket_id: int | None = case_id
        if kind == "alert":
            alert = session.get(Alert, case_id)
            if alert is None:
                raise NotFoundError(f"There is no alert {case_id}.")
            ticket_id = alert.ticket_id
        ticket = session.get(Ticket, ticket_id) if ticket_id else None
        around = (
            session.get(Incident, ticket.incident_id) if ticket and ticket.incident_id else None
        )
        cases = [case for case in (ticket, around) if case is not None]
    return Marks(
        strictest(Tlp(case.tlp) for case in cases),
        max((Pap(case.pap) for case in cases), key=lambda mark: mark.step, default=Pap.CLEAR),
    )
