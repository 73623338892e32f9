"""Who did what: people, actions, the audit chain, the change head, counters."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlmodel import Field

from socconsole.store.tables.row import (
    Edited,
    Identified,
    Row,
    big,
    content,
    document,
    moment,
    no_moment,
    no_reference,
    one_of,
    word,
)

OPERATIONS = ("insert", "update", "delete", "batch", "note")
ANCHOR_KINDS = ("syslog", "file", "handoff")


class Meta(Row, table=True):
    """Facts about the database itself."""

    __tablename__ = "meta"

    key: str = Field(primary_key=True)
    value: str


class Action(Identified, table=True):
    """One verb by one person: one transaction, one undo."""

    __tablename__ = "action"
    __table_args__ = (Index("ix_action_by_at", "by", "at"),)

    verb: str
    by: str
    at: datetime = moment(index=True)
    summary: str = ""
    rows: int = 0
    subject_kind: str | None = None
    """The table of the row it was about, when it was about one."""
    subject_id: int | None = big(default=None, nullable=True)
    undoable: bool = True
    undoes_id: int | None = no_reference("action")
    undone_by_id: int | None = no_reference("action")
    """The action that undid this one."""


class AuditEntry(Row, table=True):
    """A link of the chain: what an action did to one row, by its digest."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        one_of("operation", OPERATIONS),
        Index("ix_audit_entry_entity", "entity", "entity_id", "seq"),
        Index("ix_audit_entry_action_id", "action_id"),
    )

    seq: int = big(primary_key=True, sa_column_kwargs={"autoincrement": False})
    action_id: int = big()
    at: datetime = moment()
    by: str
    verb: str
    operation: str = word()
    entity: str
    """The table's name."""
    entity_id: int | None = big(default=None, nullable=True)
    entity_uid: str = ""
    payload_hash: bytes = content()
    previous: bytes = content()
    """Hash of the entry before; 32 zero bytes in the first."""
    hash: bytes = content()


class AuditPayload(Row, table=True):
    """What an entry's digest covers; it can be erased without breaking the chain."""

    __tablename__ = "audit_payload"

    seq: int = big(
        primary_key=True, foreign_key="audit_entry.seq", sa_column_kwargs={"autoincrement": False}
    )
    salt: bytes = content()
    body: str
    """Canonical JSON: `before` and `after`, changed columns only."""


class AuditAnchor(Row, table=True):
    """The chain's head at a moment, also kept where the database's owner cannot rewrite it."""

    __tablename__ = "audit_anchor"
    __table_args__ = (one_of("kind", ANCHOR_KINDS),)

    id: int | None = big(default=None, primary_key=True)
    seq: int = big()
    hash: bytes = content()
    at: datetime = moment()
    kind: str = word()
    place: str = ""
    seal: bytes | None = Field(default=None, sa_type=LargeBinary, nullable=True)
    """HMAC with a key analysts cannot read."""


class ChangeHead(Row, table=True):
    """One row: the number of the last change. Taking it orders commits."""

    __tablename__ = "change_head"
    __table_args__ = (CheckConstraint("id = 1", name="id"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int = big(default=0)
    audit_seq: int = big(default=0)
    audit_hash: bytes = content(default=bytes(32))


class Change(Row, table=True):
    """What a transaction touched, for consoles that ask what is new; trimmed after a day."""

    __tablename__ = "change"

    id: int | None = big(default=None, primary_key=True)
    seq: int = big(index=True)
    """The same for all rows of one transaction."""
    at: datetime = moment(index=True)
    entity: str
    entity_id: int | None = big(default=None, nullable=True)
    """None: many rows of that table."""
    by: str
    verb: str


class HumanSequence(Row, table=True):
    """The last number given out of a prefix's year."""

    __tablename__ = "human_sequence"

    prefix: str = Field(primary_key=True)
    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    n: int = 0


class Setting(Edited, table=True):
    """Something people agreed on at the console, such as who is on shift."""

    __tablename__ = "setting"

    name: str = Field(unique=True)
    value: dict[str, Any] = document()
    updated_at: datetime | None = no_moment()
