"""The report of an incident as blocks, cut to what its audience may read."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from socconsole.core.document import Block, Grid, Heading, Listing, Paragraph
from socconsole.core.observable import defang
from socconsole.core.tlp import Audience, Tlp, Withheld, may_read
from socconsole.store.queries.incident_file import IncidentFile, clock_lines


def cut(file: IncidentFile, audience: Audience) -> tuple[IncidentFile, tuple[Withheld, ...]]:
    """Return the incident without what its audience may not read, and what was left out.

    What has no mark of its own carries the incident's.
    """
    own = Tlp(file.detail.row.tlp)
    left_out: dict[tuple[str, Tlp], int] = {}

    def kept(kind: str, rows: Iterable[object]) -> list[object]:
        keep = []
        for row in rows:
            mark = Tlp(getattr(row, "tlp", None) or own)
            if may_read(audience, mark):
                keep.append(row)
            else:
                left_out[kind, mark] = left_out.get((kind, mark), 0) + 1
        return keep

    shared = replace(
        file,
        notes=tuple(kept("notes", file.notes)),  # type: ignore[arg-type]
        evidence=tuple(kept("pieces of evidence", file.evidence)),  # type: ignore[arg-type]
        observables=tuple(kept("observables", file.observables)),  # type: ignore[arg-type]
        timeline=tuple(kept("timeline entries", file.timeline)),  # type: ignore[arg-type]
        detail=replace(
            file.detail,
            communications=tuple(kept("messages", file.detail.communications)),  # type: ignore[arg-type]
        ),
    )
    withheld = (Withheld(kind, count, mark) for (kind, mark), count in left_out.items())
    return shared, tuple(sorted(withheld, key=lambda each: (each.kind, each.tlp.step)))


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
    if file.findings:
        yield Heading(2, "Findings")
        yield Grid(
            ("checked", "saw", "meaning", "by"),
            [
                (f.checked, defang(f.result), f.meaning.replace("_", " "), f.created_by)
                for f in file.findings
            ],
        )
    if file.evidence:
        yield Heading(2, "Evidence")
        yield Grid(
            ("what", "bytes", "SHA-256", "captured"),
            [
                (e.title, str(e.size), e.sha256, f"{e.captured_at:%Y-%m-%d %H:%MZ} {e.captured_by}")
                for e in file.evidence
            ],
        )


def _review(file: IncidentFile) -> Iterable[Block]:
    answers = file.detail.review
    if answers:
        yield Heading(2, "Review")
        for question, answer in answers.items():
            yield Heading(3, question.replace("_", " "))
            items = answer if isinstance(answer, list) else [str(answer)]
            yield Listing([defang(str(item)) for item in items])
