"""Many rows at once: `COPY` on a server, one statement run many times in a file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, Table, Text, func, insert, literal, select

from socconsole.store.images import canonical

if TYPE_CHECKING:
    from sqlalchemy.dialects.sqlite import Insert

T = TypeVar("T")

_FEW = 100
"""Up to so many numbers stand in a statement one by one."""
WORTH_A_COPY = 20
"""Rows below which the round trips of a `COPY` cost more than it saves."""


def portions(values: Iterable[T], most: int = 500) -> Iterator[list[T]]:
    """Yield `values` in lists of at most `most`: a statement takes only so many."""
    listed = list(values)
    for start in range(0, len(listed), most):
        yield listed[start : start + most]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns.

    A server refuses `COPY` into tables whose rows belong to their authors, unless its owner asks.
    """
    if not rows:
        return
    if connection.dialect.name != "postgresql" or len(rows) < WORTH_A_COPY:
        connection.execute(insert(table), rows)
        return
    dialect = connection.dialect
    names = list(rows[0])
    turned = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    copy(
        connection,
        table.name,
        names,
        (
            [
                row[name] if turn is None else turn(row[name])
                for name, turn in zip(names, turned, strict=True)
            ]
            for row in rows
        ),
    )


def among(
    connection: Connection, column: ColumnElement[int], numbers: Sequence[object]
) -> ColumnElement[bool]:
    """Return that `column` is one of `numbers`; thousands are handed to a file as one value."""
    if connection.dialect.name != "sqlite" or len(numbers) < _FEW:
        return column.in_(numbers)
    listed = literal(canonical(list(numbers)), Text)
    return column.in_(select(func.json_each(listed).table_valued("value").c.value))


def upsert(table: Table, dialect: str) -> "Insert":
    """Return an `INSERT` that takes `on_conflict_do_update`; loads the one dialect it is for."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_into_server

        return cast("Insert", insert_into_server(table))
    from sqlalchemy.dialects.sqlite import insert as insert_into_file

    return insert_into_file(table)


def copy(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    types: Sequence[str] = (),
) -> None:
    """Send rows to a server in the transaction that is open.

    Args:
        connection: A connection to PostgreSQL.
        table: Our own name of a table.
        columns: Our own names of its columns.
        rows: The values, in the order of the columns.
        types: The columns' types, for the binary form: bytes then go as they are.

    """
    raw = connection.connection.driver_connection
    assert raw is not None
    listed = ", ".join(f'"{name}"' for name in columns)
    form = " (FORMAT BINARY)" if types else ""
    with (
        raw.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({listed}) FROM STDIN{form}') as stream,
    ):
        if types:
            stream.set_types(types)
        for row in rows:
            stream.write_row(row)
