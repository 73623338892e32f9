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
_SIGNED = "SELECT id FROM handoff WHERE audit_hash IS NOT NULL"
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
    found += [each for each in _papers(session) if each not in found]
    found += _actions(session)
    return count, tuple(found)


def _papers(session: Session) -> Iterator[Altered]:
    """Yield signed handoffs, and lines of theirs, that are not what their last entries say."""
    signed = set(session.connection().execute(text(_SIGNED)).scalars())
    for name, key in (("handoff", "id"), ("handoff_item", "handoff_id")):
        table = METADATA.tables[name]
        said = _last_said(session, name)
        columns = SEALED if name == "handoff" else _ALL
        there: set[int] = set()
        for found in session.connection().execute(select(table)).mappings():
            row: _Row = {str(each): value for each, value in found.items()}
            number = found["id"]
            there.add(number)
            last = said.get(number)
            if last and row[key] in signed and (column := _first_difference(row, last, columns)):
                yield Altered(name, number, f"was changed: {column}")
        for number, last in said.items():
            if last and number not in there and last.get(key) in signed:
                yield Altered(name, number, "was removed")


def _last_said(session: Session, name: str) -> dict[int, dict[str, object] | None]:
    """Return id → what the entries said last of each column; None where one was erased."""
    entry, payload = table_of(AuditEntry), table_of(AuditPayload)
    query = (
        select(entry.c.entity_id, entry.c.operation, payload.c.body)
        .select_from(entry.outerjoin(payload, payload.c.seq == entry.c.seq))
        .where(entry.c.entity == name, entry.c.entity_id.is_not(None))
        .order_by(entry.c.seq)
    )
    said: dict[int, dict[str, object] | None] = {}
    for number, operation, body in session.connection().execute(query):
        if operation == "delete":
            said.pop(number, None)
        elif body is None:
            said[number] = None
        elif (known := said.setdefault(number, {})) is not None:
            known |= _decode(body).get("after", {})
    return said


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
    return _first_difference(row, _decode(body).get("after", {}), columns)


def _first_difference(row: _Row, written: _Row, columns: frozenset[str]) -> str | None:
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
