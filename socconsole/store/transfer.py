"""The whole store as JSON lines, and back: for moving between engines and for other programs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import IO

import msgspec
from sqlalchemy import Column, Table, bindparam, select, text, update
from sqlmodel import Session

from socconsole.errors import FileError, StoreError
from socconsole.store import schema
from socconsole.store.bulk import insert_rows
from socconsole.store.events import EventStore
from socconsole.store.guards import permitted
from socconsole.store.images import canonical, plain, typed
from socconsole.store.tables import METADATA

_PAGE = 1_000
_EVENTS = "event_block"
_SKIPPED = frozenset({"presence"})
_OF_A_NEW_ONE = frozenset({"change_head", "meta"})
_OF_PROCESSES = ("presence", "lease", "node")
"""Rows that a database has of whoever opened it, most dependent first."""


def export(session: Session, events: EventStore | None = None) -> Iterator[str]:
    """Yield one JSON object a line: a heading, every row in an order that can be imported, an end.

    Args:
        session: The snapshot to read.
        events: Retained events, which come last, in compressed blocks; None leaves them out.

    """
    yield canonical({"socconsole": "export", "schema": schema.VERSION})
    count = 0
    for line in _lines(session, events):
        count += 1
        yield line
    yield canonical({"socconsole": "end", "rows": count})


def _lines(session: Session, events: EventStore | None) -> Iterator[str]:
    for table in METADATA.sorted_tables:
        if table.name not in _SKIPPED:
            yield from _rows(session, table)
    for row in events.export(session) if events is not None else ():
        yield canonical({"table": _EVENTS, "row": row})


def _rows(session: Session, table: Table) -> Iterator[str]:
    columns = list(table.primary_key.columns)
    result = session.connection().execute(select(table).order_by(*columns))
    for row in result.mappings():
        image = {str(name): plain(value) for name, value in row.items()}
        yield canonical({"table": str(table.name), "row": image})


def load(session: Session, lines: Iterable[str] | IO[str], events: EventStore | None = None) -> int:
    """Put exported rows into an empty database; return how many.

    Args:
        session: The unit of work.
        lines: What `export` yielded.
        events: Where retained events go; None leaves them out.

    Raises:
        FileError: The lines are no export, or one of a newer program.
        StoreError: The database has rows already.

    """
    _require_empty(session)
    rows = iter(lines)
    _check_heading(next(rows, ""))
    connection = session.connection()
    for name in ("change_head", "meta"):
        connection.execute(METADATA.tables[name].delete())
    later: list[tuple[Table, list[dict[str, object]]]] = []
    count = 0
    if events is not None:
        events.recover(session)  # of an import that failed
    for table, batch in _batches(rows):
        count += len(batch)
        if table is None:
            _put_back(session, events, batch)
            continue
        own = _self_references(table)
        links = _take_links(batch, own)
        insert_rows(connection, table, batch)
        if links:
            later.append((table, links))
    with permitted(session, "import"):
        for table, links in later:
            _restore_links(session, table, links)
    _move_sequences(session)
    return count


def _put_back(
    session: Session, events: EventStore | None, blocks: Sequence[dict[str, object]]
) -> None:
    if events is not None:
        for block in blocks:
            events.put_back(session, block)


def _require_empty(session: Session) -> None:
    """Refuse a database that has anything of anybody's, or that somebody has open."""
    connection = session.connection()
    for table in METADATA.tables.values():
        if table.name in _OF_A_NEW_ONE or table.name in _OF_PROCESSES:
            continue
        if connection.execute(select(text("1")).select_from(table).limit(1)).first() is not None:
            raise StoreError(
                f"The database is not empty: it has rows in {table.name}.",
                hint="Import into a new one.",
            )
    node = METADATA.tables["node"]
    open_ = select(node.c.kind, node.c.login, node.c.pid).where(node.c.stopped_at.is_(None))
    for kind, login, pid in connection.execute(open_):
        raise StoreError(
            f"A {kind} of {login} (pid {pid}) has the database open.",
            hint="End it, or import into a new one.",
        )
    for name in _OF_PROCESSES:
        connection.execute(METADATA.tables[name].delete())


def _check_heading(line: str) -> None:
    try:
        heading = msgspec.json.decode(line or "{}", type=dict[str, object])
    except msgspec.DecodeError as error:
        raise FileError(f"This is no export: {error}", where="line 1") from error
    if heading.get("socconsole") != "export":
        raise FileError("This is no export of socconsole.", where="line 1")
    if heading.get("schema") != schema.VERSION:
        raise FileError(
            f"The export has schema {heading.get('schema')}; this program reads {schema.VERSION}.",
            hint="Export it again with the same version of socconsole.",
        )


class _Line(msgspec.Struct):
    table: str = ""
    row: dict[str, object] = {}
    socconsole: str = ""
    rows: int = 0
    """At the end: how many came before."""


_read_line = msgspec.json.Decoder(_Line).decode


def _batches(lines: Iterator[str]) -> Iterator[tuple[Table | None, list[dict[str, object]]]]:
    """Yield the rows of one table after another; None stands for the blocks of events."""
    name = ""
    batch: list[dict[str, object]] = []
    end: int | None = None
    for number, line in enumerate(lines, 2):
        try:
            found = _read_line(line)
            if found.socconsole == "end":
                end = found.rows - (number - 2)
                break
            table = None if found.table == _EVENTS else METADATA.tables[found.table]
        except (msgspec.DecodeError, KeyError) as error:
            raise FileError(f"This line is no row: {error}", where=f"line {number}") from error
        if batch and (found.table != name or len(batch) >= _PAGE):
            yield METADATA.tables.get(name), batch
            batch = []
        name = found.table
        batch.append(found.row if table is None else typed(table, found.row))
    if batch:
        yield METADATA.tables.get(name), batch
    if end != 0:
        raise FileError("The export is not whole: its end is missing.", hint="Export it again.")


def _self_references(table: Table) -> list[Column[object]]:
    return [
        column
        for column in table.columns
        if any(key.column.table is table for key in column.foreign_keys)
    ]


def _take_links(
    batch: Sequence[dict[str, object]], own: Sequence[Column[object]]
) -> list[dict[str, object]]:
    """Blank references to rows of the same table, which may come later, and return them."""
    links = []
    for row in batch:
        values = {column.name: row.get(column.name) for column in own}
        if any(value is not None for value in values.values()):
            links.append({"row_id": row["id"], **{f"new_{k}": v for k, v in values.items()}})
            row.update(dict.fromkeys(values))
    return links


def _restore_links(session: Session, table: Table, links: list[dict[str, object]]) -> None:
    names = [name.removeprefix("new_") for name in links[0] if name != "row_id"]
    session.connection().execute(
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values({name: bindparam(f"new_{name}") for name in names}),
        links,
    )


def _move_sequences(session: Session) -> None:
    """Let a server count on from the ids that were brought along."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    for table in METADATA.sorted_tables:
        column = table.c.get("id")
        if column is None or table.name == "change_head" or column.type.python_type is not int:
            continue
        connection.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),"
                f" (SELECT max(id) FROM {table.name}))"
                f" WHERE EXISTS (SELECT 1 FROM {table.name})"
            )
        )
