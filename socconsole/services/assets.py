"""What the business has: hosts, accounts, devices and services, their owners and criticality."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col
from sqlmodel import select as sqlmodel_select

from socconsole.errors import ConflictError, NotFoundError, UsageError
from socconsole.store.recording import recording
from socconsole.store.tables import METADATA, Asset

ASSET_KINDS = ("host", "account", "device")
_WEIGHT = {"low": 0, "medium": 1, "high": 2, "critical": 3}


@dataclass(frozen=True, slots=True)
class AssetFact:
    """What ranking has to know of an asset."""

    id: int
    name: str
    criticality: str
    service_id: int | None = None
    """The most critical service it carries."""


@dataclass(frozen=True, slots=True)
class AssetIndex:
    """Assets by everything they are called."""

    names: Mapping[str, AssetFact] = field(default_factory=dict)

    def most_critical(self, entities: Mapping[str, object]) -> AssetFact | None:
        """Return the most critical asset among the entities of an alert, or None."""
        found: list[AssetFact] = []
        for value in entities.values():
            for name in value if isinstance(value, list) else [value]:
                fact = self.names.get(str(name).lower())
                if fact is not None:
                    found.append(fact)
        return max(found, key=lambda fact: _WEIGHT[fact.criticality], default=None)


def load_assets(session: Session) -> AssetIndex:
    """Return every asset by its name, aliases and addresses."""
    table = METADATA.tables["asset"]
    carried = _services_by_asset(session)
    names: dict[str, AssetFact] = {}
    for row in session.connection().execute(select(table)):
        fact = AssetFact(row.id, row.name, row.criticality, carried.get(row.name))
        for called in (row.name, *row.aliases, *row.addresses):
            names[called.lower()] = fact
    return AssetIndex(names)


def _services_by_asset(session: Session) -> dict[str, int]:
    """Return asset → the most critical service it carries."""
    table = METADATA.tables["service"]
    rows = session.connection().execute(select(table.c.id, table.c.criticality, table.c.assets))
    ordered = sorted(rows, key=lambda row: _WEIGHT[row.criticality])
    return {name: row.id for row in ordered for name in row.assets}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetEntry:
    """An asset as somebody describes it; None leaves what is known."""

    name: str
    kind: str = "host"
    criticality: str | None = None
    owner: str | None = None
    contact: str | None = None
    description: str | None = None
    aliases: Sequence[str] | None = None
    addresses: Sequence[str] | None = None
    tags: Sequence[str] | None = None


def put(session: Session, entries: Sequence[AssetEntry], *, by: str, now: datetime) -> int:
    """Add assets, or change those already known by kind and name; return how many.

    Open alerts keep the rank they have; new ones are ranked by what is said here.
    """
    with recording(session, verb="asset.put", by=by, now=now) as action:
        for entry in entries:
            _put(session, entry, by, now)
        named = entries[0].name if len(entries) == 1 else f"{len(entries)} assets"
        action.summary = f"described {named}"
    return len(entries)


def remove(session: Session, name: str, *, by: str, now: datetime, kind: str = "host") -> None:
    """Forget an asset.

    Raises:
        NotFoundError: It is not known.
        ConflictError: An alert or a ticket is about it.

    """
    row = _find(session, kind, name)
    if row is None:
        raise NotFoundError(f"There is no {kind} {name!r}.", hint="See `assets list`.")
    for table in ("alert", "ticket"):
        column = METADATA.tables[table].c.asset_id
        used = session.connection().execute(select(column).where(column == row.id).limit(1))
        if used.first() is not None:
            raise ConflictError(
                f"An {table} is about {name}."
                if table == "alert"
                else f"A ticket is about {name}.",
                hint="Lower its criticality instead.",
            )
    with recording(session, verb="asset.remove", by=by, now=now, summary=f"forgot {name}"):
        session.delete(row)


def check_criticality(word: str | None) -> None:
    """Refuse a word that is no criticality; None is nothing said."""
    if word is not None and word not in _WEIGHT:
        raise UsageError(f"{word!r} is no criticality.", hint=f"Use one of {', '.join(_WEIGHT)}.")


def _find(session: Session, kind: str, name: str) -> Asset | None:
    query = sqlmodel_select(Asset).where(
        col(Asset.kind) == kind, col(Asset.name) == name.strip().lower()
    )
    return session.exec(query).first()


def _put(session: Session, entry: AssetEntry, by: str, now: datetime) -> None:
    name = entry.name.strip().lower()
    if not name:
        raise UsageError("An asset needs a name.")
    if entry.kind not in ASSET_KINDS:
        raise UsageError(f"{entry.kind!r} is no kind of asset.", hint="host, account or device.")
    check_criticality(entry.criticality)
    row = _find(session, entry.kind, name)
    if row is None:
        row = Asset(kind=entry.kind, name=name, created_at=now, created_by=by)
    for column in ("criticality", "owner", "contact", "description"):
        value = getattr(entry, column)
        if value is not None:
            setattr(row, column, value)
    for column in ("aliases", "addresses", "tags"):
        values = getattr(entry, column)
        if values is not None:
            setattr(row, column, list(values))
    session.add(row)
    session.flush()
