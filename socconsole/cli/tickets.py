"""Tickets from the shell: the verbs of the Tickets screen."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from socconsole.cli.cases import ahead, behind, ticket_document, ticket_ids, who
from socconsole.cli.context import Context
from socconsole.cli.marks import TlpMark
from socconsole.cli.numbers import Limit
from socconsole.cli.output import print_json, print_table, print_text

if TYPE_CHECKING:
    from socconsole.services.ticket_clock import Stake
    from socconsole.services.tickets import Report
    from socconsole.store.database import Session
    from socconsole.store.queries.tickets import TicketRow

app = App(name="tickets", help="Open, work and close tickets.")
for _verb, _help in (
    ("priority", "Set the priority from impact and urgency; without tickets draw the grid."),
    ("edit", "Change what a ticket says: hypothesis, unchecked, next step, deadline, marks."),
    ("templates", "List the templates with their fields and tasks."),
    ("add", "Put more alerts into an open ticket."),
    ("detach", "Take alerts out of a ticket."),
    ("link", "Say that two tickets have to do with each other."),
    ("merge", "Make one ticket of several; the others close and point at it."),
    ("task", "Add a task, finish one or cancel one."),
    ("ask", "Write down whom you asked, and their answer."),
    ("watch", "Watch tickets, or no longer."),
    ("search", "Search the tickets that ended: the knowledge base."),
    ("similar", "Tickets that ended and are like one, with the reason; apply one."),
    ("export", "Hand a ticket out as md, html or json, cut to its readers."),
):
    _module = "ticket_papers" if _verb in {"search", "similar", "export"} else "ticket_details"
    app.command(f"socconsole.cli.{_module}:{_verb}", name=_verb, help=_help)

Given = Annotated[Context, Parameter(parse=False)]
Level = Literal["low", "medium", "high"]


@app.command(name="list")
def list_(
    *words: str,
    status: tuple[str, ...] = (),
    closed: bool = False,
    assignee: str | None = None,
    mine: bool = False,
    limit: Limit = 1000,
    json: bool = False,
    context: Given,
) -> int:
    """List open tickets, the most pressing first.

    Args:
        words: A filter: words, `priority:p1`, `assignee:me`; see `help filters`.
        status: Only these statuses.
        closed: All statuses, resolved and closed ones too.
        assignee: Only this analyst's; "" for nobody's.
        mine: Only yours.
        limit: At most so many.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries.ticket_filter import ticket_filter
    from socconsole.store.queries.tickets import OPEN_STATUSES, tickets

    wanted = ticket_filter(
        " ".join(words),
        login=context.login,
        now=context.now(),
        statuses=() if closed else status or OPEN_STATUSES,
        assignee=context.login if mine else assignee,
    )
    with context.database() as database, database.read() as session:
        rows = tickets(session, wanted, limit)
        documents = [ticket_document(session, row) for row in rows] if json else []
    if json:
        print_json(documents)
    else:
        print_tickets(rows, context)
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
    template: str = "",
    assignee: str | None = None,
    tlp: TlpMark = "AMBER",
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
    from socconsole.services.tickets import Report

    report = Report(
        title=title,
        description=text,
        reporter=reporter,
        contact=contact,
        channel=channel,
        reported_at=behind(reported, context),
        stake=_stake(impact, urgency),
        category=category,
        template=template,
        assignee=assignee,
        tlp=tlp,
        asset=asset,
    )
    return _opened(alerts, report, json, context)


def _stake(impact: Level, urgency: Level) -> "Stake":
    from socconsole.core import priority
    from socconsole.services.ticket_clock import Stake

    return Stake(priority.Level(impact), priority.Level(urgency))


def _opened(alerts: Sequence[int], report: "Report", json: bool, context: Context) -> int:
    from socconsole.services import tickets

    policy = context.settings()
    with context.database() as database, database.begin() as session:
        if alerts:
            row = tickets.open_from_alerts(
                session, alerts, title=report.title, policy=policy, **who(context)
            )
        else:
            row = tickets.open_by_hand(session, report, policy=policy, **who(context))
        return done(session, [row.id], json, context)


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
    return each(
        names,
        json,
        context,
        lambda session, ids: tickets.assign(session, ids, login, **who(context)),
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

    return each(
        names,
        json,
        context,
        lambda session, ids: tickets.start(session, ids, **who(context)),
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
    return each(
        names,
        json,
        context,
        lambda session, ids: tickets.wait(session, ids, on, chase_at, **who(context)),
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
    return each(
        names,
        json,
        context,
        lambda session, ids: tickets.resolve(
            session,
            ids,
            resolution,
            **who(context),
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

    return each(
        names,
        json,
        context,
        lambda session, ids: tickets.close(session, ids, **who(context), policy=context.settings()),
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

    return each(
        names,
        json,
        context,
        lambda session, ids: tickets.reopen(session, ids, reason, **who(context)),
    )


def each(
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
        return done(session, ids, json, context)


def done(session: "Session", ids: Sequence[int], json: bool, context: Context) -> int:
    """Print the tickets a verb was about and return the exit code."""
    from socconsole.store.queries.tickets import by_ids

    rows = by_ids(session, ids)
    if json:
        documents = [ticket_document(session, row) for row in rows]
        print_json(documents[0] if len(documents) == 1 else documents)
    else:
        print_tickets(rows, context)
    return 0


def print_tickets(rows: Sequence["TicketRow"], context: Context) -> None:
    """Print tickets as a table."""
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
