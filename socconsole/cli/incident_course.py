"""Where an incident goes, from the shell: what it says, whom it asks, what it becomes part of."""

from collections.abc import Mapping
from typing import Annotated, Literal

from cyclopts import Parameter

from socconsole.cli.asked import Exchange, print_asked
from socconsole.cli.case_options import NOTHING, Said
from socconsole.cli.cases import ahead, behind, incident_document, who
from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_text

Given = Annotated[Context, Parameter(parse=False)]
Level = Literal["none", "low", "medium", "high"]
Loss = Literal["none", "low", "high"]
Recovery = Literal["regular", "supplemented", "extended", "not_recoverable"]


def merge(incident: str, into: str, *, reason: str, json: bool = False, context: Given) -> int:
    """Make an incident part of another: it closes as merged, its tickets and alerts move.

    Args:
        incident: The number of the one that ends.
        into: The number of the one that goes on.
        reason: How you know that they are one.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services.incident_merge import merge as merge_into
    from socconsole.store.queries import subjects

    with context.database() as database, database.begin() as session:
        one = subjects.incident(session, incident).id
        other = subjects.incident(session, into).id
        row = merge_into(session, one, other, reason, **who(context))
    if json:
        print_json(incident_document(row))
    else:
        print_text([f"{incident} is part of {row.human_id} now: {', '.join(row.tickets)}"])
    return 0


def edit(
    incident: str,
    *,
    said: Said = NOTHING,
    summary: str | None = None,
    scope: str | None = None,
    blockers: str | None = None,
    root_cause: str | None = None,
    began: str | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Change what an incident says; a handoff needs its next step and deadline.

    Args:
        incident: Its number.
        said: What every case says.
        summary: What is known.
        scope: What is hit.
        blockers: What stands in the way; "" for nothing.
        root_cause: What made it possible, in a person's words.
        began: When it began, as far as is known: 2h (ago), 14:30, RFC 3339.
        json: Print one JSON document.
        context: The global options.

    """
    changes = said.changes(
        context,
        summary=summary,
        scope=scope,
        blockers=blockers,
        root_cause=root_cause,
        started_at=behind(began, context),
    )
    return _edited(incident, changes, json, context)


def impact(
    incident: str,
    *,
    functional: Level | None = None,
    confidentiality: Loss | None = None,
    integrity: Loss | None = None,
    availability: Loss | None = None,
    recoverability: Recovery | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Change what an incident does to us.

    Args:
        incident: Its number.
        functional: How much the business is hindered.
        confidentiality: How badly secrets are out.
        integrity: How badly data was altered.
        availability: How badly data is out of reach.
        recoverability: How hard it is to recover.
        json: Print one JSON document.
        context: The global options.

    """
    said = {
        "functional_impact": functional,
        "confidentiality_impact": confidentiality,
        "integrity_impact": integrity,
        "availability_impact": availability,
        "recoverability": recoverability,
    }
    changes = {name: value for name, value in said.items() if value is not None}
    return _edited(incident, changes, json, context)


def extend(
    countermeasure: int,
    *,
    until: str | None = None,
    reason: str,
    json: bool = False,
    context: Given,
) -> int:
    """Let a countermeasure stand longer, with the reason.

    Args:
        countermeasure: Its number, from `incidents countermeasure INC-…`.
        until: Until when: 2d; without it until somebody removes it.
        reason: Why longer.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import countermeasures

    expires_at = ahead(until, context)
    with context.database() as database, database.begin() as session:
        countermeasures.extend(session, countermeasure, expires_at, reason, **who(context))
    if json:
        print_json({"countermeasure": countermeasure, "expires_at": expires_at})
    else:
        until_when = f"until {expires_at:%Y-%m-%d %H:%MZ}" if expires_at else "until it is removed"
        print_text([f"countermeasure {countermeasure} stands {until_when}"])
    return 0


def _edited(incident: str, changes: Mapping[str, object], json: bool, context: Context) -> int:
    from socconsole.services.case_edit import edit_incident
    from socconsole.store.queries import subjects
    from socconsole.store.queries.incidents import by_ids

    with context.database() as database, database.begin() as session:
        number = subjects.incident(session, incident).id
        done = edit_incident(session, number, changes, **who(context))
        (row,) = by_ids(session, (number,))
    if json:
        print_json(incident_document(row))
    else:
        print_text([f"{row.human_id}: {', '.join(done.applied) or 'nothing changed'}"])
    return 0


def escalate(
    incident: str,
    *,
    why: str = "",
    by: str = "",
    whom: str = "",
    again: str | None = None,
    answered: int | None = None,
    answer: str = "",
    json: bool = False,
    context: Given,
) -> int:
    """Ask who is next on the path, or somebody else, keep the answer; list who was asked.

    Args:
        incident: Its number.
        why: For what; without it nobody is asked.
        by: By phone, mail, chat.
        whom: Somebody else than the next on the path.
        again: When to ask again without an answer: 30m; else when the next one is due.
        answered: Number of a question that was answered.
        answer: What they said.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import escalations
    from socconsole.store.queries import notes as queries
    from socconsole.store.queries import subjects
    from socconsole.store.queries.incidents import by_ids

    said = Exchange(
        whom=whom, channel=by, reason=why, again=again, answered=answered, answer=answer
    )
    with context.database() as database, database.begin() as session:
        about = subjects.incident(session, incident)
        if not said.take_down(session, about, context) and why:
            escalations.escalate(
                session, about.id, why, by, policy=context.settings(), **who(context)
            )
        rows = queries.escalations(session, "incident", about.id)
        (row,) = by_ids(session, (about.id,))
    if json:
        print_json({"asked": rows, "next": row.escalate_to, "next_at": row.escalate_at})
        return 0
    print_asked(rows)
    if row.escalate_to:
        print_text([f"next: {row.escalate_to}, at {row.escalate_at:%Y-%m-%d %H:%MZ}"])
    return 0
