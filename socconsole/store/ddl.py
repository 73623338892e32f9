"""What the tables alone cannot say: search indexes, kept counts, guards."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from socconsole.store import guards

SEARCHED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "alert": ("title", "summary", "rule_id", "host", "username", "source_ip"),
        "ticket": (
            "human_id", "title", "description", "hypothesis", "unchecked", "next_step",
            "resolution",
        ),
        "incident": ("human_id", "title", "summary", "scope", "root_cause", "next_step"),
        "note": ("body",),
        "finding": ("checked", "query", "result"),
    }
)  # fmt: skip
"""Table → columns that full-text search looks at."""

FACETS: Mapping[str, str] = MappingProxyType(
    {
        "status": "status",
        "severity": "severity",
        "source": "source_id",
        "assignee": "assignee",
        "rule": "rule_id",
    }
)
"""Facet → the column of alerts that is counted over the open ones; nobody counts as ''."""

NAMES = ("host", "username", "source_ip")
"""Columns of alerts whose distinct values are kept, with how many alerts have each."""


def statements(dialect: str) -> Iterator[str]:
    """Yield what makes a fresh schema complete on SQLite or PostgreSQL."""
    if dialect == "sqlite":
        for table, columns in SEARCHED.items():
            yield from _fts(table, columns)
        yield from _counts()
        yield from _tags()
        yield from _names()
        yield from guards.statements()
    else:
        # What else stands here is asked for by whoever searches, who need not load it.
        from socconsole.store import event_partitions

        yield from event_partitions.SCHEMA
        for table, columns in SEARCHED.items():
            yield f"CREATE INDEX ix_{table}_words ON {table} USING gin ({words(table, columns)})"


def words(table: str, columns: tuple[str, ...] | None = None) -> str:
    """Return the PostgreSQL expression that the search index of `table` is made of."""
    names = columns or [f"{table}.{name}" for name in SEARCHED[table]]  # others may be joined
    texts = " || ' ' || ".join(f"coalesce({name}, '')" for name in names)
    return f"to_tsvector('simple', {texts})"


def _fts(table: str, columns: tuple[str, ...]) -> Iterator[str]:
    listed = ", ".join(columns)
    old = ", ".join(f"old.{name}" for name in columns)
    new = ", ".join(f"new.{name}" for name in columns)
    add = f"INSERT INTO {table}_fts (rowid, {listed}) VALUES (new.id, {new});"
    remove = (
        f"INSERT INTO {table}_fts ({table}_fts, rowid, {listed}) VALUES ('delete', old.id, {old});"
    )
    yield (
        f"CREATE VIRTUAL TABLE {table}_fts USING fts5({listed}, content='{table}',"
        " content_rowid='id', tokenize=\"unicode61 remove_diacritics 2 tokenchars '._-@'\")"
    )
    yield f"CREATE TRIGGER {table}_fts_insert AFTER INSERT ON {table} BEGIN {add} END"
    yield f"CREATE TRIGGER {table}_fts_delete AFTER DELETE ON {table} BEGIN {remove} END"
    yield (
        f"CREATE TRIGGER {table}_fts_update AFTER UPDATE OF {listed} ON {table}"
        f" BEGIN {remove} {add} END"
    )


def _counts() -> Iterator[str]:
    """Keep the number of open alerts per facet: counting half a million takes 40 ms, this none."""
    yield _count_table("alert_facet", "facet")
    less, more = (
        " ".join(
            _counted("alert_facet", facet, f"{row}.{column}", by)
            for facet, column in FACETS.items()
        )
        for row, by in (("old", -1), ("new", 1))
    )
    yield (
        f"CREATE TRIGGER alert_facet_insert AFTER INSERT ON alert WHEN new.is_open BEGIN {more} END"
    )
    yield (
        f"CREATE TRIGGER alert_facet_delete AFTER DELETE ON alert WHEN old.is_open BEGIN {less} END"
    )
    # One trigger a facet: a verb changes one or two of them, for thousands of alerts at once.
    for facet, column in FACETS.items():
        on = f"AFTER UPDATE OF {column}, is_open ON alert"
        moved = f"old.{column} IS NOT new.{column}"
        yield (
            f"CREATE TRIGGER alert_facet_{facet}_less {on}"
            f" WHEN old.is_open AND (NOT new.is_open OR {moved})"
            f" BEGIN {_counted('alert_facet', facet, f'old.{column}', -1)} END"
        )
        yield (
            f"CREATE TRIGGER alert_facet_{facet}_more {on}"
            f" WHEN new.is_open AND (NOT old.is_open OR {moved})"
            f" BEGIN {_counted('alert_facet', facet, f'new.{column}', 1)} END"
        )


def _tags() -> Iterator[str]:
    """Keep which tags the alerts of each rule have had: a few hundred rows instead of a million."""
    yield (
        "CREATE TABLE alert_tags (rule_id TEXT NOT NULL, tags TEXT NOT NULL,"
        " PRIMARY KEY (rule_id, tags)) STRICT, WITHOUT ROWID"
    )
    for name, when in (("insert", "INSERT"), ("update", "UPDATE OF tags, rule_id")):
        yield (
            f"CREATE TRIGGER alert_tags_{name} AFTER {when} ON alert"
            " BEGIN INSERT OR IGNORE INTO alert_tags VALUES (new.rule_id, new.tags); END"
        )


def _names() -> Iterator[str]:
    """Keep the distinct names of alerts: some letters are looked for in them, not in every alert.

    A name goes with its last alert, so that forgetting and erasing leave none behind.
    """
    yield _count_table("alert_name", "field")
    more = {name: _counted("alert_name", name, f"new.{name}", 1) for name in NAMES}
    less = {
        name: _counted("alert_name", name, f"old.{name}", -1)
        + f" DELETE FROM alert_name WHERE field = '{name}'"
        f" AND value = coalesce(old.{name}, '') AND n <= 0;"
        for name in NAMES
    }
    for what, counts in (("INSERT", more), ("DELETE", less)):
        yield (
            f"CREATE TRIGGER alert_name_{what.lower()} AFTER {what} ON alert"
            f" BEGIN {' '.join(counts.values())} END"
        )
    for name in NAMES:
        yield (
            f"CREATE TRIGGER alert_name_{name} AFTER UPDATE OF {name} ON alert"
            f" WHEN old.{name} IS NOT new.{name} BEGIN {less[name]} {more[name]} END"
        )


def _count_table(table: str, key: str) -> str:
    return (
        f"CREATE TABLE {table} ({key} TEXT NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL,"
        f" PRIMARY KEY ({key}, value)) STRICT, WITHOUT ROWID"
    )


def _counted(table: str, key: str, column: str, by: int) -> str:
    return (
        f"INSERT INTO {table} VALUES ('{key}', CAST(coalesce({column}, '') AS TEXT), {by})"
        f" ON CONFLICT DO UPDATE SET n = n + {by};"
    )
