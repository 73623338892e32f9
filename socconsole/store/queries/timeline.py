"""What happened in an incident, in the order it happened, whatever order it was written in."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from socconsole.store.queries import incidents as incident_queries
from socconsole.store.queries import notes as note_queries
from socconsole.store.queries.incidents import IncidentDetail
from socconsole.store.queries.tickets import alerts_of
from socconsole.store.tables import Ticket, TimelineEntry

KINDS = (
    "event",
    "alert",
    "note",
    "finding",
    "evidence",
    "phase",
    "decision",
    "action",
    "countermeasure",
    "message",
    "other",
)


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One happening."""

    at: datetime
    kind: str
    text: str
    by: str
    ref: str
    """What opens behind it: `alert:12`, `SOC-2026-014`, `entry:3`."""
    tlp: str | None = None
    """A mark of its own; None: the incident's."""


def timeline(
    session: Session,
    incident_id: int,
    kinds: Sequence[str] = (),
    *,
    without: Collection[str] = (),
) -> tuple[TimelineRow, ...]:
    """Return everything that happened: alerts, notes, findings, evidence, phases, hand entries.

    `kinds` leaves only those; empty: all. Tickets named in `without` are left out.
    """
    cases = [case for case in _tickets(session, incident_id) if case[1] not in without]
    found = incident_queries.detail(session, incident_id)
    rows = [
        *_alerts(session, cases),
        *(row for number, name in cases for row in _written(session, "ticket", number, name)),
        *_led(found),
    ]
    for number in (incident_id, *found.merged):
        rows += _entries(session, number)
        rows += _written(session, "incident", number, "")
    for number in found.merged:
        rows += _led(incident_queries.detail(session, number))
    wanted = [row for row in rows if not kinds or row.kind in kinds]
    return tuple(sorted(wanted, key=lambda row: (row.at, KINDS.index(row.kind), row.ref)))


def _tickets(session: Session, incident_id: int) -> list[tuple[int, str]]:
    query = select(Ticket.id, Ticket.human_id).where(
        col(Ticket.incident_id) == incident_id, col(Ticket.voided_at).is_(None)
    )
    return [(number or 0, name) for number, name in session.exec(query)]


def _entries(session: Session, incident_id: int) -> Iterable[TimelineRow]:
    query = select(TimelineEntry).where(col(TimelineEntry.incident_id) == incident_id)
    for row in session.exec(query):
        yield TimelineRow(row.at, row.kind, row.text, row.recorded_by, f"entry:{row.id}")


def _alerts(session: Session, cases: Sequence[tuple[int, str]]) -> Iterable[TimelineRow]:
    for alert in alerts_of(session, [number for number, _ in cases]):
        about = alert.host or alert.username or alert.source_ip
        times = f" ×{alert.count}" if alert.count > 1 else ""
        text = f"{alert.title}{f' on {about}' if about else ''}{times}"
        yield TimelineRow(alert.first_seen, "alert", text, "", f"alert:{alert.id}")


def _written(session: Session, kind: str, subject_id: int, name: str) -> Iterable[TimelineRow]:
    for note in note_queries.notes(session, kind, subject_id):
        if not note.corrected:
            ref = name or f"note:{note.id}"
            yield TimelineRow(note.created_at, "note", note.body, note.created_by, ref, note.tlp)
    for finding in note_queries.findings(session, kind, subject_id):
        text = f"checked {finding.checked}: {finding.result}"
        ref = name or f"finding:{finding.id}"
        yield TimelineRow(finding.created_at, "finding", text, finding.created_by, ref)
    for asked in note_queries.escalations(session, kind, subject_id):
        text = f"asked {asked.whom}: {asked.reason}"
        ref = name or f"escalation:{asked.id}"
        yield TimelineRow(asked.asked_at, "message", text, asked.asked_by, ref)
    for piece in note_queries.evidence(session, kind, subject_id):
        text = f"{piece.title} ({piece.size} bytes, sha256 {piece.sha256})"
        at = piece.event_time or piece.captured_at
        ref = f"evidence:{piece.id}"
        yield TimelineRow(at, "evidence", text, piece.captured_by, ref, piece.tlp)


def _led(detail: IncidentDetail) -> Iterable[TimelineRow]:
    for number, phase in enumerate(detail.phases):
        reason = f": {phase.reason}" if phase.reason else ""
        text = f"{phase.phase.replace('_', ' ')}{reason}"
        yield TimelineRow(phase.entered_at, "phase", text, phase.entered_by, f"phase:{number}")
    for measure in detail.countermeasures:
        for step, at, by in measure.steps:
            text = f"{step} {measure.title} ({measure.target})"
            yield TimelineRow(at, "countermeasure", text, by, f"countermeasure:{measure.id}")
    for said in detail.communications:
        text = f"told {said.audience}: {said.body}"
        yield TimelineRow(said.at, "message", text, said.by, f"message:{said.id}", said.tlp)
