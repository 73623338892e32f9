"""Incidents from the shell: declare, lead, log, close."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from socconsole.cli.cases import incident_document, who
from socconsole.cli.context import Context
from socconsole.cli.marks import TlpMark
from socconsole.cli.output import print_json, print_table, print_text

if TYPE_CHECKING:
    from socconsole.services.incidents import Declaration
    from socconsole.store.database import Session
    from socconsole.store.queries.incidents import IncidentRow

app = App(name="incidents", help="Declare and run incidents.")
for _verb, _module, _help in (
    ("timeline", "incident_details", "Show the timeline, or add to it."),
    ("indicator", "incident_details", "Confirm values as known bad."),
    ("countermeasure", "incident_details", "Propose a countermeasure, or move one on."),
    ("edit", "incident_course", "Change what it says: next step, deadline, scope, marks."),
    ("impact", "incident_course", "Change what it does to us."),
    ("extend", "incident_course", "Let a countermeasure stand longer."),
    ("escalate", "incident_course", "Ask who is next on the escalation path."),
    ("merge", "incident_course", "Make an incident part of another."),
    ("outage", "incident_details", "Say from when to when a service was down."),
    ("comms", "incident_details", "Log a message that was given; show when the next is due."),
    (
        "export",
        "incident_papers",
        "Hand it out as md, html, json, stix or csv, cut to its readers.",
    ),
    ("review", "incident_papers", "Show or write the review; its actions become tickets."),
    ("plan", "incident_papers", "Print the response plan."),
):
    app.command(f"socconsole.cli.{_module}:{_verb}", name=_verb, help=_help)

Given = Annotated[Context, Parameter(parse=False)]
Level = Literal["none", "low", "medium", "high"]
Loss = Literal["none", "low", "high"]


@app.command(name="list")
def list_(
    *words: str,
    closed: Annotated[bool, Parameter(name=["--all", "--closed"], negative=())] = False,
    json: bool = False,
    context: Given,
) -> int:
    """List open incidents, worst first.

    Args:
        words: A filter: words, `severity:1`, `commander:me`; see `help filters`.
        closed: Closed ones too.
        json: Print one JSON document.
        context: The global options.

    """
    from dataclasses import replace

    from socconsole.store.queries.incident_filter import incident_filter
    from socconsole.store.queries.incidents import incidents

    wanted = incident_filter(" ".join(words), login=context.login, now=context.now())
    if closed:
        wanted = replace(wanted, closed=None)
    with context.database() as database, database.read() as session:
        rows = incidents(session, wanted)
    if json:
        print_json([incident_document(row) for row in rows])
    else:
        _print(rows)
    return 0


@app.command
def show(incident: str, *, json: bool = False, context: Given) -> int:
    """Show everything about an incident.

    Args:
        incident: Its number, such as INC-2026-003.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries import subjects
    from socconsole.store.queries.incident_file import (
        incident_file,
        incident_file_document,
        incident_file_lines,
    )

    with context.database() as database, database.read() as session:
        file = incident_file(session, subjects.incident(session, incident).id)
    if json:
        document = incident_document(file.detail.row)
        print_json({**document, **incident_file_document(file)})
    else:
        print_text(incident_file_lines(file, context.now()))
    return 0


@app.command
def declare(
    *subjects: str,
    severity: Annotated[int, Parameter(name=["--severity", "--sev"])],
    title: str = "",
    kind: Literal["security", "service"] = "security",
    summary: str = "",
    scope: str = "",
    functional: Level = "none",
    confidentiality: Loss = "none",
    integrity: Loss = "none",
    availability: Loss = "none",
    recoverability: Literal["regular", "supplemented", "extended", "not_recoverable"] = "regular",
    role: tuple[str, ...] = (),
    indicator: tuple[str, ...] = (),
    tlp: TlpMark | None = None,
    json: bool = False,
    context: Given,
) -> int:
    """Declare an incident from a ticket, or from alerts. If unsure, take the higher severity.

    Args:
        subjects: One ticket such as SOC-2026-014, or numbers of alerts.
        severity: 1 (worst) to 5.
        title: What it is; empty: the ticket's title.
        kind: A violation of security or a loss of service.
        summary: What is known.
        scope: What is hit.
        functional: How much the business is hindered.
        confidentiality: How badly secrets are out.
        integrity: How badly data was altered.
        availability: How badly data is out of reach.
        recoverability: How hard it is to recover.
        role: ROLE=LOGIN, such as scribe=ben.
        indicator: A value known bad.
        tlp: CLEAR, GREEN, AMBER, AMBER+STRICT or RED; empty: the ticket's.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services.incidents import Declaration, Impact

    said = Declaration(
        severity=severity,
        title=title,
        kind=kind,
        summary=summary,
        scope=scope,
        impact=Impact(
            functional=functional,
            confidentiality=confidentiality,
            integrity=integrity,
            availability=availability,
            recoverability=recoverability,
        ),
        roles=_roles(role),
        indicators=indicator,
        tlp=tlp,
    )
    return _declared(subjects, said, json, context)


def _declared(subjects: Sequence[str], said: "Declaration", json: bool, context: Context) -> int:
    from socconsole.services.declaring import declare_from
    from socconsole.store.queries.subjects import subject

    with context.database() as database, database.begin() as session:
        cases = [subject(session, name) for name in subjects]
        row = declare_from(session, cases, said, policy=context.settings(), **who(context))
    return _done([row], json)


@app.command
def phase(
    incident: str,
    phase: str,
    *,
    reason: str = "",
    json: bool = False,
    context: Given,
) -> int:
    """Enter a phase: the next one, or an earlier one with a reason.

    Args:
        incident: Its number.
        phase: analysis, containment, eradication, recovery, post_incident or closed.
        reason: Why back.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import incidents

    return _change(
        incident,
        json,
        context,
        lambda session, number: incidents.move_phase(
            session, number, phase.replace("-", "_"), reason, **who(context)
        ),
    )


@app.command
def end(
    incident: str,
    *,
    outcome: Literal["declared_in_error"] = "declared_in_error",
    reason: str,
    json: bool = False,
    context: Given,
) -> int:
    """Close an incident that was none; `merge` closes one that is part of another.

    Args:
        incident: Its number.
        outcome: What it was.
        reason: How you know.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import incidents

    return _change(
        incident,
        json,
        context,
        lambda session, number: incidents.end_early(
            session, number, outcome, reason, **who(context)
        ),
    )


@app.command
def severity(
    incident: str, severity: int, *, reason: str, json: bool = False, context: Given
) -> int:
    """Change the severity, with the reason.

    Args:
        incident: Its number.
        severity: 1 (worst) to 5.
        reason: Why.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import incidents

    return _change(
        incident,
        json,
        context,
        lambda session, number: incidents.set_severity(
            session,
            number,
            severity,
            reason,
            policy=context.settings(),
            **who(context),
        ),
    )


@app.command
def role(
    incident: str,
    role: str,
    login: str = "",
    *,
    json: bool = False,
    context: Given,
) -> int:
    """Give somebody a role; `role INC-… commander` says that you have command.

    Args:
        incident: Its number.
        role: commander, deputy, scribe, liaison or responder.
        login: Whose it is; nobody for commander, which only you can take.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import incidents

    def give(session: "Session", number: int) -> "IncidentRow":
        if role == "commander" and login in {"", context.login}:
            return incidents.take_command(session, number, **who(context))
        return incidents.assign_role(session, number, role, login or context.login, **who(context))

    return _change(incident, json, context, give)


@app.command
def attach(incident: str, ticket: str, *, json: bool = False, context: Given) -> int:
    """Make a ticket part of an incident.

    Args:
        incident: Its number.
        ticket: The ticket's number.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import incidents
    from socconsole.store.queries import subjects

    def take_in(session: "Session", number: int) -> "IncidentRow":
        other = subjects.ticket(session, ticket).id
        return incidents.attach_ticket(session, number, other, **who(context))

    return _change(incident, json, context, take_in)


def _change(
    incident: str,
    json: bool,
    context: Context,
    change: Callable[["Session", int], "IncidentRow"],
) -> int:
    """Do one verb to the named incident and print what became of it."""
    from socconsole.store.queries import subjects

    with context.database() as database, database.begin() as session:
        row = change(session, subjects.incident(session, incident).id)
    return _done([row], json)


def _roles(said: Sequence[str]) -> dict[str, tuple[str, ...]]:
    from socconsole.errors import UsageError

    roles: dict[str, tuple[str, ...]] = {}
    for each in said:
        name, equals, login = each.partition("=")
        if not equals or not login:
            raise UsageError(f"--role {each!r} names nobody.", hint="Write scribe=ben.")
        roles[name] = (*roles.get(name, ()), login)
    return roles


def _done(rows: Sequence["IncidentRow"], json: bool) -> int:
    if json:
        print_json(incident_document(rows[0]))
    else:
        _print(rows)
    return 0


def _print(rows: Sequence["IncidentRow"]) -> None:
    print_table(
        ("incident", "sev", "phase", "commander", "tickets", "declared", "title"),
        [
            (
                row.human_id,
                f"SEV{row.severity}",
                row.phase,
                row.commander,
                " ".join(row.tickets),
                row.declared_at,
                row.title,
            )
            for row in rows
        ],
    )
