"""What commands about cases share: names, moments on the team's clock, shapes."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict
from zoneinfo import ZoneInfo

from socconsole.cli.context import Context
from socconsole.cli.output import say
from socconsole.errors import FileError

if TYPE_CHECKING:
    from socconsole.services.exports import Export
    from socconsole.store.database import Session
    from socconsole.store.queries.incidents import IncidentRow
    from socconsole.store.queries.tickets import TicketRow


class Who(TypedDict):
    """Who does a verb, and when."""

    by: str
    now: datetime


def who(context: Context) -> Who:
    """Return the analyst at the shell, now."""
    return {"by": context.login, "now": context.now()}


def moment_named(text: str, context: Context) -> datetime:
    """Return the moment `text` names, a bare span ahead of now."""
    from socconsole.core.moment import moment

    return moment(text, now=context.now(), zone=team_zone(context))


def ahead(text: str | None, context: Context) -> datetime | None:
    """Return the moment `text` names, a bare span ahead of now; None for None."""
    return None if text is None else moment_named(text, context)


def behind(text: str | None, context: Context) -> datetime | None:
    """Return the moment `text` names, a bare span behind now; None for None."""
    from socconsole.core.moment import past_moment

    if text is None:
        return None
    return past_moment(text, now=context.now(), zone=team_zone(context))


def team_zone(context: Context) -> ZoneInfo:
    """Return the zone the team works in."""
    return ZoneInfo(context.settings().shift.timezone)


def hand_out(made: "Export", out: str) -> None:
    """Write an export to the file `out`, `-` for standard output; say what it withholds.

    Raises:
        FileError: The file cannot be written.

    """
    for withheld in made.withheld:
        say(withheld.sentence())
    if out == "-":
        sys.stdout.write(made.text)
        return
    try:
        Path(out).write_text(made.text, encoding="utf-8")
    except OSError as error:
        raise FileError(
            f"It cannot be written: {error.strerror}.", hint="Name another --out.", where=out
        ) from None


def ticket_ids(session: "Session", names: Sequence[str]) -> list[int]:
    """Return the ids of the tickets called so."""
    from socconsole.store.queries.subjects import ticket

    return [ticket(session, name).id for name in names]


def ticket_document(session: "Session", row: "TicketRow") -> dict[str, object]:
    """Return a ticket in the shape scripts rely on."""
    from socconsole.store.queries.tickets import alerts_of

    return {
        "id": row.human_id,
        "title": row.title,
        "status": row.status,
        "disposition": row.disposition,
        "sub_reason": row.sub_reason,
        "priority": row.priority,
        "assignee": row.assignee,
        "category": row.category,
        "tlp": row.tlp,
        "alerts": [alert.id for alert in alerts_of(session, (row.id,))],
        "incident": row.incident,
        "opened_at": row.opened_at,
        "due_at": row.due_at,
        "resolved_at": row.resolved_at,
        "waiting_on": row.waiting_on,
        "chase_at": row.chase_at,
        "next_step": row.next_step,
        "deadline": row.deadline,
    }


def incident_document(row: "IncidentRow") -> dict[str, object]:
    """Return an incident in the shape scripts rely on."""
    return {
        "id": row.human_id,
        "title": row.title,
        "kind": row.kind,
        "severity": row.severity,
        "phase": row.phase,
        "outcome": row.outcome,
        "roles": row.roles,
        "tickets": row.tickets,
        "tlp": row.tlp,
        "started_at": row.started_at,
        "detected_at": row.detected_at,
        "declared_at": row.declared_at,
        "first_response_at": row.first_response_at,
        "contained_at": row.contained_at,
        "recovered_at": row.recovered_at,
        "closed_at": row.closed_at,
        "next_update_due_at": row.next_update_due_at,
        "next_step": row.next_step,
        "deadline": row.deadline,
        "blockers": row.blockers,
    }
