"""Notes, findings and evidence of a case."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from socconsole.errors import NotFoundError
from socconsole.store.queries.occurrences import elsewhere
from socconsole.store.tables import (
    Custody,
    Escalation,
    Evidence,
    Finding,
    Note,
    Observable,
    ObservableLink,
)


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note, with what it corrects and what corrected it."""

    id: int
    subject_kind: str
    subject_id: int
    body: str
    created_at: datetime
    created_by: str
    corrects_id: int | None
    corrected: bool
    tlp: str | None


@dataclass(frozen=True, slots=True)
class FindingRow:
    """Checked what, saw what, and what it means."""

    id: int
    subject_kind: str
    subject_id: int
    checked: str
    query: str
    result: str
    meaning: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A piece of evidence without its bytes."""

    id: int
    subject_kind: str
    subject_id: int
    kind: str
    title: str
    filename: str | None
    media_type: str
    sha256: str
    size: int
    path: str
    offset_from: int | None
    offset_to: int | None
    event_time: datetime | None
    command: str | None
    reason: str
    tlp: str | None
    captured_at: datetime
    captured_by: str


@dataclass(frozen=True, slots=True)
class CustodyRow:
    """Who did what with a piece of evidence."""

    verb: str
    at: datetime
    by: str
    detail: str


@dataclass(frozen=True, slots=True)
class EscalationRow:
    """Somebody who was asked."""

    id: int
    whom: str
    channel: str
    reason: str
    asked_at: datetime
    asked_by: str
    next_contact_at: datetime | None
    answered_at: datetime | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class ObservableRow:
    """An observable of a case, with how many others it occurs in."""

    id: int
    type: str
    value: str
    indicator: bool
    confirmed_at: datetime | None
    origin: str
    expires_at: datetime | None
    tlp: str | None
    elsewhere: int


def note(session: Session, note_id: int) -> NoteRow:
    """Return one note.

    Raises:
        NotFoundError: There is none.

    """
    row = session.get(Note, note_id)
    if row is None:
        raise NotFoundError(f"There is no note {note_id}.")
    return notes(session, row.subject_kind, row.subject_id, only=note_id)[0]


def notes(
    session: Session, kind: str, subject_id: int, *, only: int | None = None
) -> tuple[NoteRow, ...]:
    """Return the notes of a case, oldest first; corrected ones are there and say so."""
    query = (
        select(Note)
        .where(col(Note.subject_kind) == kind, col(Note.subject_id) == subject_id)
        .order_by(col(Note.created_at), col(Note.id))
    )
    rows = session.exec(query).all()
    corrected = {row.corrects_id for row in rows}
    return tuple(
        NoteRow(
            id=row.id or 0,
            subject_kind=row.subject_kind,
            subject_id=row.subject_id,
            body=row.body,
            created_at=row.created_at,
            created_by=row.created_by,
            corrects_id=row.corrects_id,
            corrected=row.id in corrected,
            tlp=row.tlp,
        )
        for row in rows
        if only is None or row.id == only
    )


def findings(session: Session, kind: str, subject_id: int) -> tuple[FindingRow, ...]:
    """Return the findings of a case, oldest first."""
    query = (
        select(Finding)
        .where(col(Finding.subject_kind) == kind, col(Finding.subject_id) == subject_id)
        .order_by(col(Finding.created_at), col(Finding.id))
    )
    return tuple(
        FindingRow(
            id=row.id or 0,
            subject_kind=row.subject_kind,
            subject_id=row.subject_id,
            checked=row.checked,
            query=row.query,
            result=row.result,
            meaning=row.meaning,
            created_at=row.created_at,
            created_by=row.created_by,
        )
        for row in session.exec(query)
    )


_EVIDENCE = (
    Evidence.id,
    Evidence.subject_kind,
    Evidence.subject_id,
    Evidence.kind,
    Evidence.title,
    Evidence.filename,
    Evidence.media_type,
    Evidence.sha256,
    Evidence.size,
    Evidence.path,
    Evidence.offset_from,
    Evidence.offset_to,
    Evidence.event_time,
    Evidence.command,
    Evidence.reason,
    Evidence.tlp,
    Evidence.captured_at,
    Evidence.captured_by,
)


def evidence(session: Session, kind: str, subject_id: int) -> tuple[EvidenceRow, ...]:
    """Return the evidence of a case without its bytes, oldest first."""
    query = (
        select(*(col(each) for each in _EVIDENCE))
        .where(col(Evidence.subject_kind) == kind, col(Evidence.subject_id) == subject_id)
        .order_by(col(Evidence.captured_at), col(Evidence.id))
    )
    return tuple(EvidenceRow(*found) for found in session.execute(query))


def piece(session: Session, evidence_id: int) -> EvidenceRow:
    """Return one piece of evidence, which is there, without its bytes."""
    query = select(*(col(each) for each in _EVIDENCE)).where(col(Evidence.id) == evidence_id)
    return EvidenceRow(*session.execute(query).one())


def escalations(session: Session, kind: str, subject_id: int) -> tuple[EscalationRow, ...]:
    """Return who was asked about a case, oldest first."""
    query = (
        select(Escalation)
        .where(col(Escalation.subject_kind) == kind, col(Escalation.subject_id) == subject_id)
        .order_by(col(Escalation.asked_at), col(Escalation.id))
    )
    return tuple(
        EscalationRow(
            id=row.id or 0,
            whom=row.whom,
            channel=row.channel,
            reason=row.reason,
            asked_at=row.asked_at,
            asked_by=row.asked_by,
            next_contact_at=row.next_contact_at,
            answered_at=row.answered_at,
            answer=row.answer,
        )
        for row in session.exec(query)
    )


def custody(session: Session, evidence_id: int) -> tuple[CustodyRow, ...]:
    """Return who did what with a piece of evidence, oldest first."""
    query = (
        select(Custody.verb, Custody.at, Custody.by, Custody.detail)
        .where(col(Custody.evidence_id) == evidence_id)
        .order_by(col(Custody.at), col(Custody.id))
    )
    return tuple(CustodyRow(*found) for found in session.exec(query))


def observables(session: Session, kind: str, subject_id: int) -> tuple[ObservableRow, ...]:
    """Return the observables of a case, the ones seen elsewhere most first."""
    query = (
        select(Observable, ObservableLink.confirmed_at)
        .join(ObservableLink, col(ObservableLink.observable_id) == col(Observable.id))
        .where(
            col(ObservableLink.subject_kind) == kind,
            col(ObservableLink.subject_id) == subject_id,
            ~col(Observable.ignored),
        )
    )
    found = session.exec(query).all()
    counts = elsewhere(session, kind, subject_id, [row for row, _ in found])
    rows = [
        ObservableRow(
            id=row.id or 0,
            type=row.type,
            value=row.value,
            indicator=row.indicator,
            confirmed_at=confirmed_at,
            origin=row.origin,
            expires_at=row.expires_at,
            tlp=row.tlp,
            elsewhere=counts.get(row.id or 0, 0),
        )
        for row, confirmed_at in found
    ]
    return tuple(sorted(rows, key=lambda row: (-row.elsewhere, row.type, row.value)))
