"""Makes anew what is derived from the rows of an SQLite file, where it differs from them."""

from datetime import datetime

from sqlalchemy import Connection, text

from socconsole.errors import StoreError
from socconsole.store import ddl
from socconsole.store.database import Database
from socconsole.store.derived import Drift, check_derived, damaged_indexes, definitions
from socconsole.store.place import opened
from socconsole.store.recording import recording

_MOST_DAMAGE = 1_000


def mend(database: Database, *, by: str, now: datetime) -> tuple[Drift, ...]:
    """Make anew what differs from the rows; return what it was. No row that people see changes.

    Others wait for as long as that takes: half a minute for the search index of a million alerts.

    Raises:
        StoreError: It is a server, which keeps its indexes itself.

    """
    if database.path is None:
        raise StoreError(
            "A server keeps its indexes itself, and counts when it is asked.",
            hint="Its owner remakes an index with REINDEX.",
        )
    found = (*_indexes(database), *check_derived(database.path))
    if not found:
        return ()
    with database.begin() as session:
        connection = session.connection()
        wanted = definitions()
        for drift in found:
            _make_anew(connection, drift, wanted.get(drift.name))
        said = "; ".join(str(drift) for drift in found)
        with recording(
            session, verb="db.mend", by=by, now=now, summary=f"made anew: {said}"[:500]
        ) as action:
            action.undoable = False
            action.say("meta", None, made_anew=[str(drift) for drift in found])
    return found


def _indexes(database: Database) -> list[Drift]:
    """Compare every index with its table."""
    assert database.path is not None
    connection, _ = opened(database.path, timeout=30)
    try:
        damage = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_MOST_DAMAGE})")]
    finally:
        connection.close()
    return [Drift("index", name, "differs from its table") for name in damaged_indexes(damage)]


def _make_anew(connection: Connection, drift: Drift, definition: str | None) -> None:
    if drift.kind == "index":
        connection.exec_driver_sql(f'REINDEX "{drift.name}"')
    elif drift.kind == "search":
        connection.exec_driver_sql(f"INSERT INTO {drift.name} ({drift.name}) VALUES ('rebuild')")
    elif drift.kind == "counts":
        connection.exec_driver_sql(f"DELETE FROM {drift.name}")
        for statement in ddl.counted(drift.name):
            connection.exec_driver_sql(statement)
    else:
        _define(connection, drift.name, definition)


def _define(connection: Connection, name: str, definition: str | None) -> None:
    """Give a trigger, an index or a search table the definition it has in a new database."""
    asked = text("SELECT type FROM sqlite_master WHERE name = :name")
    kind = connection.execute(asked, {"name": name}).scalar()
    if kind is not None:
        quoted = name.replace('"', '""')
        connection.exec_driver_sql(f'DROP {kind} "{quoted}"')
    if definition is not None:
        connection.exec_driver_sql(definition)
