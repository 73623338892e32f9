"""What state a database is in: its size, its counts, whether it is whole."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select, text
from sqlmodel import Session

from socconsole.errors import StoreError
from socconsole.store import driver
from socconsole.store.audit import Verdict, verify
from socconsole.store.database import Database
from socconsole.store.derived import Drift, check_derived
from socconsole.store.events import EventStore
from socconsole.store.faults import shown
from socconsole.store.record_check import Altered, check_record
from socconsole.store.schema import VERSION, version_of
from socconsole.store.tables import METADATA, ChangeHead, Evidence, table_of

_COUNTED = ("source", "alert", "ticket", "incident", "action", "audit_entry")


@dataclass(frozen=True, slots=True)
class Info:
    """What a database is."""

    url: str
    engine: str
    engine_version: str
    safe_driver: bool
    """Whether this SQLite is free of the bug that several writing processes provoke."""
    schema: int
    program_schema: int
    bytes: int
    rows: Mapping[str, int]
    event_days: int
    event_bytes: int
    change_seq: int
    audit_seq: int
    audit_head: str


def describe(database: Database) -> Info:
    """Return what the database is and how much it holds."""
    events = EventStore(database)
    sizes = events.sizes()
    events.close()
    with database.read() as session:
        connection = session.connection()
        head = connection.execute(
            select(*(table_of(ChangeHead).c[name] for name in ("seq", "audit_seq", "audit_hash")))
        ).one()
        return Info(
            url=shown(database.url),
            engine="SQLite" if database.is_sqlite else "PostgreSQL",
            engine_version=_engine_version(session, database),
            safe_driver=driver.SAFE or not database.is_sqlite,
            schema=version_of(connection),
            program_schema=VERSION,
            bytes=_size(session, database),
            rows={name: _count(session, name) for name in _COUNTED},
            event_days=len(sizes),
            event_bytes=sum(sizes.values()),
            change_seq=head[0],
            audit_seq=head[1],
            audit_head=bytes(head[2]).hex(),
        )


def _engine_version(session: Session, database: Database) -> str:
    if database.is_sqlite:
        return ".".join(str(part) for part in driver.VERSION)
    return str(session.connection().execute(text("SHOW server_version")).scalar())


def _size(session: Session, database: Database) -> int:
    if database.path is not None:
        files = (database.path, database.path.with_name(database.path.name + "-wal"))
        return sum(path.stat().st_size for path in files if path.exists())
    found = session.connection().execute(text("SELECT pg_database_size(current_database())"))
    return int(found.scalar_one())


def _count(session: Session, table: str) -> int:
    query = select(func.count()).select_from(METADATA.tables[table])
    return int(session.connection().execute(query).scalar_one())


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a database is whole."""

    chain: Verdict
    evidence: int
    damaged_evidence: tuple[int, ...] = ()
    """Ids of evidence whose bytes are not those that were attached."""
    damage: tuple[str, ...] = field(default=())
    """What the engine says is wrong with the file."""
    recorded: int = 0
    """Notes, findings, evidence and the like, and signed handoffs."""
    altered: tuple[Altered, ...] = ()
    """Those that are not what the audit says was written."""

    drifted: tuple[Drift, ...] | None = None
    """What of a file's search indexes, counts and triggers differs from its rows."""

    @property
    def whole(self) -> bool:
        return not (
            self.chain.broken_at
            or self.damaged_evidence
            or self.damage
            or self.altered
            or self.drifted
        )


def examine(database: Database, *, indexes: bool = False) -> Condition:
    """Walk the audit chain, compare the evidence with its digests, check the file.

    With `indexes`, every entry of every index of a file is compared with its row too.
    """
    with database.read() as session:
        damage: list[str] = []
        if database.is_sqlite:
            check = "integrity_check" if indexes else "quick_check"
            found = session.connection().exec_driver_sql(f"PRAGMA {check}(10)").scalars()
            damage = [line for line in found if line != "ok"]
        evidence, damaged = _check_evidence(session)
        chain = verify(session.connection())
        recorded = check_record(session)
    drifted = _check_derived(database, is_damaged=bool(damage))
    return Condition(chain, evidence, damaged, tuple(damage), *recorded, drifted)


def _check_derived(database: Database, *, is_damaged: bool) -> tuple[Drift, ...] | None:
    if database.path is None:
        return None
    try:
        with database.explaining():
            return check_derived(database.path)
    except StoreError:
        if not is_damaged:
            raise
        return None  # what is damaged cannot be read, so there is nothing to compare with


def _check_evidence(session: Session) -> tuple[int, tuple[int, ...]]:
    table = table_of(Evidence)
    found = session.connection().execute(
        select(table.c.id, table.c.sha256, table.c.content).where(table.c.content.is_not(None))
    )
    count, damaged = 0, []
    for number, digest, content in found:
        count += 1
        if hashlib.sha256(content).hexdigest() != digest:
            damaged.append(number)
    return count, tuple(damaged)
