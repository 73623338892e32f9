"""A whole incident for people and scripts: itself and everything that hangs on it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from socconsole.core.sla import in_words
from socconsole.store.queries import notes as note_queries
from socconsole.store.queries import subjects
from socconsole.store.queries.incidents import (
    CountermeasureRow,
    IncidentDetail,
    OutageRow,
    detail,
)
from socconsole.store.queries.notes import (
    EscalationRow,
    EvidenceRow,
    FindingRow,
    NoteRow,
    ObservableRow,
)
from socconsole.store.queries.tickets import (
    TaskRow,
    TicketAlertRow,
    TicketRow,
    alerts_of,
    by_ids,
    tasks_of,
)
from socconsole.store.queries.timeline import TimelineRow, timeline


@dataclass(frozen=True, slots=True)
class IncidentFile:
    """An incident with its tickets and everything written about both."""

    detail: IncidentDetail
    tickets: tuple[TicketRow, ...]
    alerts: tuple[TicketAlertRow, ...]
    tasks: tuple[TaskRow, ...]
    notes: tuple[NoteRow, ...]
    findings: tuple[FindingRow, ...]
    evidence: tuple[EvidenceRow, ...]
    observables: tuple[ObservableRow, ...]
    escalations: tuple[EscalationRow, ...]
    timeline: tuple[TimelineRow, ...]

    @property
    def indicators(self) -> tuple[ObservableRow, ...]:
        """The values known bad."""
        return tuple(row for row in self.observables if row.indicator)


def incident_file(
    session: Session, incident_id: int, *, without: Collection[str] = ()
) -> IncidentFile:
    """Return everything about an incident but for the tickets named in `without`.

    Raises:
        NotFoundError: There is none.

    """
    found = detail(session, incident_id)
    names = tuple(name for name in found.row.tickets if name not in without)
    ids = [subjects.ticket(session, name).id for name in names]
    cases = [
        ("incident", incident_id),
        *(("incident", number) for number in found.merged),
        *(("ticket", number) for number in ids),
    ]
    return IncidentFile(
        detail=replace(found, row=replace(found.row, tickets=names)),
        tickets=by_ids(session, ids),
        alerts=alerts_of(session, ids),
        tasks=tasks_of(session, "incident", incident_id),
        notes=tuple(row for case in cases for row in note_queries.notes(session, *case)),
        findings=tuple(row for case in cases for row in note_queries.findings(session, *case)),
        evidence=tuple(row for case in cases for row in note_queries.evidence(session, *case)),
        observables=_observables(session, cases),
        escalations=tuple(
            row for case in cases for row in note_queries.escalations(session, *case)
        ),
        timeline=timeline(session, incident_id, without=without),
    )


def _observables(session: Session, cases: Sequence[tuple[str, int]]) -> tuple[ObservableRow, ...]:
    """Return the observables of all cases, each once, the incident's own first."""
    rows = [row for case in cases for row in note_queries.observables(session, *case)]
    return tuple({row.id: row for row in reversed(rows)}.values())[::-1]


def incident_file_document(file: IncidentFile) -> dict[str, object]:
    """Return what an incident's JSON has beyond the shape of a list."""
    d = file.detail
    return {
        "summary": d.summary,
        "scope": d.scope,
        "category": d.category,
        "tags": d.tags,
        "pap": d.pap,
        "impact": d.impact,
        "hypothesis": d.hypothesis,
        "unchecked": d.unchecked,
        "update_every_minutes": d.update_every,
        "root_cause": d.root_cause,
        "review": d.review,
        "review_due_at": d.row.review_due_at,
        "reviewed_at": d.row.reviewed_at,
        "reviewed_by": d.reviewed_by,
        "phases": d.phases,
        "outages": d.outages,
        "countermeasures": d.countermeasures,
        "communications": d.communications,
        "tasks": file.tasks,
        "alerts": file.alerts,
        "indicators": file.indicators,
        "observables": file.observables,
        "escalations": file.escalations,
        "escalate_to": d.row.escalate_to,
        "escalate_at": d.row.escalate_at,
        "merged_into": d.merged_into,
        "notes": file.notes,
        "findings": file.findings,
        "evidence": file.evidence,
        "timeline": file.timeline,
    }


def incident_file_lines(file: IncidentFile, now: datetime) -> Iterable[str]:
    """Yield an incident as text for a person."""
    d, row = file.detail, file.detail.row
    phase = row.phase.replace("_", " ")
    stands = f"{phase} {in_words(now - row.phase_since)}"
    yield f"{row.human_id}  SEV{row.severity}  {stands}  {row.title}"
    yield f"kind {row.kind}, TLP:{row.tlp}, PAP:{d.pap}, tickets {', '.join(row.tickets) or '-'}"
    yield "roles " + ("; ".join(f"{r} {', '.join(w)}" for r, w in row.roles.items()) or "-")
    yield "impact " + ", ".join(f"{name} {value}" for name, value in d.impact.items())
    facts = (
        ("summary", d.summary),
        ("scope", d.scope),
        ("next step", row.next_step),
        ("blocked by", row.blockers),
        ("root cause", d.root_cause),
    )
    yield from (f"{name}: {value}" for name, value in facts if value)
    if row.next_update_due_at:
        yield f"next update due in {in_words(row.next_update_due_at - now)}"
    if row.escalate_to and row.escalate_at:
        yield f"next on the escalation path: {row.escalate_to} in {in_words(row.escalate_at - now)}"
    if d.merged_into:
        yield f"merged into {d.merged_into}"
    yield from clock_lines(file, now)
    groups = {
        "Services down": [_outage_line(o, now) for o in d.outages],
        "Countermeasures": [_measure_line(c, now) for c in d.countermeasures],
        "Asked": [f"{e.id} {e.whom}: {e.reason} → {e.answer or '-'}" for e in file.escalations],
        "Tasks": [_task_line(t, now) for t in file.tasks],
        "Indicators": [f"{o.type} {o.value}" for o in file.indicators],
        "Evidence": [f"{e.id} {e.title} {e.sha256}" for e in file.evidence],
        "Timeline": [f"{t.at:%Y-%m-%d %H:%MZ} {t.kind} {t.text}" for t in file.timeline],
    }
    for title, lines in groups.items():
        if lines:
            yield from ("", f"{title} ({len(lines)})", *(f"  {line}" for line in lines))


def _outage_line(row: OutageRow, now: datetime) -> str:
    until = f"to {row.up_at:%Y-%m-%d %H:%MZ}" if row.up_at else "and still is"
    lasted = in_words(row.lasted(now))
    return f"{row.service} {lasted} down, from {row.down_from:%Y-%m-%d %H:%MZ} {until}"


def _measure_line(row: CountermeasureRow, now: datetime) -> str:
    until = f" until {row.expires_at:%Y-%m-%d %H:%MZ}" if row.expires_at else ""
    over = f" EXPIRED, take it back: {row.rollback or '-'}" if row.is_overdue(now) else ""
    return f"{row.id} {row.state} {row.title}: {row.target}{until}{over}"


def _task_line(row: TaskRow, now: datetime) -> str:
    clock = f" due in {in_words(row.due_at - now)}" if row.due_at and row.state == "open" else ""
    return f"[{row.state}] {row.id} {row.title}{clock}"


def clock_lines(file: IncidentFile, now: datetime) -> Iterable[str]:
    """Yield the incident's clocks; one that still runs has a ≥."""
    row = file.detail.row
    detected = row.detected_at
    if row.started_at and detected:
        yield f"MTTD {in_words(detected - row.started_at)} (started → detected)"
    if detected is None:
        return
    clocks = (
        ("MTTR respond", row.first_response_at, "first response"),
        ("MTTC", row.contained_at, "contained"),
        ("MTTR resolve", row.recovered_at, "recovered"),
    )
    for name, reached, clock in clocks:
        if reached is not None:
            yield f"{name} {in_words(reached - detected)} (detected → {clock})"
        elif row.closed_at is None:
            yield f"{name} ≥ {in_words(now - detected)} (detected → {clock})"
