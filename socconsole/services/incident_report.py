"""The report of an incident as blocks, cut to what its audience may read."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from socconsole.core.document import Block, Grid, Heading, Listing, Paragraph
from socconsole.core.observable import defang
from socconsole.core.tlp import Audience, Tlp, Withheld, may_read
from socconsole.store.queries.casefile import Casefile
from socconsole.store.queries.incident_file import IncidentFile, clock_lines
from socconsole.store.queries.notes import EvidenceRow, FindingRow


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


def ticket_report(
    file: Casefile, withheld: Iterable[Withheld], now: datetime, *, audience: Audience
) -> Iterable[Block]:
    """Yield the report of a ticket; addresses are defanged."""
    d, row = file.detail, file.detail.row
    yield Heading(1, f"{row.human_id} {row.title}")
    yield Paragraph(f"For {audience.value}, {now:%Y-%m-%d %H:%MZ}. PAP:{d.pap}.")
    facts = (
        ("status", row.status.replace("_", " ")),
        ("priority", f"{row.priority} (impact {d.impact}, urgency {d.urgency})"),
        ("disposition", (row.disposition or "open").replace("_", " ")),
        ("assignee", row.assignee or "nobody"),
        ("opened", f"{row.opened_at:%Y-%m-%d %H:%MZ} by {d.opened_by}"),
        ("incident", row.incident or "none"),
        ("hypothesis", defang(d.hypothesis)),
        ("unchecked", defang(d.unchecked)),
        ("resolution", defang(d.resolution or "")),
        *((name.replace("_", " "), defang(value)) for name, value in d.fields.items()),
    )
    yield Grid(("", ""), facts)
    missing = [each.sentence() for each in withheld]
    if missing:
        yield Heading(2, "Withheld from this audience")
        yield Listing(missing)
    if d.description:
        yield Heading(2, "Report")
        yield Paragraph(defang(d.description))
    if d.alerts:
        yield Heading(2, "Alerts")
        yield Grid(
            ("number", "severity", "title", "first seen", "count"),
            [
                (
                    str(each.id),
                    each.severity.label,
                    defang(each.title),
                    f"{each.first_seen:%Y-%m-%d %H:%M:%SZ}",
                    str(each.count),
                )
                for each in d.alerts
            ],
        )
    if file.lines:
        yield Heading(2, "Lines of the alerts")
        yield Grid(
            ("alert", "line"),
            [(str(line.alert_id), defang(line.text)) for line in file.lines],
        )
    for note in file.notes:
        yield Heading(2, f"Note of {note.created_by}, {note.created_at:%Y-%m-%d %H:%MZ}")
        yield Paragraph(defang(note.body))
    yield from _written(file.findings, file.evidence)


def report(
    file: IncidentFile, withheld: Iterable[Withheld], now: datetime, *, audience: Audience
) -> Iterable[Block]:
    """Yield the report of an incident; addresses are defanged."""
    d, row = file.detail, file.detail.row
    yield Heading(1, f"{row.human_id} {row.title}")
    yield Paragraph(f"For {audience.value}, {now:%Y-%m-%d %H:%MZ}. PAP:{d.pap}.")
    yield Grid(("", ""), tuple(_facts(file)))
    missing = [each.sentence() for each in withheld]
    if missing:
        yield Heading(2, "Withheld from this audience")
        yield Listing(missing)
    yield from _summary(file)
    yield Heading(2, "Clocks")
    yield Listing(tuple(clock_lines(file, now)) or ("none yet",))
    yield Heading(2, "Timeline")
    yield Grid(
        ("UTC", "kind", "by", "what"),
        [
            (f"{each.at:%Y-%m-%d %H:%M:%S}", each.kind, each.by, defang(each.text))
            for each in file.timeline
        ],
    )
    yield from _response(file)
    yield from _proof(file)
    yield from _review(file)


def _facts(file: IncidentFile) -> Iterable[tuple[str, str]]:
    d, row = file.detail, file.detail.row
    yield "severity", f"SEV{row.severity}"
    yield "kind", row.kind
    yield "phase", row.phase.replace("_", " ")
    yield "outcome", row.outcome or "open"
    yield "tickets", ", ".join(row.tickets)
    yield "roles", "; ".join(f"{role}: {', '.join(who)}" for role, who in row.roles.items())
    yield "impact", ", ".join(f"{name} {value}" for name, value in d.impact.items())
    yield "declared", f"{row.declared_at:%Y-%m-%d %H:%MZ} by {row.declared_by}"
    if row.closed_at:
        yield "closed", f"{row.closed_at:%Y-%m-%d %H:%MZ}"


def _summary(file: IncidentFile) -> Iterable[Block]:
    d = file.detail
    if d.summary or d.scope or d.root_cause:
        yield Heading(2, "What happened")
        for name, text in (("", d.summary), ("Scope: ", d.scope), ("Root cause: ", d.root_cause)):
            if text:
                yield Paragraph(name + defang(text))


def _response(file: IncidentFile) -> Iterable[Block]:
    d = file.detail
    if d.countermeasures:
        yield Heading(2, "Countermeasures")
        yield Grid(
            ("what", "target", "state", "rollback"),
            [(c.title, defang(c.target), c.state, c.rollback) for c in d.countermeasures],
        )
    if d.communications:
        yield Heading(2, "Communication")
        yield Grid(
            ("UTC", "to", "by", "said"),
            [
                (f"{c.at:%Y-%m-%d %H:%M}", c.audience, c.by, defang(c.body))
                for c in d.communications
            ],
        )


def _proof(file: IncidentFile) -> Iterable[Block]:
    if file.indicators:
        yield Heading(2, "Indicators")
        yield Grid(
            ("type", "value", "origin"),
            [(i.type, defang(i.value), i.origin) for i in file.indicators],
        )
    yield from _written(file.findings, file.evidence)


def _written(findings: Iterable[FindingRow], evidence: Iterable[EvidenceRow]) -> Iterable[Block]:
    checked = [
        (f.checked, defang(f.result), f.meaning.replace("_", " "), f.created_by) for f in findings
    ]
    if checked:
        yield Heading(2, "Findings")
        yield Grid(("checked", "saw", "meaning", "by"), checked)
    kept = [
        (e.title, str(e.size), e.sha256, f"{e.captured_at:%Y-%m-%d %H:%MZ} {e.captured_by}")
        for e in evidence
    ]
    if kept:
        yield Heading(2, "Evidence")
        yield Grid(("what", "bytes", "SHA-256", "captured"), kept)


def _review(file: IncidentFile) -> Iterable[Block]:
    answers = file.detail.review
    if answers:
        yield Heading(2, "Review")
        for question, answer in answers.items():
            yield Heading(3, question.replace("_", " "))
            items = answer if isinstance(answer, list) else [str(answer)]
            yield Listing([defang(str(item)) for item in items])
