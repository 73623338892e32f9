"""Notes: dated, signed, append-only. A correction is another note."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlmodel import Session, col, select

from socconsole.core.reference import ReferenceKind, references_in
from socconsole.core.storable import storable_text
from socconsole.core.tlp import Tlp
from socconsole.errors import NotFoundError, TransitionError, UsageError
from socconsole.services import observables
from socconsole.store.progress import begun
from socconsole.store.queries import notes as queries
from socconsole.store.queries.notes import NoteRow
from socconsole.store.queries.subjects import Subject
from socconsole.store.recording import add_rows, recording
from socconsole.store.tables import Note, Ticket, TicketLink


def add(
    session: Session, about: Subject, body: str, *, by: str, now: datetime, tlp: Tlp | None = None
) -> NoteRow:
    """Write a note; what it mentions is linked."""
    summary = f"wrote a note on {about.name}"
    (number,) = _add(session, [about], body, summary, by=by, now=now, tlp=tlp)
    return queries.note(session, number)


def add_to_each(
    session: Session, abouts: Sequence[Subject], body: str, *, by: str, now: datetime
) -> None:
    """Write the same note on several cases, as one action."""
    begun(session, len(abouts))
    summary = f"wrote a note on {abouts[0].name} and {len(abouts) - 1} more"
    _add(session, abouts, body, summary, by=by, now=now)


def _add(
    session: Session,
    abouts: Sequence[Subject],
    body: str,
    summary: str,
    *,
    by: str,
    now: datetime,
    tlp: Tlp | None = None,
) -> list[int]:
    said = _said(body)
    notes = [
        Note(
            subject_kind=about.kind,
            subject_id=about.id,
            body=said,
            created_at=now,
            created_by=by,
            tlp=tlp.value if tlp else None,
        )
        for about in abouts
    ]
    with recording(session, verb="note.add", by=by, now=now, summary=summary) as action:
        action.about = (abouts[0].kind, abouts[0].id)
        _write(session, notes)
        for about in abouts:
            _link_mentioned(session, about, said, by=by, now=now)
    return [note.id or 0 for note in notes]


@contextmanager
def together(session: Session, about: Subject, *, by: str, now: datetime) -> Iterator[None]:
    """Make a note and what is attached with it one action."""
    summary = f"wrote a note on {about.name}"
    with recording(session, verb="note.add", by=by, now=now, summary=summary) as action:
        action.about = (about.kind, about.id)
        yield


def correct(session: Session, note_id: int, body: str, *, by: str, now: datetime) -> NoteRow:
    """Write a note that takes the place of another; the old one stays readable."""
    old = session.get(Note, note_id)
    if old is None:
        raise NotFoundError(f"There is no note {note_id}.")
    if session.exec(select(Note.id).where(col(Note.corrects_id) == note_id)).first():
        raise TransitionError(
            f"Note {note_id} was corrected already.", hint="Correct the correction."
        )
    note = Note(
        subject_kind=old.subject_kind,
        subject_id=old.subject_id,
        body=_said(body),
        created_at=now,
        created_by=by,
        corrects_id=note_id,
        tlp=old.tlp,
    )
    with recording(
        session, verb="note.correct", by=by, now=now, summary=f"corrected note {note_id}"
    ) as action:
        action.about = (old.subject_kind, old.subject_id)
        _write(session, [note])
    return queries.note(session, note.id or 0)


def _said(body: str) -> str:
    body = storable_text(body.strip())
    if not body:
        raise UsageError("The note is empty.")
    return body


def _write(session: Session, notes: Sequence[Note]) -> None:
    """Store notes that say the same, with the values that stand in them."""
    add_rows(session, notes)
    abouts = [(note.subject_kind, note.subject_id) for note in notes]
    body, by, now = notes[0].body, notes[0].created_by, notes[0].created_at
    observables.link_text_to_each(session, abouts, body, by=by, now=now)
    session.flush()


def _link_mentioned(session: Session, about: Subject, body: str, *, by: str, now: datetime) -> None:
    """Link a ticket to the tickets its note mentions."""
    if about.kind != "ticket":
        return
    mentioned = {
        reference.target
        for reference in references_in(body)
        if reference.kind is ReferenceKind.TICKET and reference.target != about.name
    }
    others = session.exec(select(Ticket.id).where(col(Ticket.human_id).in_(mentioned))).all()
    both = select(TicketLink.id).where(
        col(TicketLink.ticket_id).in_((about.id, *others)),
        col(TicketLink.other_id).in_((about.id, *others)),
    )
    for other in others:
        assert other is not None
        between = both.where(
            (col(TicketLink.ticket_id) == other) | (col(TicketLink.other_id) == other)
        )
        if session.exec(between).first() is None:
            session.add(
                TicketLink(
                    ticket_id=about.id,
                    other_id=other,
                    reason="mentioned in a note",
                    added_at=now,
                    added_by=by,
                )
            )
