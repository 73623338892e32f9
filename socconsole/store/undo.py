"""Takes an action back, until something else depends on it; then it says what."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import msgspec
from sqlalchemy import ColumnElement, Table, and_, delete, func, insert, select
from sqlmodel import Session

from socconsole.core.deeds import said
from socconsole.errors import NotFoundError, TransitionError
from socconsole.store import row_changes
from socconsole.store.bulk import portions
from socconsole.store.guards import permitted
from socconsole.store.images import Image, canonical, typed
from socconsole.store.journal import Touch
from socconsole.store.progress import begun
from socconsole.store.recording import Recording, recording
from socconsole.store.tables import (
    METADATA,
    Action,
    AuditEntry,
    AuditPayload,
    Edited,
    table_of,
)

_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What was taken back."""

    action_id: int
    """The undoing action: undoing it does the first one again."""
    undone_id: int
    verb: str
    summary: str
    rows: int

    @property
    def said(self) -> str:
        """What was taken back, in words."""
        return said(self.verb, self.summary)


def undo(session: Session, action_id: int, *, by: str, now: datetime) -> UndoResult:
    """Put every row the action touched back to what it was before.

    A row that got a human id when it was made is voided instead of deleted: its number stays.

    Raises:
        NotFoundError: There is no such action.
        TransitionError: It was undone already, cannot be undone, or something depends on it.

    """
    action = session.get(Action, action_id, with_for_update=True)
    if action is None:
        raise NotFoundError(f"There is no action {action_id}.")
    _require_undoable(session, action)
    begun(session, action.rows)
    touches = _touches(session, action)
    summary = f"undid: {said(action.verb, action.summary)}"
    with (
        permitted(session, "undo"),
        recording(session, verb="undo", by=by, now=now, summary=summary) as current,
    ):
        current.about, current.undoes_id = _subject(action), action_id
        _take_back(_Undoing(session, action, current, now, _made(touches)), touches)
    assert current.action_id is not None
    action.undone_by_id = current.action_id
    if action.undoes_id is not None:
        first = session.get(Action, action.undoes_id)
        if first is not None:
            first.undone_by_id = None
    session.flush()
    return UndoResult(current.action_id, action_id, action.verb, action.summary, len(touches))


def last_action(session: Session, by: str) -> int | None:
    """Return the newest action of `by` that can be undone and is no undo itself."""
    found = session.connection().execute(
        select(table_of(Action).c.id)
        .where(
            table_of(Action).c.by == by,
            table_of(Action).c.undoable,
            table_of(Action).c.undoes_id.is_(None),
            table_of(Action).c.undone_by_id.is_(None),
        )
        .order_by(table_of(Action).c.id.desc())
        .limit(1)
    )
    return found.scalar()


def _subject(action: Action) -> tuple[str, int] | None:
    if action.subject_kind is None or action.subject_id is None:
        return None
    return action.subject_kind, action.subject_id


def _require_undoable(session: Session, action: Action) -> None:
    if action.undone_by_id is not None:
        undoing = session.get(Action, action.undone_by_id)
        who = f" by {undoing.by}" if undoing else ""
        raise TransitionError(f"{_named(action)} was undone already{who}.")
    if not action.undoable:
        raise TransitionError(f"{_named(action)} cannot be undone.")


def _named(action: Action) -> str:
    return f"Action {action.id} ({said(action.verb, action.summary)})"


def _touches(session: Session, action: Action) -> list[Touch]:
    """Return what the action did, last first."""
    entry, payload = table_of(AuditEntry), table_of(AuditPayload)
    rows = session.connection().execute(
        select(entry.c.operation, entry.c.entity, entry.c.entity_id, entry.c.entity_uid,
               payload.c.body)
        .select_from(entry.outerjoin(payload, payload.c.seq == entry.c.seq))
        .where(entry.c.action_id == action.id, entry.c.operation != "note")
        .order_by(entry.c.seq.desc())
    )  # fmt: skip
    decode = cache(msgspec.json.Decoder(dict[str, dict[str, object]]).decode)
    touches = []
    for operation, entity, entity_id, uid, body in rows:
        if body is None:
            raise TransitionError(f"{_named(action)} cannot be undone: its record was erased.")
        images = decode(body)
        touches.append(
            Touch(operation, entity, entity_id, uid, images.get("before"), images.get("after"))
        )
    if not touches:
        raise TransitionError(f"{_named(action)} changed nothing.")
    return touches


def _made(touches: Iterable[Touch]) -> dict[str, list[int | None]]:
    made: dict[str, list[int | None]] = {}
    for touch in touches:
        if touch.operation == "insert":
            made.setdefault(touch.entity, []).append(touch.entity_id)
    return made


@dataclass(frozen=True, slots=True)
class _Undoing:
    session: Session
    action: Action
    current: Recording
    now: datetime
    made: Mapping[str, Sequence[int | None]]
    """Table → the rows the action itself made: they go together."""


def _take_back(undoing: _Undoing, touches: Sequence[Touch]) -> None:
    """Undo touches in runs of one table and operation, so that thousands are a few statements.

    Updates come first: a row that was changed to point at a new one lets go of it again.
    """
    by_operation: dict[str, Callable[[_Undoing, Table, Sequence[Touch]], None]] = {
        "update": _restore,
        "insert": _remove,
        "delete": _bring_back,
    }
    ordered = sorted(touches, key=lambda touch: touch.operation != "update")
    for table, run in _runs(ordered):
        by_operation[run[0].operation](undoing, table, run)


def _runs(touches: Iterable[Touch]) -> Iterator[tuple[Table, list[Touch]]]:
    run: list[Touch] = []
    key: object = None
    for touch in touches:
        columns = tuple(touch.before or ()) if touch.operation == "update" else ()
        new_key = (touch.entity, touch.operation, columns)
        if run and new_key != key:
            yield METADATA.tables[run[0].entity], run
            run = []
        key = new_key
        run.append(touch)
    if run:
        yield METADATA.tables[run[0].entity], run


def _restore(undoing: _Undoing, table: Table, run: Sequence[Touch]) -> None:
    before = [touch.before or {} for touch in run]
    names = list(before[0])
    found = _images(undoing.session, table, [touch.entity_id for touch in run], names)
    for touch in run:
        now = found.get(touch.entity_id)
        if now is None:
            raise TransitionError(f"{_name(touch)} is gone.")
        if now != touch.after:
            _require_unchanged(undoing, table, touch, now)
    shared = {id(image): typed(table, image) for image in {id(one): one for one in before}.values()}
    rows = [
        {"id": touch.entity_id, **shared[id(image)]}
        for touch, image in zip(run, before, strict=True)
    ]
    undoing.current.update_rows(_model(table), rows)


def _images(
    session: Session, table: Table, ids: Sequence[int | None], names: Sequence[str]
) -> dict[int | None, Image]:
    found: dict[int | None, Image] = {}
    for chunk in portions(ids, _CHUNK):
        for number, _, row in row_changes.images(session.connection(), table, chunk, names):
            found[number] = dict(zip(names, row, strict=True))
    return found


def _remove(undoing: _Undoing, table: Table, run: Sequence[Touch]) -> None:
    """Delete rows the action made; void those with a human id."""
    others = _followed_by_others(undoing, table, [touch.entity_id for touch in run])
    run = [touch for touch in run if touch.entity_id not in others]
    if not run:
        return
    ids = [touch.entity_id for touch in run]
    _require_no_dependants(undoing, table, run)
    names = list(run[0].after or {})
    found = _images(undoing.session, table, ids, names)
    for touch in run:
        if touch.entity_id not in found:
            raise TransitionError(f"{_name(touch)} is gone.")
        _require_unchanged(undoing, table, touch, found[touch.entity_id])
    if "voided_at" in table.c:
        undoing.current.update_rows(
            _model(table), [{"id": number, "voided_at": undoing.now} for number in ids]
        )
        return
    connection = undoing.session.connection()
    for chunk in portions(ids, _CHUNK):
        connection.execute(delete(table).where(table.c.id.in_(chunk)))
    for touch in run:
        undoing.current.touches[table.name, touch.entity_id] = Touch(
            "delete", table.name, touch.entity_id, touch.entity_uid, before=found[touch.entity_id]
        )


def _followed_by_others(
    undoing: _Undoing, table: Table, ids: Sequence[int | None]
) -> set[int | None]:
    """Remove what follows these rows since the action, and return those followed from elsewhere.

    A value that a note was the first to mention stays while another one mentions it.
    """
    connection = undoing.session.connection()
    others: set[int | None] = set()
    for follower in METADATA.tables.values():
        if not follower.info.get("follows") or "created_at" not in follower.c:
            continue
        for column in follower.c:
            if any(key.column.table is table for key in column.foreign_keys):
                for chunk in portions(ids, _CHUNK):
                    followers = column.in_(chunk)
                    own = follower.c.created_at == undoing.action.at
                    connection.execute(delete(follower).where(followers, own))
                    others.update(connection.execute(select(column).where(followers)).scalars())
    return others


def _require_unchanged(undoing: _Undoing, table: Table, touch: Touch, now: Image) -> None:
    derived = table.info.get("derived", ())
    for name, value in (touch.after or {}).items():
        if name in now and name not in derived and not _same(now[name], value):
            raise TransitionError(_who_changed(undoing, touch, name))


def _bring_back(undoing: _Undoing, table: Table, run: Sequence[Touch]) -> None:
    rows = [typed(table, touch.before or {}) for touch in run]
    for row in rows:
        if "updated_at" in table.c:
            row["updated_at"] = undoing.now
        if "version" in table.c:
            row["version"] = 1
    undoing.session.connection().execute(insert(table), rows)
    for touch in run:
        undoing.current.touches[table.name, touch.entity_id] = Touch(
            "insert", table.name, touch.entity_id, touch.entity_uid, after=touch.before
        )


def _require_no_dependants(undoing: _Undoing, table: Table, run: Sequence[Touch]) -> None:
    """Refuse to remove rows that others have been hung on since."""
    ids = [touch.entity_id for touch in run]
    connection = undoing.session.connection()
    for other in METADATA.tables.values():
        query = select(func.count()).select_from(other)
        if other.name in undoing.made:
            query = query.where(other.c.id.not_in(undoing.made[other.name]))
        for condition in _pointing_at(other, table, ids):
            count = connection.execute(query.where(condition)).scalar_one()
            if count:
                what = other.name.replace("_", " ")
                raise TransitionError(
                    f"{_name(run[0])} cannot be taken back: {count} {what}"
                    f"{'s' if count > 1 else ''} depend{'' if count > 1 else 's'} on it.",
                    hint="Undo what came later first.",
                )


def _pointing_at(
    other: Table, table: Table, ids: Sequence[int | None]
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions under which rows of `other` point at rows of `table`."""
    if other.info.get("follows"):
        return
    for column in other.c:
        if any(key.column.table is table for key in column.foreign_keys):
            yield column.in_(ids)
    if "subject_kind" in other.c and other.name not in ("action", "presence"):
        yield and_(other.c.subject_kind == table.name, other.c.subject_id.in_(ids))


def _same(one: object, other: object) -> bool:
    return one == other or canonical(one) == canonical(other)


def _who_changed(undoing: _Undoing, touch: Touch, column: str) -> str:
    """Say who changed the row after the action, and what they did."""
    entry, action = table_of(AuditEntry), table_of(Action)
    later = undoing.session.connection().execute(
        select(entry.c.by, entry.c.verb, action.c.summary)
        .join_from(entry, action, action.c.id == entry.c.action_id, isouter=True)
        .where(
            entry.c.entity == touch.entity,
            entry.c.entity_id == touch.entity_id,
            entry.c.action_id > (undoing.action.id or 0),
        )
        .order_by(entry.c.seq.desc())
        .limit(1)
    )  # fmt: skip
    row = later.one_or_none()
    if row is None:
        return f"{_name(touch)} has changed since: its {column} is not what the action left."
    return f"{_name(touch)} has changed since: {row.by} {said(row.verb, row.summary or '')}."


def _name(touch: Touch) -> str:
    after: Mapping[str, object] = touch.after or touch.before or {}
    known = after.get("human_id")
    if isinstance(known, str):
        return known
    return f"{touch.entity.replace('_', ' ').capitalize()} {touch.entity_id}"


_MODELS: dict[str, type[Edited]] = {}


def _model(table: Table) -> type[Edited]:
    """Return the class of a table of edited rows."""
    if not _MODELS:
        _MODELS.update({table_of(each).name: each for each in Edited.__subclasses__()})
    return _MODELS[table.name]
