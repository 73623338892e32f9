"""The whole store as JSON lines, and back: for moving between engines and for other programs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import IO

import msgspec
from sqlalchemy import Column, Table, bindparam, insert, select, text, update
from sqlmodel import Session

from socconsole.errors import FileError, StoreError
from socconsole.store import schema
from socconsole.store.images import canonical, plain, typed
from socconsole.store.tables import METADATA

_PAGE = 1_000
_SKIPPED = frozenset({"presence"})
_EMPTY_MEANS = ("source", "alert", "ticket", "incident", "audit_entry", "action")


def export(session: Session) -> Iterator[str]:
    """Yield one JSON object a line: a heading, then every row in an order that can be imported."""
    yield canonical({"socconsole": "export", "schema": schema.VERSION})
    for table in METADATA.sorted_tables:
        if table.name not in _SKIPPED:
            yield from _rows(session, table)


def _rows(session: Session, table: Table) -> Iterator[str]:
    columns = list(table.primary_key.columns)
    result = session.connection().execute(select(table).order_by(*columns))
    for row in result.mappings():
        image = {str(name): plain(value) for name, value in row.items()}
        yield canonical({"table": str(table.name), "row": image})


def load(session: Session, lines: Iterable[str] | IO[str]) -> int:
    """Put exported rows into an empty database; return how many.

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
    for table, batch in _batches(rows):
        own = _self_references(table)
        links = _take_links(batch, own)
        connection.execute(insert(table), batch)
        if links:
            later.append((table, links))
        count += len(batch)
    for table, links in later:
        _restore_links(session, table, links)
    _move_sequences(session)
    return count


def _require_empty(session: Session) -> None:
    for name in _EMPTY_MEANS:
        found = session.connection().execute(select(text("1")).select_from(METADATA.tables[name]))
        if found.first() is not None:
            raise StoreError("The database is not empty.", hint="Import into a new one.")


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
    table: str
    row: dict[str, object]


_read_line = msgspec.json.Decoder(_Line).decode


def _batches(lines: Iterator[str]) -> Iterator[tuple[Table, list[dict[str, object]]]]:
    table: Table | None = None
    batch: list[dict[str, object]] = []
    for number, line in enumerate(lines, 2):
        try:
            found = _read_line(line)
            at = METADATA.tables[found.table]
        except (msgspec.DecodeError, KeyError) as error:
            raise FileError(f"This line is no row: {error}", where=f"line {number}") from error
        if table is not None and (at is not table or len(batch) >= _PAGE):
            yield table, batch
            batch = []
        table = at
        batch.append(typed(at, found.row))
    if table is not None and batch:
        yield table, batch


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
