"""What a ticket is good for afterwards: the knowledge base, precedents, exports."""

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from socconsole.cli.cases import hand_out, ticket_document, who
from socconsole.cli.context import Context
from socconsole.cli.numbers import Limit
from socconsole.cli.output import print_json, print_rows, say

if TYPE_CHECKING:
    from socconsole.store.queries.similar import Similar

Given = Annotated[Context, Parameter(parse=False)]


def search(*words: str, limit: Limit = 50, json: bool = False, context: Given) -> int:
    """Search the tickets that ended by their words. Exit code 1: none has any of them.

    Args:
        words: What to look for.
        limit: At most so many.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries import similar

    with context.database() as database, database.read() as session:
        found = similar.search(session, " ".join(words), limit)
    _print(found, json)
    if not found:
        say("No ticket that ended has any of these words.")
    return 0 if found else 1


def similar(ticket: str, *, apply: str | None = None, json: bool = False, context: Given) -> int:
    """List tickets that ended and are like one, or resolve it as one of them was.

    Args:
        ticket: Its number.
        apply: The one to do the same as; a true positive is never repeated without looking.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import precedents
    from socconsole.store.queries import similar as queries
    from socconsole.store.queries import subjects

    with context.database() as database:
        if apply is not None:
            with database.begin() as session:
                row = precedents.apply(
                    session,
                    subjects.ticket(session, ticket).id,
                    subjects.ticket(session, apply).id,
                    policy=context.settings(),
                    **who(context),
                )
                document = ticket_document(session, row)
            print_json(document) if json else say(f"{row.human_id} resolved as {apply} was")
            return 0
        with database.read() as session:
            found = queries.similar(session, subjects.ticket(session, ticket).id)
    _print(found, json)
    return 0


def export(
    ticket: str,
    *,
    format: Literal["md", "html", "json"] = "md",
    audience: Literal["public", "community", "clients", "organisation", "recipients"],
    out: str = "-",
    context: Given,
) -> int:
    """Hand a ticket out, cut to what its audience may read; what is withheld is named.

    Args:
        ticket: Its number.
        format: md, html or json.
        audience: Who will read it: public (up to TLP:CLEAR), community (GREEN), clients (AMBER),
            organisation (AMBER+STRICT) or named recipients (RED).
        out: The file to write; `-` is standard output.
        context: The global options.

    """
    from socconsole.core.tlp import Audience
    from socconsole.services import exports
    from socconsole.store.queries import subjects

    order = exports.Order(format=exports.Format(format), audience=Audience(audience))
    with context.database() as database, database.begin() as session:
        number = subjects.ticket(session, ticket).id
        made = exports.export_ticket(session, number, order, **who(context))
    hand_out(made, out)
    return 0


def _print(found: "tuple[Similar, ...]", json: bool) -> None:
    print_rows(
        found,
        ("ticket", "turned out", "why", "title"),
        lambda each: (each.human_id, each.disposition, each.reason, each.title),
        json=json,
    )
