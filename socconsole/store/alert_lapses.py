"""What of alerts is due: shelves, claims, waiting, conditions that ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import Session

from socconsole.store.raising import Values, update_rows
from socconsole.store.tables import METADATA

_ALERT = METADATA.tables["alert"]
_ACTION = METADATA.tables["action"]
_CONTEXT = METADATA.tables["context"]
_EVIDENCE = METADATA.tables["alert_evidence"]
_RULE = METADATA.tables["rule"]
_SOURCE = METADATA.tables["source"]
_LOOKED_AT = 10_000
"""Of alerts of a sustained rule so many, the newest, may still end."""


@dataclass(frozen=True, slots=True)
class Due:
    """An alert whose time has come."""

    id: int
    status: str
    status_before: str | None
    assignee: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An alert that waits for somebody."""

    id: int
    created_at: datetime
    rank: float
    rank_terms: Values


_DUE = (_ALERT.c.id, _ALERT.c.status, _ALERT.c.status_before, _ALERT.c.assignee)


def due_shelves(session: Session, now: datetime) -> list[Due]:
    """Return shelved alerts that come back now."""
    query = select(*_DUE).where(
        _ALERT.c.is_open, _ALERT.c.status == "shelved", _ALERT.c.shelved_until <= now
    )
    locked = query.order_by(_ALERT.c.id).with_for_update()
    return [Due(*row) for row in session.connection().execute(locked)]


def due_claims(session: Session, now: datetime) -> list[Due]:
    """Return acknowledged alerts whose claim runs out now."""
    query = select(*_DUE).where(
        _ALERT.c.is_open, _ALERT.c.status == "acknowledged", _ALERT.c.claim_expires_at <= now
    )
    locked = query.order_by(_ALERT.c.id).with_for_update()
    return [Due(*row) for row in session.connection().execute(locked)]


def last_action(session: Session, due: Due) -> datetime | None:
    """Return when the alert's holder last did something to it."""
    query = select(func.max(_ACTION.c.at, type_=_ACTION.c.at.type)).where(
        _ACTION.c.by == due.assignee,
        _ACTION.c.subject_kind == "alert",
        _ACTION.c.subject_id == due.id,
    )
    return session.connection().execute(query).scalar()


def prolong(session: Session, alert_id: int, until: datetime) -> None:
    """Let a claim hold until then."""
    session.connection().execute(
        update(_ALERT).where(_ALERT.c.id == alert_id).values(claim_expires_at=until)
    )


def waiting_since(
    session: Session, after: datetime | None, until: datetime, *, most: int
) -> list[Waiting]:
    """Return the newest of the new alerts created after `after`, up to `until`."""
    query = select(_ALERT.c.id, _ALERT.c.created_at, _ALERT.c.rank, _ALERT.c.rank_terms).where(
        _ALERT.c.status == "new", _ALERT.c.created_at <= until
    )
    if after is not None:
        query = query.where(_ALERT.c.created_at > after)
    newest = query.order_by(_ALERT.c.created_at.desc()).limit(most)
    return [Waiting(*row) for row in session.connection().execute(newest)]


def rerank(session: Session, rows: Sequence[Values]) -> None:
    """Write ranks; nobody's edit is disturbed."""
    update_rows(session, "alert", sorted(rows, key=lambda row: int(row["id"])))


def stopped_conditions(session: Session) -> dict[int, datetime]:
    """Return alert → when its sustained condition ended, of those nobody has looked at.

    While a condition lasts it fires again every span; when its source has gone on for two spans
    without that, the condition is over.
    """
    found = [row for rule_id in _sustained_rules(session) for row in _fired(session, rule_id)]
    return {
        alert_id: last_seen
        for alert_id, last_seen, read_to, window in found
        if _is_over(last_seen, read_to, window)
    }


def _sustained_rules(session: Session) -> Sequence[str]:
    """Return the rules whose text says so, and maybe some that only speak of it."""
    query = select(_RULE.c.id).where(_RULE.c.body.contains("sustained"))
    return session.connection().execute(query).scalars().all()


def _fired(session: Session, rule_id: str) -> Sequence[Any]:
    """Return alert, when it was last seen, how far its source was read and its newest window."""
    looked_at = (
        select(_ALERT.c.id)
        .where(_ALERT.c.rule_id == rule_id)
        .order_by(_ALERT.c.created_at.desc())
        .limit(_LOOKED_AT)
    )
    newest = (
        select(func.max(_EVIDENCE.c.id))
        .where(_EVIDENCE.c.alert_id == _ALERT.c.id, _EVIDENCE.c.trigger)
        .correlate(_ALERT)
        .scalar_subquery()
    )
    query = (
        select(_ALERT.c.id, _ALERT.c.last_seen, _SOURCE.c.last_event_time, _EVIDENCE.c.window)
        .select_from(
            _ALERT.join(_EVIDENCE, _EVIDENCE.c.id == newest).join(
                _SOURCE, _SOURCE.c.id == _ALERT.c.source_id
            )
        )
        .where(
            _ALERT.c.id.in_(looked_at),
            _ALERT.c.is_open,
            _ALERT.c.status == "new",
            _ALERT.c.stopped_at.is_(None),
        )
    )
    return session.connection().execute(query).all()


def _is_over(last_seen: datetime, read_to: datetime | None, window: dict[str, Any] | None) -> bool:
    if read_to is None or not window or window["type"] != "sustained":
        return False
    span = datetime.fromisoformat(window["last"]) - datetime.fromisoformat(window["first"])
    return read_to - last_seen >= 2 * span


def mark_stopped(session: Session, stopped: dict[int, datetime]) -> None:
    """Write when conditions ended."""
    rows = [{"id": number, "stopped_at": stopped[number]} for number in sorted(stopped)]
    update_rows(session, "alert", rows)


def forget_context(session: Session, before: datetime) -> None:
    """Drop informational detections last seen before then."""
    session.connection().execute(delete(_CONTEXT).where(_CONTEXT.c.last_seen < before))


def release(session: Session, suppression_id: int, now: datetime) -> None:
    """Let the alerts that a maintenance window marked come back at once."""
    session.connection().execute(
        update(_ALERT)
        .where(_ALERT.c.suppression_id == suppression_id, _ALERT.c.status == "shelved")
        .values(shelved_until=now, maintenance_until=now)
    )
