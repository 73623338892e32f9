"""Writes an action down: its row, its links in the audit chain, what consoles should read again."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from sqlalchemy import Connection, Table, insert, text
from sqlmodel import Session

from socconsole.store.audit import Link, link_hash, payload_hash
from socconsole.store.changes import announce
from socconsole.store.images import Image, canonical
from socconsole.store.progress import counted
from socconsole.store.tables import (
    Action,
    AuditEntry,
    AuditPayload,
    Change,
    table_of,
)
from socconsole.store.types import new_uid, to_micros

_NAMED_CHANGES = 100
"""Above so many rows of one table a change says "many" instead of naming them."""
_SALT = 16
_WRITING = (0.6, 0.8)
"""Shares of a long change between which its entries are linked; then they are inserted."""

_TAKE_HEAD = text(
    "UPDATE change_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, audit_seq, audit_hash"
)
_MOVE_HEAD = text("UPDATE change_head SET audit_seq = :seq, audit_hash = :hash WHERE id = 1")
_INSERT_ACTION = insert(table_of(Action)).returning(table_of(Action).c.id)
_INSERT_CHANGE = insert(table_of(Change))


@dataclass(slots=True)
class Touch:
    """What happened to one row."""

    operation: Literal["insert", "update", "delete", "batch", "note"]
    entity: str
    entity_id: int | None
    entity_uid: str
    before: Image | None = None
    after: Image | None = None

    def body(self) -> str:
        """Return the payload as canonical JSON."""
        images = {"before": self.before, "after": self.after}
        return canonical({name: image for name, image in images.items() if image is not None})


class Doing(Protocol):
    """The part of a recording that is written down."""

    session: Session
    verb: str
    by: str
    now: datetime
    summary: str
    undoable: bool
    about: tuple[str, int] | None
    undoes_id: int | None
    action_id: int | None
    seq: int | None


Changes = Mapping[str, Sequence[int | None]]
"""Table → ids that consoles should read again; an id None stands for many."""


def write_action(doing: Doing, touches: Sequence[Touch], changes: Changes) -> None:
    """Write the action and give it its id and sequence.

    Taking the head comes first here and last in the transaction: on a server it makes writers
    queue, which is what orders both sequences as the commits are.
    """
    connection = doing.session.connection()
    head = connection.execute(_TAKE_HEAD).one()
    doing.seq = head.seq
    if touches:
        doing.action_id = _insert_action(connection, doing, touches)
        _append(connection, doing, touches, head.audit_seq, bytes(head.audit_hash))
    _insert_changes(connection, doing, changes)
    announce(connection)


def _insert_action(connection: Connection, doing: Doing, touches: Sequence[Touch]) -> int:
    first = next((each for each in touches if each.entity_id is not None), None)
    subject = doing.about or (first and (first.entity, first.entity_id)) or (None, None)
    values = {
        "uid": new_uid(),
        "verb": doing.verb,
        "by": doing.by,
        "at": doing.now,
        "summary": doing.summary,
        "rows": len(touches),
        "subject_kind": subject[0],
        "subject_id": subject[1],
        "undoable": doing.undoable and any(each.operation != "note" for each in touches),
        "undoes_id": doing.undoes_id,
    }
    return int(connection.execute(_INSERT_ACTION, values).scalar_one())


def _append(
    connection: Connection, doing: Doing, touches: Sequence[Touch], seq: int, previous: bytes
) -> None:
    """Link one entry per touch to the chain."""
    entries: list[tuple[object, ...]] = []
    payloads: list[tuple[object, ...]] = []
    at, action_id = to_micros(doing.now), doing.action_id or 0
    salts = os.urandom(_SALT * len(touches))
    bodies: dict[tuple[int, int], str] = {}  # rows that were alike share their images
    written = counted(doing.session, touches, len(touches), *_WRITING)
    for number, touch in enumerate(written):
        seq += 1
        salt = salts[number * _SALT : (number + 1) * _SALT]
        images = (id(touch.before), id(touch.after))
        body = bodies.get(images) or bodies.setdefault(images, touch.body())
        digest = payload_hash(salt, body)
        link = Link(
            seq, at, action_id, doing.by, doing.verb, touch.operation, touch.entity,
            touch.entity_id, touch.entity_uid, digest,
        )  # fmt: skip
        linked = link_hash(previous, link)
        entries.append((*link, previous, linked))
        payloads.append((seq, salt, body))
        previous = linked
    # A server lets nobody link an entry beyond the head, so that moves first.
    connection.execute(_MOVE_HEAD, {"seq": seq, "hash": previous})
    _insert(connection, table_of(AuditEntry), (*Link._fields, "previous", "hash"), entries)
    _insert(connection, table_of(AuditPayload), ("seq", "salt", "body"), payloads)


def _insert(
    connection: Connection, table: Table, names: Sequence[str], rows: list[tuple[object, ...]]
) -> None:
    """Insert rows whose values the driver takes as they are: past SQLAlchemy, at half the cost."""
    sqlite = connection.dialect.name == "sqlite"
    listed = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" if sqlite else "%s" for _ in names)
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({listed}) VALUES ({marks})", rows)


def _insert_changes(connection: Connection, doing: Doing, changes: Changes) -> None:
    rows = [
        {
            "seq": doing.seq,
            "at": doing.now,
            "entity": entity,
            "entity_id": number,
            "by": doing.by,
            "verb": doing.verb,
        }
        for entity, ids in changes.items()
        for number in (ids if len(ids) <= _NAMED_CHANGES else [None])
    ]
    if rows:
        connection.execute(_INSERT_CHANGE, rows)
