"""A person's data, taken out of everything but the record of who did what."""

import base64
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import JSON, Column, LargeBinary, Table, bindparam, delete, select, text, update
from sqlmodel import AutoString, Session

from socconsole.store.audit import to_ranges
from socconsole.store.bulk import portions
from socconsole.store.ddl import SEARCHED
from socconsole.store.guards import permitted
from socconsole.store.held import Place, held
from socconsole.store.images import canonical
from socconsole.store.recording import recording
from socconsole.store.replacing import without
from socconsole.store.tables import (
    METADATA,
    AuditEntry,
    AuditPayload,
    WindowPart,
    table_of,
)
from socconsole.store.types import Word


@dataclass(frozen=True, slots=True)
class Erasure:
    """What erasing a value touched."""

    rows: int
    payloads: int
    """Payloads of the audit; the chain over them stays whole."""
    held: int
    """Rows of cases under legal hold that were left alone."""


def erase(session: Session, value: str, *, by: str, now: datetime, events: int = 0) -> Erasure:
    """Remove a person's name, address or account from everything but who did what.

    Whole words only, in text, documents and copied lines. Authors of actions stay: that is the
    record. Backups have to be let expire.

    Args:
        session: The unit of work.
        value: What is erased.
        by: Who does it.
        now: When.
        events: From how many retained events it was erased already (`EventStore.erase`).

    """
    if len(value) < 2:
        raise ValueError("too short to be told from other text")
    session.flush()
    under_hold = held(session)
    belongs: set[Place] = set(under_hold)
    rows = 0
    kept: set[Place] = set()
    with permitted(session, "erasure"):
        for table, columns in _texts():
            changed, skipped = _erase_from(session, table, columns, value, belongs)
            rows += changed
            kept |= skipped
        rows += _forget_remembered(session, value)
        gone = _erase_payloads(session, value, belongs)
    _forget_words(session)
    with recording(
        session, verb="person.erase", by=by, now=now, summary=f"erased from {rows} rows"
    ) as action:
        action.undoable = False
        action.say(
            "audit_payload",
            None,
            rows=rows,
            payloads=len(gone),
            held=len(kept),
            events=events,
            entries=to_ranges(gone),
        )
    session.expire_all()
    return Erasure(rows, len(gone), len(kept))


_RECORD = frozenset(
    {
        "action", "audit_entry", "audit_payload", "audit_anchor", "change", "change_head", "meta",
        "node", "lease", "human_sequence", "rule", "refused_rule", "source", "generation",
        "event_count", "detection_count", "matcher_state", "window_part",
    }
)  # fmt: skip
_HOLDERS = ("alert", "evidence", "incident", "ticket")
"""Rows that others belong to by a column."""
_AUTHORS = frozenset({"owner", "login", "assignee", "by", "recorded_by", "asked_by"})


def _texts() -> Iterator[tuple[Table, list[Column[object]]]]:
    for table in METADATA.sorted_tables:
        if table.name in _RECORD or "id" not in table.c:
            continue
        columns = [column for column in table.c if _holds_text(column)]
        if columns:
            yield table, columns


def _holds_text(column: Column[object]) -> bool:
    name = column.name
    if name in _AUTHORS or name.endswith(("_by", "uid", "_id", "human_id", "fingerprint")):
        return False
    kind = column.type
    if isinstance(kind, Word) or name in ("sha256", "rule_revision", "format", "tlp", "pap"):
        return False
    return isinstance(kind, AutoString | LargeBinary | JSON)


def _erase_from(
    session: Session,
    table: Table,
    columns: Sequence[Column[object]],
    value: str,
    belongs: set[Place],
) -> tuple[int, set[Place]]:
    """Return how many rows were changed, and which were left for a legal hold's sake.

    All that belong to a held case are added to `belongs`: so does what the audit says of them.
    """
    changed = 0
    skipped: set[Place] = set()
    result = session.connection().execute(select(table.c.id, *columns, *_subject(table)))
    for row in result.mappings().all():
        is_held = not belongs.isdisjoint(_places(str(table.name), row))
        if is_held:
            belongs.add((str(table.name), row["id"]))
        new = {
            column.name: erased
            for column in columns
            if (erased := without(row[column.name], value)) != row[column.name]
        }
        if not new:
            continue
        if table.name == "evidence" and "content" in new:
            new["content"] = None  # bytes with a hole in them would no longer be those attached
        if is_held:
            skipped.add((str(table.name), row["id"]))
            continue
        session.connection().execute(
            update(table).where(table.c.id == bindparam("row_id")).values(new),
            {"row_id": row["id"]},
        )
        changed += 1
    return changed, skipped


def _forget_remembered(session: Session, value: str) -> int:
    """Forget what the windows of correlations, of a collector that has ended, remember of it."""
    part = table_of(WindowPart)
    connection = session.connection()
    found = connection.execute(select(part.c.lease, part.c.rule_id, part.c.part, part.c.state))
    gone = []
    for lease, rule_id, name, state in found:
        remembered = msgspec.msgpack.decode(state)
        if without(remembered, value) != remembered:
            gone.append({"of_lease": lease, "of_rule": rule_id, "of_part": name})
    if gone:
        forgotten = delete(part).where(
            part.c.lease == bindparam("of_lease"),
            part.c.rule_id == bindparam("of_rule"),
            part.c.part == bindparam("of_part"),
        )
        connection.execute(forgotten, gone)
    return len(gone)


def _subject(table: Table) -> list[Column[object]]:
    names = ("subject_kind", "subject_id", *(f"{kind}_id" for kind in _HOLDERS))
    return [table.c[name] for name in names if name in table.c]


def _places(table: str, row: Mapping[Any, Any]) -> set[Place]:
    """Return what a row belongs to, itself included."""
    places = {(table, row.get("id")), (row.get("subject_kind"), row.get("subject_id"))}
    places |= {(kind, row.get(f"{kind}_id")) for kind in _HOLDERS}
    return {(kind, number) for kind, number in places if kind and number}


def _erase_payloads(session: Session, value: str, kept: Set[Place]) -> list[int]:
    """Erase what the audit says of the value, but of rows that are kept; return the entries."""
    entry, payload = table_of(AuditEntry), table_of(AuditPayload)
    connection = session.connection()
    spelled = canonical(value)[1:-1].casefold()
    found = connection.execute(
        select(payload.c.seq, payload.c.body, entry.c.entity, entry.c.entity_id)
        .join(entry, entry.c.seq == payload.c.seq)
        .order_by(payload.c.seq)
        .execution_options(yield_per=5_000)
    )
    gone = []
    for seq, body, entity, number in found:
        if (entity, number) in kept or not (entity == "evidence" or spelled in body.casefold()):
            continue
        images = msgspec.json.decode(body)
        if any(not kept.isdisjoint(_places(entity, image)) for image in images.values()):
            continue  # a row that went, of a case that is held
        if without(images, value) != images or any(
            without(held, value) != held for held in _bytes_of(images)
        ):
            gone.append(seq)
    for chunk in portions(gone):
        connection.execute(delete(payload).where(payload.c.seq.in_(chunk)))
    return gone


def _bytes_of(images: Mapping[str, Mapping[str, object]]) -> Iterator[bytes]:
    """Yield the bytes that stand in a payload as base64."""
    for image in images.values():
        content = image.get("content")
        if isinstance(content, str):
            yield base64.b64decode(content)


def _forget_words(session: Session) -> None:
    """Make anew what words were copied to: deleting leaves them in a search index."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        for table in SEARCHED:
            connection.execute(text(f"INSERT INTO {table}_fts ({table}_fts) VALUES ('rebuild')"))
        connection.execute(text("DELETE FROM alert_tags"))
        connection.execute(text("INSERT INTO alert_tags SELECT DISTINCT rule_id, tags FROM alert"))
        connection.execute(text("DELETE FROM alert_facet WHERE n <= 0"))
