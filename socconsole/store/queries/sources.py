"""How each source is doing, and what happened to it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from socconsole.store.tables import Generation, Source, SourceNote


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as the Sources screen shows it."""

    id: int
    name: str
    kind: str
    path: str
    format: str
    """As in the settings; `formats` says what was chosen."""
    enabled: bool
    state: str
    error: str | None
    half_line: str | None
    """File and text of a last line that nobody has finished for a while; it is not matched."""
    lines: int
    events: int
    unparsed: int
    bytes: int
    lag_bytes: int
    detections: int
    files: int
    """Files that are being followed."""
    last_event_time: datetime | None
    last_read_at: datetime | None
    max_silence: float | None
    formats: tuple[str, ...] = ()
    """Parser and reason, for each that was chosen."""
    notes: dict[str, int] | None = None
    """Kind → how many remarks there are."""


@dataclass(frozen=True, slots=True)
class SourceNoteRow:
    """A remark about a source."""

    id: int
    source: str
    kind: str
    at: datetime
    path: str
    first: int | None
    last: int | None
    """None: nobody can know."""
    text: str


def sources(session: Session, *, stopped: bool = False) -> tuple[SourceRow, ...]:
    """Return the sources by name; with `stopped` also those no longer in the settings."""
    chosen = select(Source).order_by(col(Source.name))
    if not stopped:
        chosen = chosen.where(col(Source.enabled))
    files = _files(session)
    formats = _formats(session)
    notes = _note_counts(session)
    return tuple(
        SourceRow(
            id=row.id or 0,
            name=row.name,
            kind=row.kind,
            path=row.pattern,
            format=row.format,
            enabled=row.enabled,
            state=row.state,
            error=row.error,
            half_line=row.half_line,
            lines=row.lines,
            events=row.events,
            unparsed=row.unparsed,
            bytes=row.bytes,
            lag_bytes=row.lag_bytes,
            detections=row.detections,
            files=files.get(row.id or 0, 0),
            last_event_time=row.last_event_time,
            last_read_at=row.last_read_at,
            max_silence=row.max_silence,
            formats=formats.get(row.id or 0, ()),
            notes=notes.get(row.id or 0, {}),
        )
        for row in session.scalars(chosen)
    )


def source_notes(
    session: Session, *, source_id: int | None = None, limit: int = 200
) -> tuple[SourceNoteRow, ...]:
    """Return the newest remarks, newest first."""
    chosen = (
        select(SourceNote, col(Source.name))
        .join(Source, col(Source.id) == col(SourceNote.source_id))
        .order_by(col(SourceNote.at).desc(), col(SourceNote.id).desc())
        .limit(limit)
    )
    if source_id is not None:
        chosen = chosen.where(col(SourceNote.source_id) == source_id)
    return tuple(
        SourceNoteRow(
            id=note.id or 0,
            source=name,
            kind=note.kind,
            at=note.at,
            path=note.path,
            first=note.offset_from,
            last=note.offset_to,
            text=note.detail,
        )
        for note, name in session.execute(chosen)
    )


def _files(session: Session) -> dict[int, int]:
    live = (
        select(col(Generation.source_id), func.count())
        .where(col(Generation.state) == "live")
        .group_by(col(Generation.source_id))
    )
    return {number: files for number, files in session.execute(live)}  # noqa: C416 - rows, not tuples


def _formats(session: Session) -> dict[int, tuple[str, ...]]:
    chosen = (
        select(col(Generation.source_id), col(Generation.format), col(Generation.format_reason))
        .where(col(Generation.format).is_not(None), col(Generation.state) == "live")
        .distinct()
        .order_by(col(Generation.format))
    )
    found: dict[int, tuple[str, ...]] = {}
    for source, name, reason in session.execute(chosen):
        text = f"{name}: {reason}" if reason else str(name)
        found[source] = (*found.get(source, ()), text)
    return found


def _note_counts(session: Session) -> dict[int, dict[str, int]]:
    chosen = select(col(SourceNote.source_id), col(SourceNote.kind), func.count()).group_by(
        col(SourceNote.source_id), col(SourceNote.kind)
    )
    found: dict[int, dict[str, int]] = {}
    for source, kind, count in session.execute(chosen):
        found.setdefault(source, {})[kind] = count
    return found
