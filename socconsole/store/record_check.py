"""Compares what people put on record with what the audit says they wrote.

The chain shows that nobody touched the audit; this shows that nobody touched the rows beside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy import ColumnElement, exists, func, select, text
from sqlmodel import Session, col

from socconsole.store.guards import SEALED, STATEMENTS
from socconsole.store.images import canonical, image_of
from socconsole.store.tables import METADATA, AuditEntry, AuditPayload, table_of

_decode = msgspec.json.Decoder(dict[str, dict[str, object]]).decode
_ALL: frozenset[str] = frozenset()
_Row = Mapping[str, object]
_MOST = 100
"""So many wrong actions are named."""
_SAID = """
    SELECT action_id, count(*) AS n, min("by") AS first, max("by") AS last, min(verb) AS verb,
        max(verb) AS other, min(at) AS at, max(at) AS until
    FROM audit_entry GROUP BY action_id
"""
_ACTIONS = f"""
    SELECT e.action_id FROM ({_SAID}) e LEFT JOIN action a ON a.id = e.action_id
    WHERE a.id IS NULL OR a.rows <> e.n OR a."by" <> e.first OR a."by" <> e.last
        OR a.verb <> e.verb OR a.verb <> e.other OR a.at <> e.at OR a.at <> e.until
    UNION SELECT a.id FROM action a
    WHERE NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.action_id = a.id)
    ORDER BY 1 LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class Altered:
    """A row that is not what the audit says."""

    entity: str
    id: int
    problem: str

    def __str__(self) -> str:
        return f"{self.entity.replace('_', ' ')} {self.id} {self.problem}"


def check_record(session: Session) -> tuple[int, tuple[Altered, ...]]:
    """Compare notes, findings, evidence and the like, and signed handoffs, with the audit.

    Returns how many rows there are and which of them differ. A row whose payload was erased for a
    person's sake has nothing to be compared with.
    """
    count = 0
    found: list[Altered] = []
    for name in STATEMENTS:
        for row, seq, body in _beside_audit(session, name, col(AuditEntry.operation) == "insert"):
            count += 1
            number = int(str(row["id"]))
            if seq is None:
                found.append(Altered(name, number, "is not in the audit"))
            elif body is not None and (column := _difference(row, body, _ALL)):
                found.append(Altered(name, number, f"was changed: {column}"))
        found += [Altered(name, number, "was removed") for number in _removed(session, name)]
    signed = col(AuditEntry.verb) == "handoff.sign"
    for row, seq, body in _beside_audit(session, "handoff", signed):
        count += row["audit_hash"] is not None
        if seq is None or body is None:
            continue
        number = int(str(row["id"]))
        if row["audit_hash"] is None:
            if not _was_undone(session, number, seq):
                found.append(Altered("handoff", number, "was opened again"))
        elif column := _difference(row, body, SEALED):
            found.append(Altered("handoff", number, f"was changed: {column}"))
    found += [Altered("handoff", number, "was removed") for number in _removed(session, "handoff")]
    found += _actions(session)
    return count, tuple(found)


def _actions(session: Session) -> Iterator[Altered]:
    """Yield actions that are not by whom, when and what the audit says, or of other rows."""
    asked = session.connection().execute(text(_ACTIONS), {"most": _MOST})
    for (number,) in asked:
        yield Altered("action", number, "is not what the audit says")


def _was_undone(session: Session, handoff: int, signed: int) -> bool:
    entry = table_of(AuditEntry)
    query = select(entry.c.seq).where(
        entry.c.entity == "handoff",
        entry.c.entity_id == handoff,
        entry.c.verb == "undo",
        entry.c.seq > signed,
    )
    return session.connection().execute(query.limit(1)).first() is not None


def _beside_audit(
    session: Session, name: str, chosen: ColumnElement[bool]
) -> Iterator[tuple[_Row, int | None, str | None]]:
    """Yield each row with its last entry of the chosen ones and that entry's payload."""
    table = METADATA.tables[name]
    entry, payload = table_of(AuditEntry), table_of(AuditPayload)
    last = (
        select(func.max(entry.c.seq))
        .where(entry.c.entity == name, entry.c.entity_id == table.c.id, chosen)
        .scalar_subquery()
    )
    query = (
        select(table, last.label("audit_entry_seq"), payload.c.body.label("audit_body"))
        .select_from(table.outerjoin(payload, payload.c.seq == last))
        .order_by(table.c.id)
        .execution_options(yield_per=500)
    )
    with session.connection().execute(query) as result:
        for found in result.mappings():
            yield found, found["audit_entry_seq"], found["audit_body"]  # type: ignore[misc]


def _difference(row: _Row, body: str, columns: frozenset[str]) -> str | None:
    """Return the first column that is not what the payload says was written."""
    written = _decode(body).get("after", {})
    now = image_of({name: row[name] for name in written if name in row})
    for name, value in now.items():
        if (not columns or name in columns) and canonical(value) != canonical(written[name]):
            return name
    return None


def _removed(session: Session, name: str) -> list[int]:
    """Return the ids of rows that went without an entry that says so."""
    table, entry = METADATA.tables[name], table_of(AuditEntry)
    later = entry.alias()
    gone = ~exists().where(table.c.id == entry.c.entity_id)
    unsaid = ~exists().where(
        later.c.entity == name,
        later.c.entity_id == entry.c.entity_id,
        later.c.operation == "delete",
        later.c.seq > entry.c.seq,
    )
    query = select(entry.c.entity_id).where(
        entry.c.entity == name, entry.c.operation == "insert", gone, unsaid
    )
    return list(session.connection().execute(query.distinct()).scalars())
