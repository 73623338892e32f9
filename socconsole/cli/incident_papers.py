"""What leaves an incident, from the shell: exports, the review, the response plan."""

from typing import Annotated, Literal

from cyclopts import Parameter

from socconsole.cli.cases import hand_out, who
from socconsole.cli.context import Context
from socconsole.cli.output import print_json, print_text

Given = Annotated[Context, Parameter(parse=False)]


def export(
    incident: str,
    *,
    format: Literal["md", "html", "json", "stix", "csv"] = "md",
    audience: Literal["public", "community", "clients", "organisation", "recipients"],
    out: str = "-",
    context: Given,
) -> int:
    """Hand an incident out, cut to what its audience may read; what is withheld is named.

    Args:
        incident: Its number.
        format: md, html, json, stix (2.1) or csv (indicators).
        audience: Who will read it: public (up to TLP:CLEAR), community (GREEN), clients (AMBER),
            organisation (AMBER+STRICT) or named recipients (RED).
        out: The file to write; `-` is standard output.
        context: The global options.

    """
    from socconsole.core.tlp import Audience
    from socconsole.services import exports
    from socconsole.store.queries import subjects

    order = exports.Order(
        format=exports.Format(format),
        audience=Audience(audience),
        organisation=context.settings().shift.name,
    )
    with context.database() as database, database.begin() as session:
        number = subjects.incident(session, incident).id
        made = exports.export_incident(session, number, order, **who(context))
    hand_out(made, out)
    return 0


def review(
    incident: str,
    *,
    section: str | None = None,
    text: str = "",
    lesson: str = "",
    action: str = "",
    owner: str | None = None,
    done: bool = False,
    json: bool = False,
    context: Given,
) -> int:
    """Show the review as far as it is written, write a section, add a lesson or an action.

    Args:
        incident: Its number.
        section: The section to write, such as root_cause.
        text: What it says.
        lesson: What the next analyst should know when the rule fires again.
        action: What we change: it becomes a ticket.
        owner: Whose ticket that is.
        done: The review is finished.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.services import reviews
    from socconsole.services.tickets import Report
    from socconsole.store.queries import subjects

    with context.database() as database, database.begin() as session:
        number = subjects.incident(session, incident).id
        if section is not None:
            reviews.write(session, number, {section: text}, **who(context))
        if lesson:
            reviews.add_lesson(session, number, lesson, **who(context))
        if action:
            report = Report(title=action, assignee=owner, category="action_item")
            reviews.add_action(session, number, report, policy=context.settings(), **who(context))
        if done:
            reviews.finish(session, number, **who(context))
        written = reviews.draft(session, number, context.now())
    if json:
        print_json(written)
        return 0
    for name, question in reviews.QUESTIONS.items():
        answer = written[name]
        lines = answer if isinstance(answer, list) else str(answer).splitlines()
        print_text(["", f"## {question} ({name})", *(lines or ["-"])])
    return 0


def plan(*, json: bool = False, context: Given) -> int:
    """Print the response plan. Exit code 1: nobody reviewed it for 180 days.

    Args:
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.core.sla import in_words
    from socconsole.services.response_plan import load_plan

    found = load_plan(context.settings().cases)
    stale = found.is_stale(context.now().date())
    if json:
        print_json({"stale": stale, "plan": found})
        return int(stale)
    lines = [f"reviewed on {found.reviewed_on}{'; REVIEW IT' if stale else ''}", ""]
    for number, level in sorted(found.levels.items()):
        every = f", an update every {in_words(level.update_every)}" if level.update_every else ""
        lines.append(f"SEV{number}: {level.criteria}{every}")
    lines += [
        "",
        *(
            f"ask {c.whom} after {in_words(c.within)} {_levels(c.severities)}"
            for c in found.escalation
        ),
    ]
    lines += [
        "",
        *(f"tell {c.whom} within {in_words(c.within)} {_levels(c.severities)}" for c in found.tell),
    ]
    lines += [
        "",
        *(f"{d.phase}: {d.title} ({d.team}) {_levels(d.severities)}" for d in found.duties),
    ]
    print_text(lines)
    return int(stale)


def _levels(severities: tuple[int, ...]) -> str:
    return "" if len(severities) == 5 else "SEV" + ", ".join(str(number) for number in severities)
