"""Tickets from the shell: the verbs of the Tickets screen."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from socconsole.cli.cases import ahead, behind, ticket_document, ticket_ids
from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_table, print_text

if TYPE_CHECKING:
    from sqlmodel import Session

    from socconsole.store.queries.tickets import TicketRow

app = App(name="tickets", help="Open, work and close tickets.")

Given = Annotated[Context, Parameter(parse=False)]
Level = Literal["low", "medium", "high"]


@app.command(name="list")
def list_(
    *words: str,
    status: tuple[str, ...] = (),
    closed: bool = False,
    assignee: str | None = None,
    mine: bool = False,
    limit: int = 1000,
    json: bool = False,
    context: Given,
) -> int:
    """List open tickets, the most pressing first.

    Args:
        words: Only tickets with all of these in number or title.
        status: Only these statuses.
        closed: All statuses, resolved and closed ones too.
        assignee: Only this analyst's; "" for nobody's.
        mine: Only yours.
        limit: At most so many.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries.tickets import OPEN_STATUSES, TicketFilter, tickets

    wanted = TicketFilter(
        statuses=() if closed else status or OPEN_STATUSES,
        assignee=context.login if mine else assignee,
        words=" ".join(words),
    )
    with context.database() as database, database.read() as session:
        rows = tickets(session, wanted, limit)
        documents = [ticket_document(session, row) for row in rows] if json else []
    if json:
        print_json(documents)
    else:
        _print(rows, context)
    return 0


@app.command
def show(ticket: str, *, json: bool = False, context: Given) -> int:
    """Show everything about a ticket: alerts, tasks, notes, findings, evidence, links.

    Args:
        ticket: Its number, such as SOC-2026-014.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries import subjects
    from socconsole.store.queries.casefile import casefile, casefile_document, casefile_lines

    with context.database() as database, database.read() as session:
        file = casefile(session, subjects.ticket(session, ticket).id)
        document = ticket_document(session, file.detail.row)
    if json:
        print_json({**document, **casefile_document(file)})
    else:
        print_text(casefile_lines(file, context.now()))
    return 0


@app.command(name="open")
def open_(
    *alerts: int,
    title: str = "",
    text: str = "",
    reporter: str = "",
    contact: str = "",
    channel: str = "",
    reported: str | None = None,
    asset: str = "",
    impact: Level = "medium",
    urgency: Level = "medium",
    category: str = "",
    template: str | None = None,
    assignee: str | None = None,
    tlp: str = "AMBER",
    json: bool = False,
    context: Given,
) -> int:
    """Open a ticket from alerts, or with --title for what a person reports.

    Args:
        alerts: Numbers of the alerts it is about; none for a report.
        title: What it is about; from alerts it is made up.
        text: What was reported, in full.
        reporter: Who reported it.
        contact: How to reach them.
        channel: phone, mail, chat, walk-in.
        reported: When, such as 10m or 08:15.
        asset: The host, account or device it is about.
        impact: How much it would hurt.
        urgency: How soon it would hurt.
        category: Such as phishing; picks the template of that name.
        template: Another template.
        assignee: Whose it is; a report is nobody's until somebody starts.
        tlp: CLEAR, GREEN, AMBER, AMBER+STRICT or RED.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.core import priority
    from socconsole.services import templates, tickets
    from socconsole.services.ticket_clock import Stake

    stake = Stake(priority.Level(impact), priority.Level(urgency))
    report = tickets.Report(
        title=title,
        description=text,
        reporter=reporter,
        contact=contact,
        channel=channel,
        reported_at=behind(reported, context),
        stake=stake,
        category=category,
        assignee=assignee,
        tlp=tlp,
        asset=asset,
    )
    who = {"by": context.login, "now": context.now()}
    policy = context.settings()
    with context.database() as database, database.begin() as session:
        with tickets.recorded_opening(session, by=context.login, now=context.now()):
            if alerts:
                row = tickets.open_from_alerts(session, alerts, title=title, policy=policy, **who)
            else:
                row = tickets.open_by_hand(session, report, policy=policy, **who)
            templates.apply(session, row.id, template or category, policy=policy, **who)
        return _done(session, [row.id], json, context)


@app.command
def assign(*names: str, to: str | None = None, json: bool = False, context: Given) -> int:
    """Give tickets to an analyst; without --to they are yours.

    Args:
        names: Numbers of the tickets.
        to: A login; "" for nobody.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import tickets

    login = context.login if to is None else to or None
    return _each(
        names,
        json,
        context,
        lambda session, ids: tickets.assign(
            session, ids, login, by=context.login, now=context.now()
        ),
    )


@app.command
def start(*names: str, json: bool = False, context: Given) -> int:
    """Work on tickets: their clocks run, nobody's become yours.

    Args:
        names: Numbers of the tickets.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import tickets

    return _each(
        names,
        json,
        context,
        lambda session, ids: tickets.start(session, ids, by=context.login, now=context.now()),
    )


@app.command
def wait(*names: str, on: str, chase: str, json: bool = False, context: Given) -> int:
    """Wait for somebody: the clocks stand still.

    Args:
        names: Numbers of the tickets.
        on: On whom.
        chase: When to ask again: 4h, 14:30.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import tickets

    chase_at = ahead(chase, context)
    return _each(
        names,
        json,
        context,
        lambda session, ids: tickets.wait(
            session, ids, on, chase_at, by=context.login, now=context.now()
        ),
    )


@app.command
def resolve(
    *names: str,
    disposition: Annotated[str, Parameter(name=["--disposition", "--as", "-d"])],
    note: str = "",
    keep: tuple[int, ...] = (),
    except_: Annotated[tuple[str, ...], Parameter(name="--except")] = (),
    duplicate_of: int | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Say that the work is done; the tickets' alerts close with the disposition.

    Args:
        names: Numbers of the tickets.
        disposition: Such as true_positive:malicious or false_positive:rule_logic.
        note: What it was; needed for true_positive and undetermined.
        keep: Alerts to give back instead of closing them.
        except_: ALERT=DISPOSITION for an alert that turned out differently.
        duplicate_of: The alert these repeat, for duplicate.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.core.disposition import parse_verdict
    from socconsole.errors import UsageError
    from socconsole.services import tickets

    verdict = parse_verdict(disposition, note=note, duplicate_of=duplicate_of)
    exceptions = dict.fromkeys(keep)
    own = {}
    for said in except_:
        number, _, name = said.partition("=")
        if not number.isdecimal():
            raise UsageError(f"--except {said!r} names no alert.", hint="Write 12=false_positive.")
        own[int(number)] = parse_verdict(name, note=note)
    resolution = tickets.Resolution(verdict, {**exceptions, **own})
    return _each(
        names,
        json,
        context,
        lambda session, ids: tickets.resolve(
            session,
            ids,
            resolution,
            by=context.login,
            now=context.now(),
            policy=context.settings(),
        ),
    )


@app.command
def close(*names: str, json: bool = False, context: Given) -> int:
    """Verify resolved tickets and close them.

    Args:
        names: Numbers of the tickets.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import tickets

    return _each(
        names,
        json,
        context,
        lambda session, ids: tickets.close(
            session, ids, by=context.login, now=context.now(), policy=context.settings()
        ),
    )


@app.command
def reopen(*names: str, reason: str, json: bool = False, context: Given) -> int:
    """Take tickets up again; their alerts are escalated again.

    Args:
        names: Numbers of the tickets.
        reason: What came up.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import tickets

    return _each(
        names,
        json,
        context,
        lambda session, ids: tickets.reopen(
            session, ids, reason, by=context.login, now=context.now()
        ),
    )


@app.command
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
        print_text(grid.grid_lines(grid.grid_of(context.settings().priority)))
        return 0
    stake = Stake(
        grid.Level(impact),
        grid.Level(urgency),
        grid.Priority(override) if override else None,
        reason,
    )
    return _each(
        names,
        json,
        context,
        lambda session, ids: tickets.set_priority(
            session, ids, stake, by=context.login, now=context.now(), policy=context.settings()
        ),
    )


@app.command
def edit(
    ticket: str,
    *,
    title: str | None = None,
    description: str | None = None,
    hypothesis: str | None = None,
    unchecked: str | None = None,
    next_step: str | None = None,
    deadline: str | None = None,
    category: str | None = None,
    tag: tuple[str, ...] = (),
    tlp: str | None = None,
    pap: str | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Change what a ticket says; a handoff needs hypothesis, unchecked, next step and deadline.

    Args:
        ticket: Its number.
        title: What it is about.
        description: What was reported or seen, in full.
        hypothesis: What you think it is.
        unchecked: What nobody has checked yet.
        next_step: What comes next.
        deadline: By when: 4h, 14:30.
        category: Such as phishing.
        tag: Its tags, all of them.
        tlp: CLEAR, GREEN, AMBER, AMBER+STRICT or RED.
        pap: CLEAR, GREEN, AMBER or RED.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services.case_edit import edit_ticket

    said = {
        "title": title,
        "description": description,
        "hypothesis": hypothesis,
        "unchecked": unchecked,
        "next_step": next_step,
        "deadline": ahead(deadline, context),
        "category": category,
        "tags": list(tag) or None,
        "tlp": tlp,
        "pap": pap,
    }
    changes = {name: value for name, value in said.items() if value is not None}
    return _each(
        [ticket],
        json,
        context,
        lambda session, ids: edit_ticket(
            session, ids[0], changes, by=context.login, now=context.now()
        ),
    )


@app.command
def add(ticket: str, *alerts: int, json: bool = False, context: Given) -> int:
    """Put more alerts into an open ticket.

    Args:
        ticket: Its number.
        alerts: Numbers of the alerts.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import tickets

    return _each(
        [ticket],
        json,
        context,
        lambda session, ids: tickets.add_alerts(
            session, ids[0], alerts, by=context.login, now=context.now()
        ),
    )


@app.command
def detach(ticket: str, *alerts: int, json: bool = False, context: Given) -> int:
    """Take alerts out of a ticket.

    Args:
        ticket: Its number.
        alerts: Numbers of the alerts.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import tickets

    return _each(
        [ticket],
        json,
        context,
        lambda session, ids: tickets.detach_alerts(
            session, ids[0], alerts, by=context.login, now=context.now()
        ),
    )


@app.command
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
        who = {"by": context.login, "now": context.now()}
        if remove:
            ticket_links.unlink(session, ids[0], ids[1], **who)
        else:
            ticket_links.link(session, ids[0], ids[1], kind, **who)

    return _each([ticket, other], json, context, change)


@app.command
def merge(*names: str, into: str, json: bool = False, context: Given) -> int:
    """Make one ticket of several; the others close and point at it.

    Args:
        names: Numbers of the tickets that end.
        into: The one that stays.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import ticket_links

    return _each(
        [into, *names],
        json,
        context,
        lambda session, ids: ticket_links.merge(
            session, ids[1:], ids[0], by=context.login, now=context.now()
        ),
    )


@app.command
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

    who = {"by": context.login, "now": context.now()}
    step = tasks.Step(
        title=title, mandatory=mandatory, assignee=assignee, due_at=ahead(due, context)
    )
    with context.database() as database, database.begin() as session:
        about = find(session, ticket)
        if done is not None:
            tasks.finish(session, done, **who)
        elif cancel is not None:
            tasks.cancel(session, cancel, reason, **who)
        elif reopen is not None:
            tasks.reopen(session, reopen, **who)
        else:
            tasks.add(session, about, [step], **who)
        rows = tasks_of(session, "ticket", about.id)
    if json:
        print_json(rows)
    else:
        print_table(
            ("id", "state", "must", "assignee", "due", "task"),
            [
                (r.id, r.state, "yes" if r.mandatory else "no", r.assignee, r.due_at, r.title)
                for r in rows
            ],
        )
    return 0


def _each(
    names: Sequence[str],
    json: bool,
    context: Context,
    change: Callable[["Session", Sequence[int]], object],
) -> int:
    """Do one verb to the named tickets in one transaction and print them."""
    from socconsole.errors import UsageError

    if not names:
        raise UsageError("No ticket is named.", hint="Name one, such as SOC-2026-014.")
    with context.database() as database, database.begin() as session:
        ids = ticket_ids(session, names)
        change(session, ids)
        return _done(session, ids, json, context)


def _done(session: "Session", ids: Sequence[int], json: bool, context: Context) -> int:
    from socconsole.store.queries.tickets import by_ids

    rows = by_ids(session, ids)
    if json:
        documents = [ticket_document(session, row) for row in rows]
        print_json(documents[0] if len(documents) == 1 else documents)
    else:
        _print(rows, context)
    return 0


def _print(rows: Sequence["TicketRow"], context: Context) -> None:
    from socconsole.core.sla import in_words

    now = context.now()
    print_table(
        ("ticket", "prio", "status", "assignee", "alerts", "left", "incident", "title"),
        [
            (
                row.human_id,
                row.priority,
                row.status,
                row.assignee,
                row.alert_count,
                None if (left := row.left(now)) is None else in_words(left),
                row.incident,
                row.title,
            )
            for row in rows
        ],
    )
