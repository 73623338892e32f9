"""Editing the fields of a case while others may edit them too: merged by field, never lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session

from socconsole.core.tlp import Pap, Tlp
from socconsole.errors import NotFoundError, UsageError
from socconsole.store.recording import recording
from socconsole.store.tables import Incident, Ticket

SHARED = ("title", "category", "tags", "tlp", "pap", "hypothesis", "unchecked", "next_step")
TICKET_FIELDS = (*SHARED, "description", "deadline", "watchers", "reporter", "contact", "channel")
INCIDENT_FIELDS = (
    *SHARED,
    "summary",
    "scope",
    "deadline",
    "blockers",
    "functional_impact",
    "confidentiality_impact",
    "integrity_impact",
    "availability_impact",
    "recoverability",
    "root_cause",
    "started_at",
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that two analysts changed differently; nothing of it was written."""

    field: str
    base: object
    """What both started from."""
    mine: object
    theirs: object


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit did."""

    applied: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


Case = TypeVar("Case", Ticket, Incident)


def edit_ticket(
    session: Session,
    ticket_id: int,
    changes: Mapping[str, object],
    base: Mapping[str, object] | None = None,
    *,
    by: str,
    now: datetime,
) -> Edited:
    """Change fields of a ticket.

    Args:
        session: The unit of work.
        ticket_id: The ticket.
        changes: Field → new value.
        base: Field → what the editor saw; a field that is something else by now is left as it is
            and returned as a conflict. Without it the fields are overwritten.
        by: Who.
        now: When.

    Raises:
        UsageError: A field cannot be edited.

    """
    ticket = session.get(Ticket, ticket_id, with_for_update=True)
    return _edit(session, ticket, TICKET_FIELDS, changes, base or {}, by=by, now=now)


def edit_incident(
    session: Session,
    incident_id: int,
    changes: Mapping[str, object],
    base: Mapping[str, object] | None = None,
    *,
    by: str,
    now: datetime,
) -> Edited:
    """Change fields of an incident; see `edit_ticket`."""
    incident = session.get(Incident, incident_id, with_for_update=True)
    return _edit(session, incident, INCIDENT_FIELDS, changes, base or {}, by=by, now=now)


def _edit(
    session: Session,
    case: Case | None,
    editable: tuple[str, ...],
    changes: Mapping[str, object],
    base: Mapping[str, object],
    *,
    by: str,
    now: datetime,
) -> Edited:
    if case is None or case.voided_at is not None:
        raise NotFoundError("There is no such case.")
    _require_editable(editable, changes)
    applied: list[str] = []
    conflicts: list[Conflict] = []
    kind = "ticket" if isinstance(case, Ticket) else "incident"
    with recording(session, verb=f"{kind}.edit", by=by, now=now) as action:
        action.about = (kind, case.id or 0)
        for name, mine in changes.items():
            theirs = getattr(case, name)
            if theirs == mine:
                continue
            if name in base and theirs != base[name]:
                conflicts.append(Conflict(name, base[name], mine, theirs))
                continue
            setattr(case, name, mine)
            applied.append(name)
        if applied:
            case.updated_at = now
        session.add(case)
        action.summary = f"{case.human_id}: {', '.join(applied).replace('_', ' ')}"
    return Edited(tuple(applied), tuple(conflicts))


def _require_editable(editable: tuple[str, ...], changes: Mapping[str, object]) -> None:
    for name, value in changes.items():
        if name not in editable:
            raise UsageError(f"{name!r} is not edited.", hint=f"Edit {', '.join(editable)}.")
        if name == "title" and not str(value).strip():
            raise UsageError("A title is needed.")
        marks = {"tlp": Tlp, "pap": Pap}.get(name)
        if marks is not None and value not in list(marks):
            raise UsageError(
                f"{value!r} is no {name.upper()}.", hint=f"Use one of {', '.join(marks)}."
            )
