"""Brings an older database to this program's schema: backed up, in one transaction, verified."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select, text
from sqlmodel import Session

from socconsole.errors import ConflictError, StoreError
from socconsole.store import schema
from socconsole.store.backup import check_pages, copy_database
from socconsole.store.database import Database
from socconsole.store.migrations import MIGRATIONS, Migration
from socconsole.store.roles import apply_roles, has_roles
from socconsole.store.tables import Node, table_of

ALIVE = timedelta(seconds=60)
"""A process whose heartbeat is younger may be using the database."""
_AHEAD = timedelta(days=1)
"""How far others' clocks may be ahead; heartbeats beyond were made before one was put back."""
_ADVISORY_LOCK = 20_536
_COPYING = 0.7
"""Share of an upgrade that the backup takes."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade did."""

    found: int
    now: int
    backup: Path | None
    steps: tuple[str, ...]


def upgrade(
    database: Database,
    *,
    now: datetime,
    migrations: Sequence[Migration] = MIGRATIONS,
    tell: Callable[[float], None] = lambda _: None,
) -> Upgrade:
    """Run the steps the database lacks; make the schema where there is none.

    Args:
        database: Nobody else may be using it.
        now: Names the backup.
        migrations: The steps there are.
        tell: Called with the share that is done.

    Raises:
        ConflictError: A collector or a console is using the database, or has upgraded it.
        StoreError: The database is newer than the program, or a step failed; then nothing has
            changed.

    """
    newest = migrations[-1].version if migrations else schema.VERSION
    schema.prepare(database)
    with database.read() as session:
        found = schema.version_of(session.connection())
    if found > newest:
        raise schema.newer(database, found, newest)
    if found == 0:
        database.create()
        return Upgrade(0, schema.VERSION, None, ())
    steps = [each for each in migrations if each.version > found]
    if not steps:
        return Upgrade(found, found, None, ())
    with database.read() as session:
        _require_nobody(session, now)
    backup = _back_up(database, found, now, lambda share: tell(_COPYING * share))
    with database.begin() as session:
        _require_only_one(session.connection())
        if schema.version_of(session.connection()) != found:
            raise ConflictError("Somebody else has upgraded the database meanwhile.")
        _require_nobody(session, now)
        _run(session.connection(), steps, lambda share: tell(_COPYING + (1 - _COPYING) * share))
    return Upgrade(found, newest, backup, tuple(each.what for each in steps))


def _require_only_one(connection: Connection) -> None:
    """Let nobody else upgrade a server's database until this transaction ends."""
    if connection.dialect.name == "sqlite":
        return  # nobody else writes
    connection.execute(text("SET LOCAL lock_timeout = '10s'"))
    if not connection.execute(text(f"SELECT pg_try_advisory_xact_lock({_ADVISORY_LOCK})")).scalar():
        raise ConflictError(
            "Somebody else is upgrading the database.", hint="Look again when that has ended."
        )


def _require_nobody(session: Session, now: datetime) -> None:
    node = table_of(Node)
    alive = session.connection().execute(
        select(node.c.kind, node.c.login, node.c.host, node.c.pid).where(
            node.c.stopped_at.is_(None), node.c.heartbeat_at.between(now - ALIVE, now + _AHEAD)
        )
    )
    names = [f"{kind} of {login} on {host} (pid {pid})" for kind, login, host, pid in alive]
    if names:
        raise ConflictError(
            f"The database is in use by {', '.join(names)}.",
            hint="Stop them, then run `socconsole db upgrade` again.",
        )


def _back_up(
    database: Database, found: int, now: datetime, tell: Callable[[float], None]
) -> Path | None:
    """Copy the file and check the copy; on a server backups are the administrator's."""
    if database.path is None:
        return None
    name = f"{database.path.name}.schema{found}.{now:%Y%m%dT%H%M%SZ}.bak"
    target, unfinished = (database.path.with_name(each) for each in (name, f"{name}.unfinished"))
    unfinished.unlink(missing_ok=True)  # of an upgrade that was killed
    copy_database(database, unfinished, tell=tell)
    check_pages(unfinished)
    return unfinished.replace(target)


def _run(connection: Connection, steps: Sequence[Migration], tell: Callable[[float], None]) -> None:
    sqlite = connection.dialect.name == "sqlite"
    for number, step in enumerate(steps):
        tell(number / (len(steps) + 1))
        step.run(connection)
    tell(len(steps) / (len(steps) + 1))
    version = steps[-1].version
    connection.execute(
        text("UPDATE meta SET value = :version WHERE key = 'schema'"), {"version": str(version)}
    )
    if not sqlite and has_roles(connection):
        apply_roles(connection)  # new tables and columns have rights as well
    if sqlite:
        dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if dangling:
            raise StoreError(f"The upgrade would leave {len(dangling)} dangling references.")
        damage = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if damage != "ok":
            raise StoreError(f"The upgrade would leave a damaged file: {damage}")
        connection.exec_driver_sql(f"PRAGMA user_version={version}")
