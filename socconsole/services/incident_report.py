"""The report of an incident as blocks, cut to what its audience may read."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from socconsole.core.document import Block, Heading, Listing, Paragraph
from socconsole.core.observable import defang
from socconsole.core.tlp import Audience, Tlp, Withheld, may_read
from socconsole.services import report_parts as parts
from socconsole.services.report_parts import moment
from socconsole.store.queries.casefile import Casefile
from socconsole.store.queries.incident_file import IncidentFile, clock_lines


class Marked(Protocol):
    """A row that may carry a sharing mark of its own."""

    @property
    def tlp(self) -> str | None:
        """Its mark, or None for the case's."""


MarkedRow = TypeVar("MarkedRow", bound=Marked)


class Cutter:
    """Keeps what an audience may read and counts the rest.

    What has no mark of its own carries the case's.
    """

    def __init__(self, own: Tlp, audience: Audience) -> None:
        self._own = own
        self._audience = audience
        self._left_out: dict[tuple[str, Tlp], int] = {}

    def kept(self, kind: str, rows: Iterable[MarkedRow]) -> tuple[MarkedRow, ...]:
        """Return the rows the audience may read."""
        keep: list[MarkedRow] = []
        for row in rows:
            mark = Tlp(row.tlp or self._own)
            if may_read(self._audience, mark):
                keep.append(row)
            else:
                self._left_out[kind, mark] = self._left_out.get((kind, mark), 0) + 1
        return tuple(keep)

    @property
    def withheld(self) -> tuple[Withheld, ...]:
        """What was left out, by kind and mark."""
        found = (Withheld(kind, count, mark) for (kind, mark), count in self._left_out.items())
        return tuple(sorted(found, key=lambda each: (each.kind, each.tlp.step)))


def cut(file: IncidentFile, audience: Audience) -> tuple[IncidentFile, tuple[Withheld, ...]]:
    """Return the incident without what its audience may not read, and what was left out."""
    cutter = Cutter(Tlp(file.detail.row.tlp), audience)
    shared = replace(
        file,
        notes=cutter.kept("notes", file.notes),
        evidence=cutter.kept("pieces of evidence", file.evidence),
        observables=cutter.kept("observables", file.observables),
        timeline=cutter.kept("timeline entries", file.timeline),
        detail=replace(
            file.detail, communications=cutter.kept("messages", file.detail.communications)
        ),
    )
    return shared, cutter.withheld


def cut_ticket(file: Casefile, audience: Audience) -> tuple[Casefile, tuple[Withheld, ...]]:
    """Return the ticket without what its audience may not read, and what was left out."""
    cutter = Cutter(Tlp(file.detail.row.tlp), audience)
    shared = replace(
        file,
        notes=cutter.kept("notes", file.notes),
        evidence=cutter.kept("pieces of evidence", file.evidence),
        observables=cutter.kept("observables", file.observables),
    )
    return shared, cutter.withheld


def report(
    file: IncidentFile, withheld: Iterable[Withheld], now: datetime, *, audience: Audience
) -> Iterable[Block]:
    """Yield the report of an incident; addresses are defanged."""
    d, row = file.detail, file.detail.row
    yield Heading(1, f"{row.human_id} {defang(row.title)}")
    yield Paragraph(f"For {audience.value}, {moment(now)}. PAP:{d.pap}.")
    yield parts.facts(_facts(file))
    yield from parts.withheld_chapter(withheld)
    yield from _summary(file)
    yield Heading(2, "Clocks")
    yield Listing(tuple(_clocks(file, now)) or ("none yet",))
    yield from parts.chapter(
        "Timeline",
        ("UTC", "kind", "by", "what"),
        ((f"{each.at:%Y-%m-%d %H:%M:%S}", each.kind, each.by, each.text) for each in file.timeline),
    )
    yield from parts.alerts_chapter(file.alerts)
    yield from _response(file)
    yield from parts.chapter(
        "Indicators",
        ("type", "value", "origin"),
        ((each.type, each.value, each.origin) for each in file.indicators),
    )
    yield from parts.found_chapters(file.findings)
    yield from parts.evidence_chapter(file.evidence)
    yield from _review(file)


def _facts(file: IncidentFile) -> Iterable[tuple[str, str]]:
    d, row = file.detail, file.detail.row
    yield "severity", f"SEV{row.severity}"
    yield "kind", row.kind
    yield "phase", f"{row.phase.replace('_', ' ')} since {moment(row.phase_since)}"
    yield "outcome", (row.outcome or "open").replace("_", " ")
    yield "tickets", ", ".join(row.tickets)
    yield "roles", "; ".join(f"{role}: {', '.join(who)}" for role, who in row.roles.items())
    yield "impact", ", ".join(f"{name} {value}" for name, value in d.impact.items())
    yield "declared", f"{moment(row.declared_at)} by {row.declared_by}"
    yield "closed", moment(row.closed_at)


def _clocks(file: IncidentFile, now: datetime) -> Iterable[str]:
    row = file.detail.row
    moments = (
        ("started", row.started_at),
        ("detected", row.detected_at),
        ("first response", row.first_response_at),
        ("contained", row.contained_at),
        ("recovered", row.recovered_at),
    )
    yield from (f"{name} {at:%Y-%m-%d %H:%M:%SZ}" for name, at in moments if at)
    yield from clock_lines(file, now)


def _summary(file: IncidentFile) -> Iterable[Block]:
    d, row = file.detail, file.detail.row
    if d.summary or d.scope or d.root_cause:
        yield Heading(2, "What happened")
        for name, text in (("", d.summary), ("Scope: ", d.scope), ("Root cause: ", d.root_cause)):
            if text:
                yield Paragraph(name + defang(text))
    if row.closed_at is None and (d.hypothesis or d.unchecked or row.next_step or row.blockers):
        yield Heading(2, "Where it stands")
        yield parts.thought(d.hypothesis, d.unchecked, row.next_step, row.deadline)
        if row.blockers:
            yield Paragraph(f"Blocked by: {defang(row.blockers)}")


def _response(file: IncidentFile) -> Iterable[Block]:
    d = file.detail
    yield from parts.chapter(
        "Phases",
        ("phase", "entered", "by", "left", "why"),
        (
            (
                each.phase.replace("_", " "),
                moment(each.entered_at),
                each.entered_by,
                moment(each.left_at),
                each.reason,
            )
            for each in d.phases
        ),
    )
    yield from parts.chapter(
        "Services down",
        ("service", "down", "up again"),
        ((each.service, moment(each.down_from), moment(each.up_at)) for each in d.outages),
    )
    yield from parts.chapter(
        "Countermeasures",
        ("what", "target", "state", "steps", "rollback", "expires"),
        (
            (
                each.title,
                each.target,
                each.state,
                "; ".join(f"{step} {moment(at)} {by}" for step, at, by in each.steps),
                each.rollback,
                moment(each.expires_at),
            )
            for each in d.countermeasures
        ),
    )
    yield from parts.tasks_chapter(file.tasks)
    yield from parts.chapter(
        "Communication",
        ("UTC", "to", "channel", "by", "said"),
        (
            (f"{each.at:%Y-%m-%d %H:%M}", each.audience, each.channel, each.by, each.body)
            for each in d.communications
        ),
    )
    yield from parts.asked_chapter(file.escalations)


def _review(file: IncidentFile) -> Iterable[Block]:
    answers = file.detail.review
    if answers:
        yield Heading(2, "Review")
        for question, answer in answers.items():
            yield Heading(3, question.replace("_", " "))
            items = answer if isinstance(answer, list) else [str(answer)]
            yield Listing([defang(str(item)) for item in items])
