"""The report of a ticket as blocks."""

from collections.abc import Iterable
from datetime import datetime

from socconsole.core.document import Block, Heading, Paragraph
from socconsole.core.observable import defang
from socconsole.core.tlp import Audience, Withheld
from socconsole.services import report_parts as parts
from socconsole.services.report_parts import moment
from socconsole.store.queries.casefile import Casefile

_INSIDE = frozenset({Audience.ORGANISATION, Audience.RECIPIENTS})
"""Who may read who reported it and how to reach them."""


def ticket_report(
    file: Casefile, withheld: Iterable[Withheld], now: datetime, *, audience: Audience
) -> Iterable[Block]:
    """Yield the report of a ticket."""
    d, row = file.detail, file.detail.row
    yield Heading(1, f"{row.human_id} {defang(row.title)}")
    yield Paragraph(f"For {audience.value}, {moment(now)}. PAP:{d.pap}.")
    yield parts.facts(_facts(file, audience))
    yield from parts.withheld_chapter(withheld)
    if d.description:
        yield Heading(2, "Report")
        yield Paragraph(defang(d.description))
    if d.hypothesis or d.unchecked or row.next_step:
        yield Heading(2, "What we think")
        yield parts.thought(d.hypothesis, d.unchecked, row.next_step, row.deadline)
    if d.resolution:
        yield Heading(2, "How it ended")
        yield Paragraph(defang(d.resolution))
    yield from parts.alerts_chapter(d.alerts)
    yield from parts.chapter(
        "Lines of the alerts",
        ("alert", "line"),
        ((str(line.alert_id), line.text) for line in file.lines),
    )
    yield from parts.found_chapters(file.findings)
    yield from parts.notes_chapters(file.notes)
    yield from parts.tasks_chapter(d.tasks)
    yield from parts.asked_chapter(file.escalations)
    yield from parts.chapter(
        "Observables",
        ("type", "value", "known bad"),
        ((each.type, each.value, "yes" if each.indicator else "") for each in file.observables),
    )
    yield from parts.evidence_chapter(file.evidence)
    yield from parts.chapter(
        "Linked tickets",
        ("ticket", "how", "title"),
        ((each.human_id, each.kind, each.title) for each in d.links),
    )


def _facts(file: Casefile, audience: Audience) -> Iterable[tuple[str, str]]:
    d, row = file.detail, file.detail.row
    yield "status", row.status.replace("_", " ")
    yield "priority", f"{row.priority} (impact {d.impact}, urgency {d.urgency})"
    reason = f", {row.sub_reason}" if row.sub_reason else ""
    yield "disposition", f"{row.disposition or 'open'}{reason}".replace("_", " ")
    yield "assignee", row.assignee or "nobody"
    yield "category", row.category.replace("_", " ")
    yield "tags", ", ".join(d.tags)
    yield "about", row.asset or ""
    yield "opened", f"{moment(row.opened_at)} by {d.opened_by}"
    if d.reporter and audience in _INSIDE:
        said = ", ".join(filter(None, (d.reporter, d.contact, d.channel)))
        yield "reported by", f"{said}, {moment(d.reported_at)}".rstrip(", ")
    yield "due", moment(row.due_at)
    if row.waiting_on:
        yield "waiting on", f"{row.waiting_on} since {moment(row.waiting_since)}"
    if row.resolved_at:
        yield "resolved", f"{moment(row.resolved_at)} by {d.resolved_by}"
    if d.closed_at:
        yield "closed", f"{moment(d.closed_at)} by {d.closed_by}"
    yield "incident", row.incident or "none"
    yield "merged into", d.merged_into or ""
    yield from ((name.replace("_", " "), value) for name, value in d.fields.items())
