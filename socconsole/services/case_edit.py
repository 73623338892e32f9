"""Editing the fields of a case while others may edit them too: merged by field, never lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session

from socconsole.core.policy import SHIPPED, Settings
from socconsole.core.tlp import Pap, Tlp
from socconsole.errors import NotFoundError, UsageError
from socconsole.services import observables, templates
from socconsole.store.queries.fields import field_of
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


FIELD = "field:"
"""Begins the name of a field that the ticket's template adds."""


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
    policy: Settings = SHIPPED,
) -> Edited:
    """Change fields of a ticket.

    Args:
        session: The unit of work.
        ticket_id: The ticket.
        changes: Field → new value; `field:NAME` is a field of the ticket's template.
        base: Field → what the editor saw; a field that is something else by now is left as it is
            and returned as a conflict. Without it the fields are overwritten.
        by: Who.
        now: When.
        policy: Where the templates are.

    Raises:
        UsageError: A field cannot be edited, or the value is no answer to it.

    """
    ticket = session.get(Ticket, ticket_id, with_for_update=True)
    if ticket is not None:
        changes = _answered(ticket, changes, policy)
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
            theirs = field_of(session, kind, case.id or 0, name)
            if theirs == mine:
                continue
            if name in base and theirs != base[name]:
                conflicts.append(Conflict(name, base[name], mine, theirs))
                continue
            _set(case, name, mine)
            applied.append(name)
        if applied:
            case.updated_at = now
        session.add(case)
        for name in applied:
            if name.startswith(FIELD):
                text = str(changes[name])
                observables.link_text(session, kind, case.id or 0, text, by=by, now=now)
        names = ", ".join(name.removeprefix(FIELD) for name in applied)
        action.summary = f"edited {case.human_id}: {names.replace('_', ' ')}"
    return Edited(tuple(applied), tuple(conflicts))


def _answered(
    ticket: Ticket, changes: Mapping[str, object], policy: Settings
) -> Mapping[str, object]:
    """Return the changes with the answers to the template's fields as they are kept."""
    asked = [name for name in changes if name.startswith(FIELD)]
    if not asked:
        return changes
    template = templates.template_of(ticket, policy.cases)
    if template is None:
        raise UsageError(
            f"{ticket.human_id} has no template, and so no fields of its own.",
            hint="Give it a category that has one.",
        )
    said = {n: template.field(n.removeprefix(FIELD)).answered(str(changes[n])) for n in asked}
    return {**changes, **said}


def _set(case: Ticket | Incident, name: str, value: object) -> None:
    if isinstance(case, Ticket) and name.startswith(FIELD):
        own = name.removeprefix(FIELD)
        rest = {key: kept for key, kept in case.fields.items() if key != own}
        case.fields = {**rest, own: str(value)} if value else rest
    else:
        setattr(case, name, value)


def _require_editable(editable: tuple[str, ...], changes: Mapping[str, object]) -> None:
    for name, value in changes.items():
        if name.startswith(FIELD) and editable is TICKET_FIELDS:
            continue
        if name not in editable:
            raise UsageError(f"{name!r} is not edited.", hint=f"Edit {', '.join(editable)}.")
        if name == "title" and not str(value).strip():
            raise UsageError("A title is needed.")
        marks = {"tlp": Tlp, "pap": Pap}.get(name)
        if marks is not None and value not in list(marks):
            raise UsageError(
                f"{value!r} is no {name.upper()}.", hint=f"Use one of {', '.join(marks)}."
            )
