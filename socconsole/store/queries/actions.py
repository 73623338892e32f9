"""Who did what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, select
from sqlmodel import Session

from socconsole.store.tables import Action, AuditEntry, AuditPayload, table_of


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One verb by one person."""

    id: int
    at: datetime
    by: str
    verb: str
    summary: str
    rows: int
    subject_kind: str | None
    subject_id: int | None
    undoable: bool
    undoes: int | None
    undone_by: int | None


def list_actions(
    session: Session,
    *,
    by: str | None = None,
    verb: str | None = None,
    subject: tuple[str, int] | None = None,
    limit: int = 50,
    before: int | None = None,
) -> tuple[ActionRow, ...]:
    """Return actions, newest first.

    Args:
        session: The snapshot to read.
        by: Only this person's.
        verb: Only verbs that begin like this, such as `ticket.`.
        subject: Only those about this table and id.
        limit: At most so many.
        before: Only those older than this id: the next page.

    """
    action = table_of(Action)
    query = select(
        action.c.id, action.c.at, action.c.by, action.c.verb, action.c.summary, action.c.rows,
        action.c.subject_kind, action.c.subject_id, action.c.undoable, action.c.undoes_id,
        action.c.undone_by_id,
    )  # fmt: skip
    if by is not None:
        query = query.where(action.c.by == by)
    if verb is not None:
        query = query.where(action.c.verb.startswith(verb, autoescape=True))
    if subject is not None:
        query = query.where(action.c.subject_kind == subject[0], action.c.subject_id == subject[1])
    if before is not None:
        query = query.where(action.c.id < before)
    found = session.connection().execute(query.order_by(action.c.id.desc()).limit(limit))
    return tuple(ActionRow(*row) for row in found)


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A link of the audit chain, with what it says where that was not erased."""

    seq: int
    action_id: int
    at: datetime
    by: str
    verb: str
    operation: str
    entity: str
    entity_id: int | None
    entity_uid: str
    hash: str
    before: dict[str, object] | None
    after: dict[str, object] | None
    erased: bool


def list_entries(
    session: Session,
    *,
    by: str | None = None,
    entity: tuple[str, int] | None = None,
    action_id: int | None = None,
    limit: int = 50,
    before: int | None = None,
) -> tuple[EntryRow, ...]:
    """Return entries of the audit chain, newest first.

    Args:
        session: The snapshot to read.
        by: Only what this person did.
        entity: Only what was done to this row: its table and id.
        action_id: Only those of one action.
        limit: At most so many.
        before: Only those before this sequence number: the next page.

    """
    entry, payload = table_of(AuditEntry), table_of(AuditPayload)
    query = select(
        entry.c.seq, entry.c.action_id, entry.c.at, entry.c.by, entry.c.verb, entry.c.operation,
        entry.c.entity, entry.c.entity_id, entry.c.entity_uid, entry.c.hash, payload.c.body,
    ).select_from(entry.outerjoin(payload, payload.c.seq == entry.c.seq))  # fmt: skip
    if by is not None:
        query = query.where(entry.c.by == by)
    if entity is not None:
        query = query.where(entry.c.entity == entity[0], entry.c.entity_id == entity[1])
    if action_id is not None:
        query = query.where(entry.c.action_id == action_id)
    if before is not None:
        query = query.where(entry.c.seq < before)
    found = session.connection().execute(query.order_by(entry.c.seq.desc()).limit(limit))
    return tuple(_entry_row(row) for row in found)


_images = msgspec.json.Decoder(dict[str, dict[str, object]]).decode


def _entry_row(row: Row[*tuple[Any, ...]]) -> EntryRow:
    body = row[10]
    images = _images(body) if body is not None else {}
    return EntryRow(
        seq=row[0],
        action_id=row[1],
        at=row[2],
        by=row[3],
        verb=row[4],
        operation=row[5],
        entity=row[6],
        entity_id=row[7],
        entity_uid=row[8],
        hash=bytes(row[9]).hex(),
        before=images.get("before"),
        after=images.get("after"),
        erased=body is None,
    )
