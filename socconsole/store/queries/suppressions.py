"""Suppressions and maintenance windows, with what they have hidden."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import select
from sqlmodel import Session

from socconsole.errors import NotFoundError
from socconsole.store.tables import METADATA

_SUPPRESSION = METADATA.tables["suppression"]
_RULE = METADATA.tables["rule"]


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """A suppression or maintenance window as a list shows it."""

    id: int
    uid: str
    kind: str
    state: str
    """scheduled, active, expired, ended."""
    title: str
    reason: str
    rule_id: str | None
    rule_title: str | None
    entities: Mapping[str, str]
    filter: str
    highest: str | None
    alert_id: int | None
    starts_at: datetime
    until: datetime
    hit_count: int
    last_hit_at: datetime | None
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    ended_by: str | None
    version: int

    @property
    def about(self) -> str:
        """What it keeps quiet, in one line."""
        named = [self.rule_title or self.rule_id or ""]
        named += [f"{kind}={value}" for kind, value in self.entities.items()]
        named.append(self.filter)
        return " ".join(part for part in named if part)


def state_of(starts_at: datetime, until: datetime, ended_at: datetime | None, now: datetime) -> str:
    """Return where a suppression is in its life."""
    if ended_at is not None:
        return "ended"
    if now >= until:
        return "expired"
    return "active" if now >= starts_at else "scheduled"


def suppressions(
    session: Session, now: datetime, *, kind: str | None = None, over: bool = False
) -> tuple[SuppressionRow, ...]:
    """Return suppressions that apply or will, soonest end first.

    Args:
        session: The snapshot to read.
        now: What active means.
        kind: Only `suppression` or `maintenance`.
        over: Also those that have ended.

    """
    query = _rows().order_by(_SUPPRESSION.c.until, _SUPPRESSION.c.id)
    if kind is not None:
        query = query.where(_SUPPRESSION.c.kind == kind)
    if not over:
        query = query.where(_SUPPRESSION.c.until > now, _SUPPRESSION.c.ended_at.is_(None))
    return tuple(_row(row, now) for row in session.connection().execute(query))


def suppression_row(session: Session, suppression_id: int, now: datetime) -> SuppressionRow:
    """Return one suppression; raises NotFoundError."""
    query = _rows().where(_SUPPRESSION.c.id == suppression_id)
    row = session.connection().execute(query).first()
    if row is None:
        raise NotFoundError(f"There is no suppression {suppression_id}.")
    return _row(row, now)


def _rows() -> Any:  # noqa: ANN401 - a select of a whole table has no better name
    joined = _SUPPRESSION.outerjoin(_RULE, _RULE.c.id == _SUPPRESSION.c.rule_id)
    return select(_SUPPRESSION, _RULE.c.title.label("rule_title")).select_from(joined)


def _row(row: Found[Any], now: datetime) -> SuppressionRow:
    return SuppressionRow(
        id=row.id,
        uid=row.uid,
        kind=row.kind,
        state=state_of(row.starts_at, row.until, row.ended_at, now),
        title=row.title,
        reason=row.reason,
        rule_id=row.rule_id,
        rule_title=row.rule_title,
        entities=row.matcher.get("entities", {}),
        filter=row.filter,
        highest=row.matcher.get("highest"),
        alert_id=row.alert_id,
        starts_at=row.starts_at,
        until=row.until,
        hit_count=row.hit_count,
        last_hit_at=row.last_hit_at,
        created_at=row.created_at,
        created_by=row.created_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        version=row.version,
    )
