"""Assets and the services they carry, with the alerts that are open about them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from socconsole.store.tables import METADATA

_ASSET = METADATA.tables["asset"]
_ALERT = METADATA.tables["alert"]
_OUTAGE = METADATA.tables["outage"]
_SERVICE = METADATA.tables["service"]


@dataclass(frozen=True, slots=True)
class AssetRow:
    """A host, account or device."""

    id: int
    kind: str
    name: str
    criticality: str
    owner: str | None
    contact: str | None
    description: str
    aliases: tuple[str, ...]
    addresses: tuple[str, ...]
    tags: tuple[str, ...]
    open_alerts: int


def assets(session: Session) -> tuple[AssetRow, ...]:
    """Return every asset by kind and name."""
    connection = session.connection()
    counted = (
        select(_ALERT.c.asset_id, func.count())
        .where(_ALERT.c.is_open, _ALERT.c.asset_id.is_not(None))
        .group_by(_ALERT.c.asset_id)
    )
    open_alerts = {row[0]: row[1] for row in connection.execute(counted)}
    query = select(_ASSET).order_by(_ASSET.c.kind, _ASSET.c.name)
    return tuple(
        AssetRow(
            row.id,
            row.kind,
            row.name,
            row.criticality,
            row.owner,
            row.contact,
            row.description,
            tuple(row.aliases),
            tuple(row.addresses),
            tuple(row.tags),
            open_alerts.get(row.id, 0),
        )
        for row in connection.execute(query)
    )


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """What the business runs."""

    id: int
    name: str
    criticality: str
    owner: str | None
    contact: str | None
    description: str
    objective: float | None
    """Percent of the time it has to be up."""
    assets: tuple[str, ...]
    """Those without which it is down."""
    down_since: datetime | None
    """Where an outage has not ended."""


def services(session: Session) -> tuple[ServiceRow, ...]:
    """Return every service by name."""
    connection = session.connection()
    down = (
        select(_OUTAGE.c.service_id, func.min(_OUTAGE.c.down_from, type_=_OUTAGE.c.down_from.type))
        .where(_OUTAGE.c.up_at.is_(None))
        .group_by(_OUTAGE.c.service_id)
    )
    down_since = {row[0]: row[1] for row in connection.execute(down)}
    return tuple(
        ServiceRow(
            row.id,
            row.name,
            row.criticality,
            row.owner,
            row.contact,
            row.description,
            row.objective,
            tuple(row.assets),
            down_since.get(row.id),
        )
        for row in connection.execute(select(_SERVICE).order_by(_SERVICE.c.name))
    )
