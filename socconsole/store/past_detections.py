"""What was raised, as detections again: for back-tests of suppressions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import func, select
from sqlmodel import Session

from socconsole.core.detection import Detection, Rule, Window
from socconsole.core.event import Event, EventCategory, RawLine
from socconsole.store.tables import METADATA

_ALERT = METADATA.tables["alert"]
_EVIDENCE = METADATA.tables["alert_evidence"]
_SOURCE = METADATA.tables["source"]
_MOST = 20_000
"""Alerts looked at, newest first."""
_PAGE = 500


@dataclass(frozen=True, slots=True)
class PastDetection:
    """The detection that raised an alert, as far as its evidence tells."""

    alert_id: int
    detection: Detection
    count: int
    disposition: str | None


def raised_since(
    session: Session, since: datetime, rule_id: str | None = None
) -> Iterator[PastDetection]:
    """Yield what raised alerts since then, newest first; of one rule where it is named."""
    first = (
        select(func.min(_EVIDENCE.c.id))
        .where(_EVIDENCE.c.alert_id == _ALERT.c.id, _EVIDENCE.c.trigger)
        .correlate(_ALERT)
        .scalar_subquery()
    )
    query = (
        select(
            _ALERT.c.id,
            _ALERT.c.title,
            _ALERT.c.rule_id,
            func.coalesce(
                _ALERT.c.rule_severity, _ALERT.c.severity, type_=_ALERT.c.severity.type
            ).label("level"),
            _ALERT.c.tags,
            _ALERT.c["count"].label("detections"),
            _ALERT.c.disposition,
            _ALERT.c.category,
            _ALERT.c.first_seen,
            _SOURCE.c.name.label("source"),
            _EVIDENCE.c.raw,
            _EVIDENCE.c.format,
            _EVIDENCE.c.fields,
            _EVIDENCE.c.names,
        )
        .select_from(
            _ALERT.join(_EVIDENCE, _EVIDENCE.c.id == first).outerjoin(
                _SOURCE, _SOURCE.c.id == _ALERT.c.source_id
            )
        )
        .where(_ALERT.c.created_at >= since)
        .order_by(_ALERT.c.created_at.desc())
        .limit(_MOST)
    )
    if rule_id is not None:
        query = query.where(_ALERT.c.rule_id == rule_id)
    for row in session.connection().execute(query.execution_options(yield_per=_PAGE)):
        yield PastDetection(row.id, _detection(row), row.detections, row.disposition)


def _detection(row: Found[*tuple[Any, ...]]) -> Detection:
    raw = bytes(row.raw)
    event = Event(
        row.format,
        (),
        row.fields,
        raw.decode(errors="replace"),
        row.first_seen,
        category=EventCategory(row.category or EventCategory.INFORMATIONAL),
        names=row.names,
        line=RawLine(row.source or "", 0, 0, raw, len(raw)),
    )
    rule = Rule(row.rule_id, row.title, row.level, tags=tuple(row.tags))
    silence = Window("", {}, 0, row.first_seen, row.first_seen, at_close=True)
    return Detection(rule, row.first_seen, event, window=None if row.category else silence)
