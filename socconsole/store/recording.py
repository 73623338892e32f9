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
from typing import Literal

from sqlalchemy import event, insert, inspect, select
from sqlalchemy.orm import UOWTransaction
from sqlalchemy.orm.attributes import History
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session

from socconsole.store import row_changes
from socconsole.store.bulk import portions
from socconsole.store.images import Image, image_of
from socconsole.store.journal import Touch, write_action
from socconsole.store.progress import counted
from socconsole.store.room import make_room
from socconsole.store.row_changes import Alike
from socconsole.store.tables import Edited, Identified, table_of

_KEY = "socconsole.recording"
_MANY = 20
"""From so many new rows on they are stored in one statement."""
_CHANGING = (0.1, 0.6)
"""Shares of a long change between which the rows are changed; then they are written down."""

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
        make_room(self.session, len(rows))
        table = table_of(model)
        connection = self.session.connection()
        names = tuple(name for name in rows[0] if name != "id")
        wanted = row_changes.sorted_out(names, rows)
        low, high = _CHANGING
        changed: list[int] = []
        for number, ids in enumerate(portions(wanted, row_changes.CHUNK)):
            begin = low + (high - low) * number * row_changes.CHUNK / len(wanted)
            current = row_changes.images(connection, table, ids, names)
            moved: list[tuple[int, Alike]] = []
            for row_id, uid, old in counted(self.session, current, len(ids), begin, begin):
                alike = wanted[row_id]
                found = alike.difference(names, old)
                if found is not None:
                    moved.append((row_id, alike))
                    self._touch_update(table.name, row_id, uid, found.before, found.after)
            row_changes.write(connection, table, names, moved, now=self.now)
            changed.extend(row_id for row_id, _ in moved)
        self._expire(model, changed)
        return len(changed)

    def _expire(self, model: type[Edited], ids: Sequence[int]) -> None:
        """Make objects of the session see what was written past them."""
        known = self.session.identity_map
        if not len(known):
            return
        for row_id in ids:
            key = identity_key(model, row_id)
            if key in known:
                self.session.expire(known[key])

    def _touch_update(
        self, entity: str, entity_id: int, uid: str, before: Image, after: Image
    ) -> None:
        """Note an update by its images, which other rows may share."""
        if self.audit == "one-entry":
            self.touches.setdefault((entity, entity_id), Touch("update", entity, entity_id, uid))
            return
        if not after:
            return
        known = self.touches.get((entity, entity_id))
        if known is None:
            self.touches[entity, entity_id] = Touch("update", entity, entity_id, uid, before, after)
        elif known.after is not None:
            known.after = {**known.after, **after}
            if known.before is not None:
                known.before = {**before, **known.before}

    def insert_rows(self, rows: Sequence[Identified]) -> None:
        """Store new rows of one table, quickly; they get their ids and stay out of the session."""
        self.session.flush()
        make_room(self.session, len(rows))
        connection, model = self.session.connection(), type(rows[0])
        table, names = table_of(model), [name for name in model.model_fields if name != "id"]
        values = [{name: getattr(row, name) for name in names} for row in rows]
        connection.execute(insert(table), values)
        ids: dict[str, int] = {}
        for chunk in portions(row.uid for row in rows):
            query = select(table.c.uid, table.c.id).where(table.c.uid.in_(chunk))
            ids.update((uid, number) for uid, number in connection.execute(query))
        for row in rows:
            row.id = ids[row.uid]
            if row.__audited__:
                self._touch_insert(row)

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
                    entity = table_of(type(row)).name
                    self._touch_update(entity, row.id, row.uid, image_of(before), image_of(after))
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


def _whole(row: Identified) -> Image:
    return image_of({name: getattr(row, name) for name in type(row).model_fields})


def _old_and_new(history: History) -> tuple[object, object]:
    return (
        history.deleted[0] if history.deleted else None,
        history.added[0] if history.added else None,
    )


def add_rows(session: Session, rows: Sequence[Identified]) -> None:
    """Add new rows of one table to a session; many, inside a recording, at once and quickly."""
    current: Recording | None = session.info.get(_KEY)
    if current is not None and len(rows) >= _MANY:
        current.insert_rows(rows)
    else:
        session.add_all(rows)


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
