"""What the verbs on alerts read and write, in bulk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from socconsole.core.severity import Severity
from socconsole.store.bulk import among, portions
from socconsole.store.tables import METADATA

Values = dict[str, Any]
"""Column → value."""

_CHUNK = 5_000
_FEW = 100
"""Alerts below which one statement, put together once, asks for them one by one."""
_ALERT = METADATA.tables["alert"]
_TICKET = METADATA.tables["ticket"]


class Standing(NamedTuple):
    """Where an alert stands: what verbs decide by."""

    id: int
    title: str
    status: str
    status_before: str | None
    severity: Severity
    rule_severity: Severity
    severity_override: Severity | None
    assignee: str | None
    ticket_id: int | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    reopen_count: int


_STANDING = (
    select(*(_ALERT.c[name] for name in Standing._fields)).order_by(_ALERT.c.id).with_for_update()
)
_STANDING_OF_FEW = _STANDING.where(_ALERT.c.id.in_(bindparam("ids", expanding=True)))


def standing(session: Session, alert_ids: Sequence[int]) -> list[Standing]:
    """Return where alerts stand, locked until the commit."""
    found: list[Standing] = []
    connection = session.connection()
    for chunk in portions(dict.fromkeys(alert_ids), _CHUNK):
        if len(chunk) < _FEW:
            rows = connection.execute(_STANDING_OF_FEW, {"ids": chunk}).all()
        else:
            rows = connection.execute(_STANDING.where(among(connection, _ALERT.c.id, chunk))).all()
        found.extend(map(Standing._make, rows))
    return found


def rank_terms(session: Session, alert_ids: Sequence[int]) -> dict[int, Values]:
    """Return alert → the stored terms of its rank."""
    found: dict[int, Values] = {}
    for chunk in portions(dict.fromkeys(alert_ids), _CHUNK):
        query = select(_ALERT.c.id, _ALERT.c.rank_terms).where(_ALERT.c.id.in_(chunk))
        found.update({row[0]: row[1] for row in session.connection().execute(query)})
    return found


def open_tickets(session: Session, alert_ids: Sequence[int]) -> set[int]:
    """Return the tickets of alerts that are still worked on."""
    found: set[int] = set()
    for chunk in portions(dict.fromkeys(alert_ids), _CHUNK):
        query = (
            select(_TICKET.c.id)
            .join(_ALERT, _ALERT.c.ticket_id == _TICKET.c.id)
            .where(_ALERT.c.id.in_(chunk), _TICKET.c.status.not_in(("resolved", "closed")))
        )
        found.update(session.connection().execute(query).scalars())
    return found


def lock_next(session: Session) -> int | None:
    """Return the highest-ranked alert nobody has, which nobody else can now take."""
    query = (
        select(_ALERT.c.id)
        .where(_ALERT.c.is_open, _ALERT.c.status == "new", _ALERT.c.assignee.is_(None))
        .order_by(_ALERT.c.rank.desc(), _ALERT.c.id.desc())
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return session.connection().execute(query).scalar()


def stamp_viewed(session: Session, alert_id: int, now: datetime) -> None:
    """Write when an alert was first opened, once."""
    session.connection().execute(
        update(_ALERT)
        .where(_ALERT.c.id == alert_id, _ALERT.c.first_viewed_at.is_(None))
        .values(first_viewed_at=now)
    )


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """How the last alert of a fingerprint ended."""

    alert_id: int
    disposition: str
    sub_reason: str | None
    rule_changed: bool


def last_verdicts(session: Session, alert_ids: Sequence[int]) -> dict[int, LastVerdict]:
    """Return alert → how the last closed one like it ended; those without one are left out."""
    own, last, found = _ALERT.alias("own"), _ALERT.alias("last"), _ALERT.alias("found")
    newest = (
        select(last.c.id)
        .where(
            last.c.fingerprint == own.c.fingerprint,
            last.c.id != own.c.id,
            last.c.status == "closed",
            last.c.disposition.is_not(None),
        )
        .order_by(last.c.created_at.desc(), last.c.id.desc())
        .limit(1)
        .correlate(own)
        .scalar_subquery()
    )
    changed = found.c.rule_revision != own.c.rule_revision
    query = select(
        own.c.id, found.c.id, found.c.disposition, found.c.sub_reason, changed
    ).select_from(own.join(found, found.c.id == newest))
    connection = session.connection()
    verdicts: dict[int, LastVerdict] = {}
    for chunk in portions(dict.fromkeys(alert_ids), _CHUNK):
        for row in connection.execute(query.where(among(connection, own.c.id, chunk))):
            verdicts[row[0]] = LastVerdict(*row[1:])
    return verdicts
