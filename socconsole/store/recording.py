"""Records what an action did: one action row, a chained audit entry per row touched, one change.

A service wraps its change in `recording(...)`; the session's flushes tell what was inserted,
changed and deleted, so that no verb can forget to say it. A recording inside another belongs to
the outer one: a verb made of verbs is one action with one undo.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, Row, Table, bindparam, event, inspect, select, update
from sqlalchemy.orm import UOWTransaction
from sqlalchemy.orm.attributes import History
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session

from socconsole.store.bulk import among, portions
from socconsole.store.images import Image, image_of
from socconsole.store.journal import Touch, write_action
from socconsole.store.progress import counted
from socconsole.store.tables import Edited, Identified, table_of

_KEY = "socconsole.recording"
_CHUNK = 5_000
_READING = (0.1, 0.3)
"""Shares of a long change between which the rows are read; after it they are written down."""
_MANY = 20
"""From so many rows with the same values on they are written in one statement."""

AuditMode = Literal["rows", "one-entry"]


@dataclass(slots=True)
class Recording:
    """An action while it happens."""

    session: Session
    verb: str
    by: str
    now: datetime
    summary: str
    audit: AuditMode = "rows"
    undoable: bool = True
    about: tuple[str, int] | None = None
    """Table and id of what the action is about; None: the first row it touches."""
    undoes_id: int | None = None
    action_id: int | None = None
    """Known once the recording has ended; None when nothing was changed."""
    seq: int | None = None
    """The change sequence, likewise."""
    figures: dict[str, object] = field(default_factory=dict)
    """What a one-entry recording says beside the rows it touched."""
    touches: dict[tuple[str, int | None], Touch] = field(default_factory=dict)
    notes: list[Touch] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    """Tables without audit that consoles should read again."""

    def say(self, entity: str, entity_id: int | None, **facts: object) -> None:
        """Record something that changed no row, such as an export."""
        self.notes.append(Touch("note", entity, entity_id, "", after=dict(facts)))

    def update_rows(self, model: type[Edited], rows: Sequence[Mapping[str, object]]) -> int:
        """Give each row its own values, quickly; each mapping has the row's `id`.

        All mappings name the same columns. A row that has its values already stays untouched.
        Returns how many were changed.
        """
        if not rows:
            return 0
        self.session.flush()
        table = table_of(model)
        wanted = {row["id"]: row for row in rows}
        names = tuple(name for name in rows[0] if name != "id")
        columns = [table.c[name] for name in names]
        changed: list[Mapping[str, object]] = []
        current = self._current(table, list(wanted), columns)
        for found in counted(self.session, current, len(wanted), *_READING):
            row = wanted[found[0]]
            before: Image = {}
            after: Image = {}
            for name, old in zip(names, found[2:], strict=True):
                new = row[name]
                if old != new:
                    before[name], after[name] = old, new
            if after:
                changed.append(row)
                self._touch_update(table.name, found[0], found[1], before, after)
        if changed:
            self._update(table, names, changed)
            self._expire(model, changed)
        return len(changed)

    def _current(
        self, table: Table, ids: Sequence[object], columns: Sequence[Column[object]]
    ) -> Iterator[Row[*tuple[Any, ...]]]:
        connection = self.session.connection()
        for chunk in portions(ids, _CHUNK):
            chosen = among(connection, table.c.id, chunk)
            query = select(table.c.id, table.c.uid, *columns).where(chosen).order_by(table.c.id)
            yield from connection.execute(query.with_for_update())

    def _update(
        self, table: Table, names: Sequence[str], rows: Sequence[Mapping[str, object]]
    ) -> None:
        values: dict[str, object] = {name: bindparam(f"new_{name}") for name in names}
        values["version"] = table.c.version + 1
        if "updated_at" in table.c and "updated_at" not in values:
            values["updated_at"] = self.now
        connection = self.session.connection()
        groups, single = _alike(names, rows)
        for shared, ids in groups:
            for chunk in portions(ids, _CHUNK):
                chosen = among(connection, table.c.id, chunk)
                connection.execute(update(table).where(chosen).values(values), shared)
        if single:
            each = [{**_bound(names, row), "row_id": row["id"]} for row in single]
            connection.execute(
                update(table).where(table.c.id == bindparam("row_id")).values(values), each
            )

    def _expire(self, model: type[Edited], rows: Sequence[Mapping[str, object]]) -> None:
        """Make objects of the session see what was written past them."""
        known = self.session.identity_map
        if not len(known):
            return
        for row in rows:
            key = identity_key(model, row["id"])
            if key in known:
                self.session.expire(known[key])

    def _touch_update(self, entity: str, entity_id: int, uid: str, old: Image, new: Image) -> None:
        if self.audit == "one-entry":
            self.touches.setdefault((entity, entity_id), Touch("update", entity, entity_id, uid))
            return
        before, after = image_of(old), image_of(new)
        if not after:
            return
        known = self.touches.get((entity, entity_id))
        if known is None:
            self.touches[entity, entity_id] = Touch("update", entity, entity_id, uid, before, after)
        elif known.after is not None:
            known.after.update(after)
            if known.before is not None:
                known.before = {**before, **known.before}

    def _touch_insert(self, row: Identified) -> None:
        entity = table_of(type(row)).name
        after = _whole(row) if self.audit == "rows" else None
        self.touches[entity, row.id] = Touch("insert", entity, row.id, row.uid, after=after)

    def _touch_delete(self, row: Identified) -> None:
        entity = table_of(type(row)).name
        known = self.touches.pop((entity, row.id), None)
        if known is not None and known.operation == "insert":
            return
        before = _whole(row)
        if known is not None and known.before is not None:
            before.update(known.before)
        self.touches[entity, row.id] = Touch("delete", entity, row.id, row.uid, before=before)

    def before_flush(self, session: Session, _context: UOWTransaction, _instances: object) -> None:
        """Note what is about to change while the old values can still be read."""
        for row in session.dirty:
            if isinstance(row, Identified) and row.__audited__:
                state = inspect(row)
                before: Image = {}
                after: Image = {}
                for name in list(state.committed_state):
                    if name in state.mapper.column_attrs:
                        old, new = _old_and_new(state.attrs[name].load_history())
                        if old != new:
                            before[name], after[name] = old, new
                if after and row.id is not None:
                    self._touch_update(table_of(type(row)).name, row.id, row.uid, before, after)
        for row in session.deleted:
            if isinstance(row, Identified) and row.__audited__:
                self._touch_delete(row)

    def after_flush(self, session: Session, _context: UOWTransaction) -> None:
        """Note new rows once they have their ids."""
        for row in session.new:
            if isinstance(row, Identified) and row.__audited__:
                self._touch_insert(row)

    def all_touches(self) -> list[Touch]:
        """Return what the audit gets: every touch, or the sum of them."""
        touches = list(self.touches.values())
        if self.audit == "rows" or not (touches or self.figures):
            return touches + self.notes
        counted = Counter(f"{each.entity}.{each.operation}" for each in touches)
        figures = {**self.figures, "rows": dict(counted)}
        return [Touch("batch", "", None, "", after=figures), *self.notes]

    def all_changes(self) -> dict[str, list[int | None]]:
        """Return which rows consoles should read again."""
        changes: dict[str, list[int | None]] = {name: [None] for name in self.changed}
        for touch in (*self.touches.values(), *self.notes):
            changes.setdefault(touch.entity, []).append(touch.entity_id)
        return changes


Values = dict[str, object]


def _alike(
    names: Sequence[str], rows: Sequence[Mapping[str, object]]
) -> tuple[list[tuple[Values, list[object]]], list[Mapping[str, object]]]:
    """Return the values that many rows get with those rows' ids, and the rows left over.

    One statement for thousands of rows takes half the time of one each.
    """
    groups: dict[tuple[object, ...], list[Mapping[str, object]]] = {}
    single: list[Mapping[str, object]] = []
    for row in rows:
        key = tuple([row[name] for name in names])
        try:
            groups.setdefault(key, []).append(row)
        except TypeError:  # a document has no hash, and is seldom the same
            single.append(row)
    many: list[tuple[Values, list[object]]] = []
    for group in groups.values():
        if len(group) < _MANY:
            single.extend(group)
        else:
            many.append((_bound(names, group[0]), [row["id"] for row in group]))
    return many, single


def _whole(row: Identified) -> Image:
    return image_of({name: getattr(row, name) for name in type(row).model_fields})


def _bound(names: Sequence[str], row: Mapping[str, object]) -> Values:
    return {f"new_{name}": row[name] for name in names}


def _old_and_new(history: History) -> tuple[object, object]:
    return (
        history.deleted[0] if history.deleted else None,
        history.added[0] if history.added else None,
    )


@contextmanager
def recording(
    session: Session,
    *,
    verb: str,
    by: str,
    now: datetime,
    summary: str = "",
    audit: AuditMode = "rows",
) -> Iterator[Recording]:
    """Make everything changed inside one audited action of `by`.

    Args:
        session: The unit of work; the action commits or vanishes with it.
        verb: What was done, such as `alert.acknowledge`.
        by: The login of who did it.
        now: When.
        summary: One line for people; it may be set later on the recording.
        audit: `one-entry` writes a single entry with counts: for the collector's batches, which
            nobody undoes.

    """
    outer = session.info.get(_KEY)
    if outer is not None:
        yield outer
        return
    session.flush()
    current = Recording(session, verb, by, now, summary, audit, undoable=audit == "rows")
    session.info[_KEY] = current
    event.listen(session, "before_flush", current.before_flush)
    event.listen(session, "after_flush", current.after_flush)
    try:
        yield current
        session.flush()
    finally:
        event.remove(session, "before_flush", current.before_flush)
        event.remove(session, "after_flush", current.after_flush)
        del session.info[_KEY]
    touches, changes = current.all_touches(), current.all_changes()
    if touches or changes:
        write_action(current, touches, changes)
