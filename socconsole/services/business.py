"""The services the business runs, and the assets that carry them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col
from sqlmodel import select as sqlmodel_select

from socconsole.errors import ConflictError, NotFoundError, UsageError
from socconsole.services.assets import check_criticality
from socconsole.store.recording import recording
from socconsole.store.tables import METADATA, Asset, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEntry:
    """A service as somebody describes it; None leaves what is known."""

    name: str
    criticality: str | None = None
    owner: str | None = None
    contact: str | None = None
    description: str | None = None
    objective: float | None = None
    """Percent of the time it has to be up."""
    carried_by: Sequence[str] | None = None
    """Names of assets."""


def put(session: Session, entry: ServiceEntry, *, by: str, now: datetime) -> None:
    """Add a service, or change the one of that name.

    Raises:
        NotFoundError: An asset it is carried by is not known.

    """
    name = entry.name.strip().lower()
    if not name:
        raise UsageError("A service needs a name.")
    if entry.objective is not None and not 0 < entry.objective <= 100:
        raise UsageError(
            f"{entry.objective:g} is no objective.", hint="It is a percentage, such as 99.9."
        )
    check_criticality(entry.criticality)
    with recording(session, verb="service.put", by=by, now=now, summary=f"described {name}"):
        row = _find(session, name) or Service(name=name, created_at=now, created_by=by)
        for column in ("criticality", "owner", "contact", "description", "objective"):
            value = getattr(entry, column)
            if value is not None:
                setattr(row, column, value)
        if entry.carried_by is not None:
            row.assets = _known_assets(session, entry.carried_by)
        session.add(row)


def remove(session: Session, name: str, *, by: str, now: datetime) -> None:
    """Forget a service.

    Raises:
        NotFoundError: It is not known.
        ConflictError: An alert, a ticket, an incident or an outage is about it.

    """
    row = _find(session, name.strip().lower())
    if row is None:
        raise unknown(name)
    for table in ("alert", "ticket", "incident", "outage"):
        column = METADATA.tables[table].c.service_id
        used = session.connection().execute(select(column).where(column == row.id).limit(1))
        if used.first() is not None:
            article = "a" if table == "ticket" else "an"
            raise ConflictError(
                f"There is {article} {table} about {name}.", hint="Lower its criticality instead."
            )
    with recording(session, verb="service.remove", by=by, now=now, summary=f"forgot {name}"):
        session.delete(row)


def unknown(name: str) -> NotFoundError:
    """Return the error for a service nobody has described."""
    return NotFoundError(f"There is no service {name!r}.", hint="See `assets services`.")


def _find(session: Session, name: str) -> Service | None:
    return session.exec(sqlmodel_select(Service).where(col(Service.name) == name)).first()


def _known_assets(session: Session, names: Sequence[str]) -> list[str]:
    """Return the names as assets have them."""
    wanted = {name.strip().lower() for name in names}
    known = session.scalars(select(col(Asset.name)).where(col(Asset.name).in_(wanted)))
    missing = wanted.difference(known)
    if missing:
        raise NotFoundError(f"There is no asset {min(missing)!r}.", hint="See `assets list`.")
    return sorted(wanted)
