"""What the collector keeps of its sources: how far they are read, their health."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Executable, delete, func, literal, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as sqlmodel_select

from socconsole.core.policy import SourcePolicy
from socconsole.core.silence import Gaps
from socconsole.errors import SettingsError
from socconsole.services.leases import LEASE
from socconsole.sources.generation import Checkpoint, GenerationState
from socconsole.sources.kinds import kind_of
from socconsole.sources.notes import Note
from socconsole.store.bulk import upsert
from socconsole.store.tables import (
    AlertEvidence,
    EventCount,
    Evidence,
    Generation,
    Row,
    Source,
    SourceNote,
    table_of,
)

if TYPE_CHECKING:  # the console asks this module about the collector; parsers are not its business
    from socconsole.services.reading import Counts


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source was found, besides what its lines say."""

    state: str
    lag_bytes: int
    error: str | None = None
    half_line: str | None = None
    """File and text of a last line that nobody has finished for a while; never matched."""


# Sources and generations ---------------------------------------------------------------------


def register(
    session: Session, policies: Sequence[SourcePolicy], *, now: datetime, group: str = LEASE
) -> dict[str, int]:
    """Make a group's sources known, and return their ids by name.

    A source of the group that is no longer in the settings stops; its offsets stay.

    Raises:
        SettingsError: Another group reads a source of that name.

    """
    known = {row.name: row for row in session.scalars(select(Source))}
    for policy in policies:
        row = known.get(policy.name)
        if row is None:
            row = known[policy.name] = Source(name=policy.name, group=group, created_at=now)
            session.add(row)
        _require_own(row, group)
        row.pattern, row.format, row.enabled = policy.path, policy.format, True
        row.kind = kind_of(policy.path)
        row.state, row.error = "starting", None
        row.max_silence = _seconds(silence_limit(policy, Gaps(row.gaps)))
    wanted = {policy.name for policy in policies}
    for name, row in known.items():
        if name not in wanted and row.group == group:
            row.enabled, row.state = False, "stopped"
    session.flush()
    return {name: row.id for name, row in known.items() if row.id is not None and name in wanted}


def silence_limit(policy: SourcePolicy, gaps: Gaps) -> timedelta | None:
    """Return the silence that is trouble: as it is set, else as it was learned."""
    if policy.max_silence_secs is not None:
        return timedelta(seconds=policy.max_silence_secs)
    return gaps.limit()


def known_gaps(session: Session, source_id: int) -> Gaps:
    """Return what is known of how long a source is quiet."""
    return Gaps(session.exec(sqlmodel_select(Source.gaps).where(col(Source.id) == source_id)).one())


def save_gaps(session: Session, source_id: int, gaps: Gaps, limit: timedelta | None) -> None:
    """Store what was learned of how long a source is quiet."""
    values = {"gaps": gaps.document(), "max_silence": _seconds(limit)}
    session.connection().execute(update(Source).where(col(Source.id) == source_id).values(values))


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _require_own(source: Source, group: str) -> None:
    if source.group == group:
        return
    if not source.enabled:
        source.group = group
        return
    raise SettingsError(
        f"The source {source.name!r} is read by the collectors of group {source.group!r}.",
        hint="Give it another name here, or take it out of their settings.",
    )


def checkpoints(session: Session, source_id: int, source: str) -> tuple[Checkpoint, ...]:
    """Return how far each generation of a source was read, oldest first."""
    rows = session.scalars(
        select(Generation)
        .where(col(Generation.source_id) == source_id)
        .order_by(col(Generation.id))
    )
    return tuple(
        Checkpoint(
            id=row.id,
            source=source,
            dev=row.device or 0,
            ino=row.inode or 0,
            path=row.path.encode(),
            head=row.head,
            offset=row.offset,
            marker=row.marker,
            size=row.size,
            state=GenerationState(row.state),
        )
        for row in rows
        if row.id is not None
    )


def save_checkpoints(
    session: Session,
    source_id: int,
    changed: Iterable[Checkpoint],
    *,
    formats: Mapping[int, tuple[str, str]],
    epoch: int,
    now: datetime,
) -> None:
    """Store how far generations were read; `formats` has each one's parser and why."""
    rows = [
        {
            "id": one.id,
            "source_id": source_id,
            "path": shown(one.path),
            "device": one.dev,
            "inode": one.ino,
            "head": one.head,
            "marker": one.marker,
            "offset": one.offset,
            "size": one.size,
            "state": one.state.value,
            "epoch": epoch,
            "format": formats.get(one.id, (None, None))[0],
            "format_reason": formats.get(one.id, (None, None))[1],
            "first_seen_at": now,
            "updated_at": now,
        }
        for one in changed
    ]
    kept = ("source_id", "device", "inode", "first_seen_at")
    _upsert(session, Generation, rows, key=("id",), keep=kept, fill=("format", "format_reason"))


def shown(path: bytes) -> str:
    """Return a path as text any database takes."""
    return path.decode("utf-8", "backslashreplace").replace("\0", "")


def _upsert(
    session: Session,
    model: type[Row],
    rows: Sequence[Mapping[str, object]],
    *,
    key: tuple[str, ...],
    keep: tuple[str, ...] = (),
    add: tuple[str, ...] = (),
    fill: tuple[str, ...] = (),
) -> None:
    """Insert rows, or change those there are: `keep` stays, `add` is added up.

    Of `fill` a value that is None leaves what is there.
    """
    if not rows:
        return
    connection = session.connection()
    shape = _Shape(connection.dialect.name, tuple(rows[0]), key, keep, add, fill)
    connection.execute(_upsert_statement(model, shape), list(rows))


class _Shape(NamedTuple):
    dialect: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    keep: tuple[str, ...]
    add: tuple[str, ...]
    fill: tuple[str, ...]


@cache
def _upsert_statement(model: type[Row], shape: _Shape) -> Executable:
    table = table_of(model)
    new = upsert(table, shape.dialect)
    values: dict[str, ColumnElement[Any]] = {
        name: new.excluded[name] for name in shape.columns if name not in (*shape.key, *shape.keep)
    }
    values |= {name: table.c[name] + new.excluded[name] for name in shape.add}
    values |= {name: func.coalesce(new.excluded[name], table.c[name]) for name in shape.fill}
    return new.on_conflict_do_update(index_elements=shape.key, set_=values)


def forget_ended(session: Session, source_id: int, *, now: datetime, keep: timedelta) -> None:
    """Drop generations that ended longer than `keep` ago and that nothing names any more."""
    ended = (
        (col(Generation.source_id) == source_id)
        & col(Generation.state).in_(("rescued", "gone"))
        & (col(Generation.updated_at) < now - keep)
    )
    named = [
        select(literal(1)).where(col(table.generation_id) == col(Generation.id)).exists()
        for table in (AlertEvidence, Evidence, SourceNote)
    ]
    session.connection().execute(delete(Generation).where(ended & ~or_(*named)))


# What a batch adds ---------------------------------------------------------------------------


def save_notes(
    session: Session, ids: Mapping[str, int], notes: Iterable[Note], *, now: datetime
) -> None:
    """Store remarks about sources."""
    session.add_all(
        SourceNote(
            source_id=ids[note.source],
            generation_id=note.generation or None,
            kind=note.kind.value,
            at=now,
            path=note.path,
            offset_from=note.first,
            offset_to=note.last,
            detail=note.text,
        )
        for note in notes
        if note.source in ids
    )


def add_counts(session: Session, source_id: int, counts: "Counts", health: SourceHealth) -> None:
    """Add a batch to a source's figures and set its health."""
    columns: dict[str, object] = {
        "lines": col(Source.lines) + counts.lines,
        "events": col(Source.events) + counts.events,
        "unparsed": col(Source.unparsed) + counts.unparsed,
        "bytes": col(Source.bytes) + counts.bytes,
        "lag_bytes": health.lag_bytes,
        "state": health.state,
        "error": health.error,
        "half_line": health.half_line,
    }
    if counts.last_read_at is not None:
        columns["last_read_at"] = counts.last_read_at
    if counts.last_event_time is not None:
        columns["last_event_time"] = counts.last_event_time
    chosen = col(Source.id) == source_id
    session.connection().execute(update(Source).where(chosen).values(columns))
    rows = [
        {
            "hour": hour,
            "source_id": source_id,
            "category": category,
            "events": events,
            "unparsed": unparsed,
        }
        for (hour, category), (events, unparsed) in counts.hours.items()
    ]
    key = ("hour", "source_id", "category")
    _upsert(session, EventCount, rows, key=key, add=("events", "unparsed"))
