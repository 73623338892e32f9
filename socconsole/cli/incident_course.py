"""Where an incident goes, from the shell: up the escalation path, or into another incident."""

from typing import Annotated

from cyclopts import Parameter

from socconsole.cli.cases import ahead, incident_document, who
from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_table, print_text

Given = Annotated[Context, Parameter(parse=False)]


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

    policy = context.settings()
    with context.database() as database, database.begin() as session:
        about = subjects.incident(session, incident)
        if answered is not None:
            escalations.answer(session, answered, answer, policy=policy, **who(context))
        elif whom:
            request = escalations.Request(
                whom=whom, channel=by, reason=why, next_contact_at=ahead(again, context)
            )
            escalations.ask(session, about, request, policy=policy, **who(context))
        elif why:
            escalations.escalate(session, about.id, why, by, policy=policy, **who(context))
        rows = queries.escalations(session, "incident", about.id)
        (row,) = by_ids(session, (about.id,))
    if json:
        print_json({"asked": rows, "next": row.escalate_to, "next_at": row.escalate_at})
        return 0
    print_table(
        ("id", "whom", "by", "for what", "asked", "answer"),
        [(r.id, r.whom, r.channel, r.reason, r.asked_at, r.answer) for r in rows],
    )
    if row.escalate_to:
        print_text([f"next: {row.escalate_to}, at {row.escalate_at:%Y-%m-%d %H:%MZ}"])
    return 0
