"""What a ticket consists of, from the shell: fields, alerts, links, tasks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from socconsole.cli.asked import Exchange, print_asked
from socconsole.cli.case_options import NOTHING, Said
from socconsole.cli.cases import ahead, who
from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_rows, print_text
from socconsole.cli.tickets import each

if TYPE_CHECKING:
    from socconsole.store.database import Session
Given = Annotated[Context, Parameter(parse=False)]
Level = Literal["low", "medium", "high"]


def priority(
    *names: str,
    impact: Level = "medium",
    urgency: Level = "medium",
    override: Literal["P1", "P2", "P3", "P4"] | None = None,
    reason: str = "",
    json: bool = False,
    context: Given,
) -> int:
    """Set the priority from impact and urgency; without tickets draw the grid.

    Args:
        names: Numbers of the tickets.
        impact: How much it would hurt.
        urgency: How soon it would hurt.
        override: A priority other than the grid's.
        reason: Why other than the grid's.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.core import priority as grid
    from socconsole.services import tickets
    from socconsole.services.ticket_clock import Stake

    if not names:
        cells = grid.grid_of(context.settings().priority)
        if json:
            print_json([{"impact": i, "urgency": u, "priority": p} for (i, u), p in cells.items()])
        else:
            print_text(grid.grid_lines(cells))
        return 0
    stake = Stake(
        grid.Level(impact),
        grid.Level(urgency),
        grid.Priority(override) if override else None,
        reason,
    )
    return each(
        names,
        json,
        context,
        lambda session, ids: tickets.set_priority(
            session, ids, stake, **who(context), policy=context.settings()
        ),
    )


def edit(
    ticket: str,
    *,
    said: Said = NOTHING,
    description: str | None = None,
    field: tuple[str, ...] = (),
    json: bool = False,
    context: Given,
) -> int:
    """Change what a ticket says; a handoff needs hypothesis, unchecked, next step and deadline.

    Args:
        ticket: Its number.
        said: What every case says.
        description: What was reported or seen, in full.
        field: NAME=ANSWER of a field its template adds; see `tickets templates`.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services.case_edit import edit_ticket

    changes = said.changes(context, description=description)
    changes |= field_answers(field)
    return each(
        [ticket],
        json,
        context,
        lambda session, ids: edit_ticket(
            session, ids[0], changes, policy=context.settings(), **who(context)
        ),
    )


def field_answers(said: Sequence[str]) -> dict[str, object]:
    """Return NAME=ANSWER words as changes of a ticket."""
    from socconsole.errors import UsageError
    from socconsole.services.case_edit import FIELD

    answers: dict[str, object] = {}
    for word in said:
        name, equals, answer = word.partition("=")
        if not equals:
            raise UsageError(f"--field {word!r} answers nothing.", hint="Write NAME=ANSWER.")
        answers[FIELD + name.strip()] = answer
    return answers


def templates(*, json: bool = False, context: Given) -> int:
    """List the templates: what a kind of ticket asks and which tasks it begins with.

    Args:
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services.templates import load_templates

    known = load_templates(context.settings().cases)
    if json:
        print_json(known)
        return 0
    for name, found in known.items():
        print_text([f"{name}: {found.title} (category {found.category})"])
        for asked in found.fields:
            offered = f" ({', '.join(asked.choices)})" if asked.choices else ""
            must = " !" if asked.mandatory else ""
            print_text([f"  field {asked.name}{must}: {asked.title}{offered}"])
        print_text(f"  task{' !' if task.mandatory else ''}: {task.title}" for task in found.tasks)
    return 0


def add(ticket: str, *alerts: int, json: bool = False, context: Given) -> int:
    """Put more alerts into an open ticket.

    Args:
        ticket: Its number.
        alerts: Numbers of the alerts.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import tickets

    return each(
        [ticket],
        json,
        context,
        lambda session, ids: tickets.add_alerts(session, ids[0], alerts, **who(context)),
    )


def detach(ticket: str, *alerts: int, json: bool = False, context: Given) -> int:
    """Take alerts out of a ticket.

    Args:
        ticket: Its number.
        alerts: Numbers of the alerts.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import tickets

    return each(
        [ticket],
        json,
        context,
        lambda session, ids: tickets.detach_alerts(session, ids[0], alerts, **who(context)),
    )


def link(
    ticket: str,
    other: str,
    *,
    kind: Literal["related", "duplicate", "blocks"] = "related",
    remove: bool = False,
    json: bool = False,
    context: Given,
) -> int:
    """Say that two tickets have to do with each other.

    Args:
        ticket: The one.
        other: The other.
        kind: How.
        remove: Take the link back instead.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import ticket_links

    def change(session: "Session", ids: Sequence[int]) -> None:
        if remove:
            ticket_links.unlink(session, ids[0], ids[1], **who(context))
        else:
            ticket_links.link(session, ids[0], ids[1], kind, **who(context))

    return each([ticket, other], json, context, change)


def merge(*names: str, into: str, json: bool = False, context: Given) -> int:
    """Make one ticket of several; the others close and point at it.

    Args:
        names: Numbers of the tickets that end.
        into: The one that stays.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import ticket_links

    return each(
        [into, *names],
        json,
        context,
        lambda session, ids: ticket_links.merge(session, ids[1:], ids[0], **who(context)),
    )


def task(
    ticket: str,
    title: str = "",
    *,
    mandatory: bool = False,
    assignee: str | None = None,
    due: str | None = None,
    done: int | None = None,
    cancel: int | None = None,
    reopen: int | None = None,
    reason: str = "",
    json: bool = False,
    context: Given,
) -> int:
    """Add a task, finish one or cancel one; a mandatory one blocks resolving.

    Args:
        ticket: Its number.
        title: What is to be done.
        mandatory: Whether the ticket cannot be resolved without it.
        assignee: Whose task it is.
        due: By when.
        done: Number of a task that is done.
        cancel: Number of a task to give up, with --reason.
        reopen: Number of a task to take up again.
        reason: Why it is given up.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import tasks
    from socconsole.store.queries.subjects import ticket as find
    from socconsole.store.queries.tickets import tasks_of

    step = tasks.Step(
        title=title, mandatory=mandatory, assignee=assignee, due_at=ahead(due, context)
    )
    with context.database() as database, database.begin() as session:
        about = find(session, ticket)
        if done is not None:
            tasks.finish(session, done, **who(context))
        elif cancel is not None:
            tasks.cancel(session, cancel, reason, **who(context))
        elif reopen is not None:
            tasks.reopen(session, reopen, **who(context))
        else:
            tasks.add(session, about, [step], **who(context))
        rows = tasks_of(session, "ticket", about.id)
    print_rows(
        rows,
        ("id", "state", "must", "assignee", "due", "task"),
        lambda r: (r.id, r.state, "yes" if r.mandatory else "no", r.assignee, r.due_at, r.title),
        json=json,
    )
    return 0


def watch(*names: str, login: str | None = None, json: bool = False, context: Given) -> int:
    """Watch tickets, or no longer where you do.

    Args:
        names: Numbers of the tickets.
        login: Somebody else.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import tickets

    watcher = login or context.login
    return each(
        names,
        json,
        context,
        lambda session, ids: tickets.watch(session, ids, watcher, **who(context)),
    )


def ask(
    ticket: str,
    *,
    whom: str = "",
    by: str = "",
    why: str = "",
    again: str | None = None,
    answered: int | None = None,
    answer: str = "",
    json: bool = False,
    context: Given,
) -> int:
    """Write down whom you asked, or what they answered, and list it.

    Args:
        ticket: Its number.
        whom: Whom you asked.
        by: By phone, mail, chat.
        why: For what.
        again: When to ask again without an answer: 30m.
        answered: Number of a question that was answered.
        answer: What they said.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries import notes as queries
    from socconsole.store.queries.subjects import ticket as find

    said = Exchange(
        whom=whom, channel=by, reason=why, again=again, answered=answered, answer=answer
    )
    with context.database() as database, database.begin() as session:
        about = find(session, ticket)
        said.take_down(session, about, context)
        rows = queries.escalations(session, "ticket", about.id)
    if json:
        print_json(rows)
    else:
        print_asked(rows)
    return 0
