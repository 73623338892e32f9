"""Whether what is kept beside the rows agrees with them: search indexes, counts, triggers.

SQLite only: a server keeps its indexes itself and counts when it is asked. Nothing here waits
for a lock or keeps one: what an index has to agree with is copied in one snapshot into a
temporary database of this connection, where SQLite's own comparison, which writes, is free to.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from sqlalchemy import create_engine

from socconsole.errors import StoreError
from socconsole.store import ddl, driver
from socconsole.store.place import opened
from socconsole.store.tables import METADATA

_PRAGMAS = ("temp_store=FILE", "cache_size=-65536", "cell_size_check=ON")
_PARTS = ("data", "idx", "docsize", "config")
"""The tables that an FTS5 index is made of."""
_INDEX = " index "
"""What SQLite's own check writes before the name of an index."""
_TAGS = "CAST(rule_id AS BLOB), CAST(tags AS BLOB)"
_Counts = Mapping[tuple[str, bytes], int]
"""Of each value of a column, how many; as bytes, which damage cannot keep from being read."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Something derived that is not what the rows make of it."""

    kind: Literal["schema", "index", "search", "counts"]
    name: str
    problem: str

    def __str__(self) -> str:
        return f"{self.name} {self.problem}"


def check_derived(path: Path) -> tuple[Drift, ...]:
    """Return what differs from what the rows, or this program's schema, say.

    Raises:
        StoreError: There is no room for the copy that is compared.

    """
    connection, _ = opened(path, timeout=30)
    with closing(connection):
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if driver.SAFE:
            connection.execute("PRAGMA trusted_schema=OFF")
        try:
            return tuple(_drifts(connection))
        except driver.OperationalError as error:
            if "full" not in str(error):
                raise
            raise StoreError(
                "There is no room to compare the search indexes and counts with the rows.",
                hint="Set SQLITE_TMPDIR to a folder on a disk that has it.",
            ) from error


def _drifts(connection: driver.Connection) -> Iterator[Drift]:
    yield from _schema(connection)
    connection.execute("BEGIN")
    searched = [table for table in ddl.SEARCHED if _is_probed(connection, table)]
    counted = _kept(connection, "alert_facet"), _kept(connection, "alert_name")
    tags = set(connection.execute(f"SELECT {_TAGS} FROM main.alert_tags"))
    facets = _facets(connection)
    connection.execute("COMMIT")  # from here on, only what was copied is read
    for table in ddl.SEARCHED:
        if table not in searched or not _agrees(connection, table):
            yield Drift("search", f"{table}_fts", "does not find what the rows say")
    yield from _counts("alert_facet", counted[0], facets)
    yield from _counts("alert_name", counted[1], _names(connection))
    missing = set(connection.execute(f"SELECT {_TAGS} FROM probe_alert")) - tags
    if missing:
        yield Drift("counts", "alert_tags", f"lacks tags of {len(missing)} kinds of alerts")


def _is_probed(connection: driver.Connection, table: str) -> bool:
    """Copy the rows of `table` and its search index into the temporary database."""
    columns = ", ".join(ddl.SEARCHED[table])
    probe = f"probe_{table}"
    more = ", tags" if table == "alert" else ""
    connection.execute(f"CREATE TEMP TABLE {probe} (id INTEGER PRIMARY KEY, {columns}{more})")
    connection.execute(f"INSERT INTO {probe} SELECT id, {columns}{more} FROM main.{table}")
    connection.execute(ddl.search_index(probe, ddl.SEARCHED[table], "temp."))
    try:
        for part in _PARTS:
            connection.execute(f"DELETE FROM temp.{probe}_fts_{part}")
            connection.execute(
                f"INSERT INTO temp.{probe}_fts_{part} SELECT * FROM main.{table}_fts_{part}"
            )
    except driver.DatabaseError as error:
        if "full" in str(error):
            raise
        return False
    return True


def _agrees(connection: driver.Connection, table: str) -> bool:
    asked = f"INSERT INTO temp.probe_{table}_fts (probe_{table}_fts, rank)"
    try:
        connection.execute(f"{asked} VALUES ('integrity-check', 1)")
    except driver.DatabaseError as error:
        if "full" in str(error):
            raise
        return False
    return True


def _kept(connection: driver.Connection, table: str) -> _Counts:
    key = "facet" if table == "alert_facet" else "field"
    found = connection.execute(
        f"SELECT {key}, CAST(value AS BLOB), n FROM main.{table} WHERE n <> 0"
    )
    return {(key, value): n for key, value, n in found}


def _facets(connection: driver.Connection) -> _Counts:
    """Count the open alerts in one walk over the queue's index."""
    columns = ", ".join(_bytes(name) for name in ddl.FACETS.values())
    made: Counter[tuple[str, bytes]] = Counter()
    query = f"SELECT count(*), {columns} FROM main.alert WHERE is_open = 1 GROUP BY {columns}"
    for n, *values in connection.execute(query):
        for facet, value in zip(ddl.FACETS, values, strict=True):
            made[facet, value] += n
    return made


def _names(connection: driver.Connection) -> _Counts:
    made: dict[tuple[str, bytes], int] = {}
    for name in ddl.NAMES:
        rows = connection.execute(f"SELECT {_bytes(name)} FROM probe_alert")
        made |= {(name, value): n for value, n in Counter(row[0] for row in rows).items()}
    return made


def _bytes(column: str) -> str:
    return f"CAST(CAST(coalesce({column}, '') AS TEXT) AS BLOB)"


def _counts(table: str, kept: _Counts, made: _Counts) -> Iterator[Drift]:
    wrong = [key for key in kept.keys() | made.keys() if kept.get(key, 0) != made.get(key, 0)]
    if wrong:
        first = min(wrong)
        value = first[1].decode("utf-8", "replace") or "none"
        says = f"{first[0]} {value} {kept.get(first, 0)} times, not {made.get(first, 0)}"
        more = f", and {len(wrong) - 1} more wrongly" if len(wrong) > 1 else ""
        yield Drift("counts", table, f"counts {says}{more}")


def _schema(connection: driver.Connection) -> Iterator[Drift]:
    """Compare triggers, indexes and search tables with those of a new database."""
    there, wanted = _definitions(connection), definitions()
    for name, sql in wanted.items():
        if there.get(name) != sql:
            yield Drift("schema", name, "was changed" if name in there else "is missing")
    known = {*wanted, *METADATA.tables}
    foreign = connection.execute(
        "SELECT name FROM main.sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name"
    )
    yield from (Drift("schema", name, "is not ours") for (name,) in foreign if name not in known)


@cache
def definitions() -> Mapping[str, str]:
    """Return the name and the statement of every trigger, index and search table there is."""
    engine = create_engine("sqlite://", module=driver.DBAPI)
    try:
        with engine.begin() as connection:
            METADATA.create_all(connection)
            for statement in ddl.statements("sqlite"):
                connection.exec_driver_sql(statement)
            raw = connection.connection.driver_connection
            return MappingProxyType(_definitions(raw))
    finally:
        engine.dispose()


def _definitions(connection: driver.Connection) -> Mapping[str, str]:
    found = connection.execute(
        "SELECT name, sql FROM main.sqlite_master WHERE sql IS NOT NULL AND (type IN"
        " ('trigger', 'index') OR sql LIKE 'CREATE VIRTUAL TABLE%') ORDER BY rowid"
    )
    return {name: " ".join(sql.split()) for name, sql in found}


def damaged_indexes(damage: Iterable[str]) -> tuple[str, ...]:
    """Return the indexes that SQLite's own check names."""
    named = (line.partition(_INDEX)[2].split() for line in damage if _INDEX in line)
    return tuple(dict.fromkeys(words[0] for words in named if words))
