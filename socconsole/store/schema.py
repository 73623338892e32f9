"""Makes the schema, and knows which schema a database has."""

from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from socconsole.errors import StoreError
from socconsole.store import ddl, place
from socconsole.store.tables import METADATA
from socconsole.store.types import new_uid

APPLICATION_ID = 0x50C_C0DE
"""Marks an SQLite file as ours."""
VERSION = 1
"""The schema this program writes."""


class Opened(Protocol):
    """What has to be known of a database to make its schema."""

    url: URL
    read_only: bool
    is_sqlite: bool

    @property
    def path(self) -> Path | None: ...
    @property
    def engine(self) -> Engine: ...


class OlderSchemaError(StoreError):
    """An earlier program made the database; `upgrade` brings it along."""


def ensure(database: Opened) -> None:
    """Make the schema in an empty database; refuse one that is newer, older or not ours."""
    prepare(database)
    with database.engine.connect() as connection:
        found = version_of(connection)
    if found == VERSION:
        return
    if found > VERSION:
        raise newer(database, found, VERSION)
    if found:
        raise OlderSchemaError(
            f"The database has schema {found}; this program needs schema {VERSION}.",
            hint="Run `socconsole db upgrade`: it makes a backup first.",
            where=str(database.path or database.url),
        )
    if database.read_only:
        raise StoreError("There is no database yet.", where=str(database.path or database.url))
    try:
        _create(database)
    except DBAPIError:
        with database.engine.connect() as connection:
            if version_of(connection) != VERSION:  # else another process was faster
                raise


def prepare(database: Opened) -> None:
    """Check where an SQLite file lies and who may read it; make an empty one where there is none.

    Whoever opens the file first makes it: SQLite itself would let everybody read it.
    """
    if database.path is None:
        return
    place.check_file_system(database.path)
    place.check_rights(database.path)
    if not database.read_only:
        place.make_file(database.path)


def newer(database: Opened, found: int, known: int) -> StoreError:
    """Return the refusal of a database that a later program wrote."""
    return StoreError(
        f"The database has schema {found}; this program knows schema {known}.",
        hint="Use a newer socconsole, or restore the backup made before the upgrade.",
        where=str(database.path or database.url),
    )


def version_of(connection: Connection) -> int:
    """Return the schema version of the database; 0 when it is empty.

    Raises:
        StoreError: The file belongs to another program.

    """
    if connection.dialect.name != "sqlite":
        if not inspect(connection).has_table("meta"):
            return 0
        found = connection.execute(text("SELECT value FROM meta WHERE key = 'schema'")).scalar()
        return int(found or 0)
    application = connection.exec_driver_sql("PRAGMA application_id").scalar()
    version = connection.exec_driver_sql("PRAGMA user_version").scalar()
    if application == APPLICATION_ID:
        return int(version or 0)
    if connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar():
        raise StoreError(
            "This SQLite file belongs to another program.",
            hint="Name another one with --db.",
            where=str(connection.engine.url.database),
        )
    return 0


def _create(database: Opened) -> None:
    with database.engine.execution_options(soc_write=True).begin() as connection:
        if version_of(connection):
            return  # another process was faster
        METADATA.create_all(connection)
        connection.execute(
            text("INSERT INTO meta (key, value) VALUES ('schema', :version), ('uid', :uid)"),
            {"version": str(VERSION), "uid": new_uid()},
        )
        connection.execute(
            METADATA.tables["change_head"].insert(), {"id": 1, "seq": 0, "audit_seq": 0}
        )
        for statement in ddl.statements(connection.dialect.name):
            connection.exec_driver_sql(statement)
        if database.is_sqlite:
            connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")
