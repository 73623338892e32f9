"""A whole ticket for people and scripts: itself and everything that hangs on it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from socconsole.core.sla import in_words
from socconsole.store.queries import notes as queries
from socconsole.store.queries.notes import (
    EscalationRow,
    EvidenceRow,
    FindingRow,
    NoteRow,
    ObservableRow,
)
from socconsole.store.queries.tickets import TicketAlertRow, TicketDetail, detail
from socconsole.store.tables import AlertEvidence, Ticket


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A line kept with one of the ticket's alerts."""

    alert_id: int
    at: datetime | None
    path: str
    line_number: int
    text: str


MOST_LINES = 60
"""Lines of the alerts that come along; each alert keeps all of its own."""


@dataclass(frozen=True, slots=True)
class Casefile:
    """A ticket, and the notes, findings and evidence of it and of what was merged into it."""

    detail: TicketDetail
    notes: tuple[NoteRow, ...]
    findings: tuple[FindingRow, ...]
    evidence: tuple[EvidenceRow, ...]
    observables: tuple[ObservableRow, ...]
    escalations: tuple[EscalationRow, ...]
    lines: tuple[KeptLine, ...]
    """What its alerts saw, the first `MOST_LINES` of them."""


def casefile(session: Session, ticket_id: int) -> Casefile:
    """Return everything about a ticket.

    Raises:
        NotFoundError: There is none.

    """
    found = detail(session, ticket_id)
    merged = session.exec(select(Ticket.id).where(col(Ticket.merged_into_id) == ticket_id))
    ids = [ticket_id, *(number for number in merged if number is not None)]
    notes = [row for number in ids for row in queries.notes(session, "ticket", number)]
    findings = [row for number in ids for row in queries.findings(session, "ticket", number)]
    evidence = [row for number in ids for row in queries.evidence(session, "ticket", number)]
    return Casefile(
        detail=found,
        notes=tuple(sorted(notes, key=lambda row: (row.created_at, row.id))),
        findings=tuple(sorted(findings, key=lambda row: (row.created_at, row.id))),
        evidence=tuple(sorted(evidence, key=lambda row: (row.captured_at, row.id))),
        observables=queries.observables(session, "ticket", ticket_id),
        escalations=queries.escalations(session, "ticket", ticket_id),
        lines=_lines(session, [alert.id for alert in found.alerts]),
    )


def _lines(session: Session, alert_ids: list[int]) -> tuple[KeptLine, ...]:
    query = (
        select(AlertEvidence)
        .where(col(AlertEvidence.alert_id).in_(alert_ids))
        .order_by(col(AlertEvidence.event_time), col(AlertEvidence.id))
        .limit(MOST_LINES)
    )
    return tuple(
        KeptLine(
            row.alert_id,
            row.event_time,
            row.path,
            row.line_number,
            bytes(row.raw).decode(errors="replace"),
        )
        for row in session.exec(query)
    )


def casefile_document(file: Casefile) -> dict[str, object]:
    """Return what a ticket's JSON has beyond the shape of a list."""
    d = file.detail
    return {
        "description": d.description,
        "impact": d.impact,
        "urgency": d.urgency,
        "priority_reason": d.priority_reason,
        "template": d.template,
        "fields": d.fields,
        "tags": d.tags,
        "pap": d.pap,
        "watchers": d.watchers,
        "reporter": d.reporter,
        "contact": d.contact,
        "channel": d.channel,
        "reported_at": d.reported_at,
        "hypothesis": d.hypothesis,
        "unchecked": d.unchecked,
        "resolution": d.resolution,
        "opened_by": d.opened_by,
        "resolved_by": d.resolved_by,
        "closed_at": d.closed_at,
        "closed_by": d.closed_by,
        "merged_into": d.merged_into,
        "alert_details": d.alerts,
        "tasks": d.tasks,
        "links": d.links,
        "pauses": [{"since": s, "until": u, "reason": r} for s, u, r in d.pauses],
        "notes": file.notes,
        "findings": file.findings,
        "evidence": file.evidence,
        "alert_lines": file.lines,
        "observables": file.observables,
        "escalations": file.escalations,
    }


def casefile_lines(file: Casefile, now: datetime) -> Iterable[str]:
    """Yield a ticket as text for a person."""
    d, row = file.detail, file.detail.row
    yield f"{row.human_id}  {row.priority}  {row.status.replace('_', ' ')}  {row.title}"
    left = row.left(now)
    clock = "" if left is None else f", {in_words(left)} left"
    yield f"assignee {row.assignee or '-'}, opened {row.opened_at:%Y-%m-%d %H:%MZ}{clock}"
    yield f"impact {d.impact} × urgency {d.urgency}, TLP:{row.tlp}, PAP:{d.pap}"
    facts = (
        ("incident", row.incident),
        ("disposition", row.disposition),
        ("waits on", row.waiting_on),
        ("reported by", d.reporter),
        ("contact", d.contact),
        ("we think", d.hypothesis),
        ("unchecked", d.unchecked),
        ("next step", row.next_step),
        ("merged into", d.merged_into),
    )
    answers = ((name.replace("_", " "), value) for name, value in d.fields.items())
    for name, value in (*facts, *answers):
        if value:
            yield f"{name}: {value}"
    if d.description:
        yield from ("", *d.description.splitlines())
    yield from _listed("Alerts", [_alert_line(a) for a in d.alerts])
    yield from _listed("Tasks", [f"[{t.state}] {t.id} {t.title}" for t in d.tasks])
    yield from _listed("Links", [f"{k.kind} {k.human_id} {k.title}" for k in d.links])
    yield from _listed("Findings", [_finding_line(f) for f in file.findings])
    yield from _listed(
        "Evidence", [f"{e.id} {e.title} {e.size} B {e.sha256}" for e in file.evidence]
    )
    seen = [f"alert {line.alert_id} {line.path}: {line.text}" for line in file.lines]
    yield from _listed("Lines of its alerts", seen)
    asked = [f"{e.id} {e.whom}: {e.reason} → {e.answer or 'no answer'}" for e in file.escalations]
    yield from _listed("Asked", asked)
    yield from _listed("Observables", [_observable_line(o) for o in file.observables])
    for note in file.notes:
        mark = " (corrected)" if note.corrected else ""
        yield from ("", f"{note.created_at:%Y-%m-%d %H:%MZ} {note.created_by}{mark}:")
        yield from note.body.splitlines()


def _listed(title: str, lines: list[str]) -> Iterable[str]:
    if lines:
        yield from ("", f"{title} ({len(lines)})", *(f"  {line}" for line in lines))


def _alert_line(alert: TicketAlertRow) -> str:
    about = alert.host or alert.username or alert.source_ip or "-"
    return f"{alert.id} {alert.severity.label} {alert.status} ×{alert.count} {about} {alert.title}"


def _finding_line(finding: FindingRow) -> str:
    meaning = finding.meaning.replace("_", " ")
    return f"{meaning}: checked {finding.checked}, saw {finding.result} ({finding.created_by})"


def _observable_line(observable: ObservableRow) -> str:
    known_bad = " known bad" if observable.indicator else ""
    return f"{observable.type} {observable.value}{known_bad}, {observable.elsewhere} elsewhere"
