"""Everything about one alert: why it fired, its lines, its past, what else is going on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy import Row as Found
from sqlmodel import Session

from socconsole.core.ranking import RankTerm, stored_terms
from socconsole.errors import NotFoundError
from socconsole.store.queries.actions import EntryRow, list_entries
from socconsole.store.queries.alert_group import ENTITY_COLUMNS, AlertGroup, about, alert_group
from socconsole.store.queries.queue import QueueRow, queue_rows
from socconsole.store.tables import METADATA

_ALERT = METADATA.tables["alert"]
_ASSET = METADATA.tables["asset"]
_CONTEXT = METADATA.tables["context"]
_EVIDENCE = METADATA.tables["alert_evidence"]
_RULE = METADATA.tables["rule"]
_SOURCE = METADATA.tables["source"]

RELATED = timedelta(hours=24)
"""Alerts of the same entities this far from an alert are shown with it."""
HISTORY = timedelta(days=30)
_OF_A_RULE = 2_000
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class MatchedPartRow:
    """One thing the rule asked for, and what the line had."""

    selection: str
    field: str | None
    pattern: str
    value: str
    spans: tuple[tuple[int, int], ...]
    """Half-open ranges of characters in the line's text."""


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """A line that made the alert, byte-exact."""

    id: int
    raw: bytes
    source: str | None
    source_id: int | None
    generation_id: int | None
    path: str
    line_number: int
    offset: int
    end: int
    format: str
    fields: Mapping[str, Any]
    names: Mapping[str, str]
    parts: tuple[MatchedPartRow, ...]
    window: Mapping[str, Any] | None
    """Of a correlation: type, group, count, first, last."""
    trigger: bool
    event_time: datetime

    @property
    def text(self) -> str:
        """The line as text; bytes that are not UTF-8 stand as U+FFFD."""
        return self.raw.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What is known of the rule, as it was last loaded."""

    id: str
    title: str
    description: str
    author: str | None
    status: str
    references: tuple[str, ...]
    false_positives: tuple[str, ...]
    path: str
    detections: int


@dataclass(frozen=True, slots=True)
class Precedent:
    """An earlier alert of the same trouble, and how it ended."""

    id: int
    disposition: str
    sub_reason: str | None
    note: str | None
    closed_at: datetime
    closed_by: str | None
    count: int
    same_entities: bool
    """The fingerprint is the same; else only rule and host are."""
    rule_changed: bool
    """The rule's text is another one since."""


@dataclass(frozen=True, slots=True)
class EntityHistory:
    """What else is known of one of the alert's entities, over thirty days."""

    kind: str
    value: str
    alerts: int
    """Other alerts about it; counting ends at five hundred."""
    open: int
    rules: int
    dispositions: Mapping[str, int]
    criticality: str | None
    owner: str | None


@dataclass(frozen=True, slots=True)
class ContextRow:
    """Informational detections beside the alert."""

    title: str
    rule_id: str
    count: int
    first_seen: datetime
    last_seen: datetime
    sample: str


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """Everything about one alert."""

    row: QueueRow
    rule: RuleFacts | None
    evidence: tuple[EvidenceLine, ...]
    """Oldest first."""
    terms: tuple[RankTerm, ...]
    precedents: tuple[Precedent, ...]
    """The same fingerprint first, newest first."""
    group: AlertGroup | None
    related: tuple[QueueRow, ...]
    """About the same entities within a day, whether of the group or not."""
    history: tuple[EntityHistory, ...]
    context: tuple[ContextRow, ...]
    activity: tuple[EntryRow, ...]
    """What people did with it, newest first."""
    facts: Mapping[str, Any]
    """The other columns of the alert, by name."""

    @property
    def why(self) -> EvidenceLine | None:
        """The newest line that made it fire."""
        return next((line for line in reversed(self.evidence) if line.trigger), None)


_FACTS = (
    "severity_override",
    "severity_reason",
    "close_reason",
    "duplicate_of_id",
    "acknowledged_at",
    "acknowledged_by",
    "escalated_at",
    "escalated_by",
    "closed_at",
    "closed_by",
    "reopened_at",
    "reopen_count",
    "quiet_count",
    "quiet_until",
    "shelved_by",
    "claim_expires_at",
    "first_viewed_at",
    "event_time",
    "read_at",
    "maintenance_until",
    "rule_revision",
    "destination_ip",
    "auto_closed",
)


def alert_detail(session: Session, alert_id: int) -> AlertDetail:
    """Return everything about one alert.

    Raises:
        NotFoundError: There is no such alert.

    """
    stored = session.connection().execute(select(_ALERT).where(_ALERT.c.id == alert_id)).first()
    rows = queue_rows(session, [alert_id])
    if stored is None or not rows:
        raise NotFoundError(f"There is no alert {alert_id}.", hint="See `alerts list`.")
    row = rows[0]
    others = _others(session, row)
    return AlertDetail(
        row=row,
        rule=_rule(session, row.rule_id),
        evidence=alert_evidence(session, alert_id),
        terms=stored_terms(stored.rank_terms),
        precedents=_precedents(session, stored),
        group=alert_group(session, row, others),
        related=_related(session, row, others),
        history=_history(session, row, others),
        context=_context(session, row),
        activity=list_entries(session, entity=("alert", alert_id), limit=50),
        facts={name: getattr(stored, name) for name in _FACTS},
    )


def alert_evidence(session: Session, alert_id: int) -> tuple[EvidenceLine, ...]:
    """Return the lines copied into an alert, oldest first."""
    query = (
        select(_EVIDENCE, _SOURCE.c.name.label("source"))
        .select_from(_EVIDENCE.outerjoin(_SOURCE, _SOURCE.c.id == _EVIDENCE.c.source_id))
        .where(_EVIDENCE.c.alert_id == alert_id)
        .order_by(_EVIDENCE.c.event_time, _EVIDENCE.c.id)
    )
    return tuple(_evidence_line(row) for row in session.connection().execute(query))


def _evidence_line(row: Found[Any]) -> EvidenceLine:
    return EvidenceLine(
        id=row.id,
        raw=bytes(row.raw),
        source=row.source,
        source_id=row.source_id,
        generation_id=row.generation_id,
        path=row.path,
        line_number=row.line_number,
        offset=row.offset,
        end=row.end,
        format=row.format,
        fields=row.fields,
        names=row.names,
        parts=tuple(_part(part) for part in row.parts),
        window=row.window,
        trigger=row.trigger,
        event_time=row.event_time,
    )


def _part(part: Mapping[str, Any]) -> MatchedPartRow:
    spans = tuple((low, high) for low, high in part["spans"])
    return MatchedPartRow(part["selection"], part["field"], part["pattern"], part["value"], spans)


def _rule(session: Session, rule_id: str) -> RuleFacts | None:
    row = session.connection().execute(select(_RULE).where(_RULE.c.id == rule_id)).first()
    if row is None:
        return None
    return RuleFacts(
        row.id,
        row.title,
        row.description,
        row.author,
        row.status,
        tuple(row.references),
        tuple(row.false_positives),
        row.path,
        row.detections,
    )


def _precedents(session: Session, alert: Found[Any]) -> tuple[Precedent, ...]:
    same = and_(_ALERT.c.fingerprint == alert.fingerprint, _ALERT.c.id != alert.id)
    found = _closed(session, same)
    if len(found) < _SHOWN and alert.host is not None:
        of_rule = (
            select(_ALERT.c.id)
            .where(_ALERT.c.rule_id == alert.rule_id)
            .order_by(_ALERT.c.created_at.desc())
            .limit(_OF_A_RULE)
        )
        similar = and_(
            _ALERT.c.id.in_(of_rule),
            _ALERT.c.host == alert.host,
            _ALERT.c.fingerprint != alert.fingerprint,
        )
        found += _closed(session, similar)[: _SHOWN - len(found)]
    return tuple(_precedent(row, alert) for row in found)


def _closed(session: Session, chosen: ColumnElement[bool]) -> list[Found[Any]]:
    query = (
        select(_ALERT)
        .where(chosen, _ALERT.c.status == "closed", _ALERT.c.disposition.is_not(None))
        .order_by(_ALERT.c.created_at.desc())
        .limit(_SHOWN)
    )
    return list(session.connection().execute(query))


_COUNT = list(_ALERT.c.keys()).index("count")


def _precedent(row: Found[Any], alert: Found[Any]) -> Precedent:
    return Precedent(
        row.id,
        row.disposition,
        row.sub_reason,
        row.close_reason,
        row.closed_at,
        row.closed_by,
        row[_COUNT],
        row.fingerprint == alert.fingerprint,
        row.rule_revision != alert.rule_revision,
    )


def _others(session: Session, row: QueueRow) -> dict[str, list[Found[Any]]]:
    """Return entity kind → the newest other alerts about the same value."""
    others: dict[str, list[Found[Any]]] = {}
    for kind in ENTITY_COLUMNS:
        value = getattr(row, kind)
        if value:
            found = about(session, kind, value)
            since = row.created_at - HISTORY
            others[kind] = [one for one in found if one.id != row.id and one.created_at >= since]
    return others


def _related(
    session: Session, row: QueueRow, others: Mapping[str, Iterable[Found[Any]]]
) -> tuple[QueueRow, ...]:
    """Return what happened to the same entities about then, most shared entities first."""
    shared: dict[int, int] = {}
    times: dict[int, datetime] = {}
    for found in others.values():
        for other in found:
            near = (
                other.last_seen >= row.first_seen - RELATED
                and other.first_seen <= row.last_seen + RELATED
            )
            if near:
                shared[other.id] = shared.get(other.id, 0) + 1
                times[other.id] = other.last_seen
    ranked = sorted(shared, key=lambda each: (shared[each], times[each], each), reverse=True)
    return queue_rows(session, ranked[:_SHOWN])


def _history(
    session: Session, row: QueueRow, others: Mapping[str, list[Found[Any]]]
) -> tuple[EntityHistory, ...]:
    history: list[EntityHistory] = []
    for kind, found in others.items():
        value = getattr(row, kind)
        dispositions: dict[str, int] = {}
        for other in found:
            if other.disposition is not None:
                dispositions[other.disposition] = dispositions.get(other.disposition, 0) + 1
        named = select(_ASSET.c.criticality, _ASSET.c.owner).where(_ASSET.c.name == value.lower())
        asset = session.connection().execute(named).first()
        history.append(
            EntityHistory(
                kind,
                value,
                alerts=len(found),
                open=sum(bool(other.is_open) for other in found),
                rules=len({other.rule_id for other in found}),
                dispositions=dispositions,
                criticality=asset.criticality if asset else None,
                owner=asset.owner if asset else None,
            )
        )
    return tuple(history)


def _context(session: Session, row: QueueRow) -> tuple[ContextRow, ...]:
    same = [
        _CONTEXT.c[column] == getattr(row, kind)
        for kind, column in ENTITY_COLUMNS.items()
        if getattr(row, kind)
    ]
    if not same:
        return ()
    query = (
        select(_CONTEXT)
        .where(
            or_(*same),
            _CONTEXT.c.last_seen >= row.first_seen - RELATED,
            _CONTEXT.c.first_seen <= row.last_seen + RELATED,
        )
        .order_by(_CONTEXT.c.last_seen.desc())
        .limit(_SHOWN)
    )
    return tuple(
        ContextRow(
            found.title,
            found.rule_id,
            found._mapping["count"],  # noqa: SLF001 - `count` of a row is a method
            found.first_seen,
            found.last_seen,
            found.sample,
        )
        for found in session.connection().execute(query)
    )
