"""What a person calls an alert, a ticket or an incident → the row it is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from socconsole.errors import NotFoundError
from socconsole.store.bulk import portions
from socconsole.store.tables import Alert, Incident, Ticket


@dataclass(frozen=True, slots=True)
class Subject:
    """What a note, a finding, a task or evidence hangs on."""

    kind: str
    """`alert`, `ticket` or `incident`."""
    id: int
    name: str
    """`alert:12`, `SOC-2026-014`, `INC-2026-003`."""


_HUMAN_ID = re.compile(r"(SOC|INC)-(\d{4})-(\d{1,9})", re.IGNORECASE)


def subject(session: Session, name: str) -> Subject:
    """Return what `name` means: `SOC-2026-014`, `INC-2026-003`, `alert:12` or `12`.

    Raises:
        NotFoundError: There is none.

    """
    name = name.strip()
    if _HUMAN_ID.fullmatch(name):
        is_ticket = name.upper().startswith("SOC")
        return ticket(session, name) if is_ticket else incident(session, name)
    number = name.lower().removeprefix("alert:").removeprefix("alert ").lstrip("#")
    if not number.isdecimal() or len(number) > 18:
        raise NotFoundError(
            f"{name!r} names nothing.", hint="Name SOC-2026-014, INC-2026-003 or an alert's number."
        )
    found = session.exec(select(Alert.id).where(col(Alert.id) == int(number))).first()
    if found is None:
        raise NotFoundError(f"There is no alert {number}.")
    return Subject("alert", found, f"alert:{found}")


def ticket(session: Session, name: str) -> Subject:
    """Return the ticket called `name`; a bare number means the latest year that has it."""
    return _case(session, name, Ticket, "SOC")


def incident(session: Session, name: str) -> Subject:
    """Return the incident called `name`; a bare number means the latest year that has it."""
    return _case(session, name, Incident, "INC")


def _case(session: Session, name: str, model: type[Ticket | Incident], prefix: str) -> Subject:
    kind = model.__name__.lower()
    query = (
        select(model.id, model.human_id)
        .where(
            col(model.human_id).like(_human_id_pattern(name, prefix)),
            col(model.voided_at).is_(None),
        )
        .order_by(col(model.human_id).desc())
    )
    found = session.exec(query).first()
    if found is None or found[0] is None:
        raise NotFoundError(f"There is no {kind} {name}.", hint=f"`{kind}s list` names them.")
    return Subject(kind, found[0], found[1])


def _human_id_pattern(name: str, prefix: str) -> str:
    """Return a LIKE pattern; what is neither a full id nor a number matches nothing."""
    name = name.strip().upper()
    match = _HUMAN_ID.fullmatch(name)
    if match and match[1] == prefix:
        return f"{prefix}-{match[2]}-{int(match[3]):03d}"
    if name.isdecimal() and len(name) <= 9:
        return f"{prefix}-____-{int(name):03d}"
    return "-"


def name_of(session: Session, kind: str, row_id: int) -> str:
    """Return what people call the row."""
    if kind == "alert":
        return f"alert:{row_id}"
    row = session.get(Ticket, row_id) if kind == "ticket" else session.get(Incident, row_id)
    if row is None:
        raise NotFoundError(f"There is no {kind} {row_id}.")
    return row.human_id


def names_of(session: Session, rows: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Return what people call each (kind, id) that exists, by one statement a kind."""
    wanted = set(rows)
    found = {(kind, row_id): f"alert:{row_id}" for kind, row_id in wanted if kind == "alert"}
    for kind, model in (("ticket", Ticket), ("incident", Incident)):
        for ids in portions(row_id for name, row_id in wanted if name == kind):
            query = select(model.id, model.human_id).where(col(model.id).in_(ids))
            found.update({(kind, row_id or 0): name for row_id, name in session.exec(query)})
    return found
