"""The bulk statements behind raising alerts: no row objects, one statement per kind of row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import Table, bindparam, delete, func, insert, select, update
from sqlmodel import Session

from socconsole.core.fold import Trouble
from socconsole.core.severity import Severity
from socconsole.core.suppression import Quieting
from socconsole.store.bulk import WORTH_A_COPY, insert_rows, portions, upsert
from socconsole.store.held import held
from socconsole.store.tables import METADATA, Alert, AlertEvidence, Context, Row, Source
from socconsole.store.types import new_uid

Values = dict[str, Any]
"""Column → value."""

_KNOWN = (
    "count", "id", "fingerprint", "status", "severity", "rule_severity", "first_seen",
    "last_seen", "disposition", "quiet_count", "quiet_until", "entities", "tags",
    "severity_override", "rank_terms", "reopen_count", "reopened_at", "version",
)  # fmt: skip
"""The columns folding looks at; `count` comes first because a row has a method of that name."""


def _table(name: str) -> Table:
    return METADATA.tables[name]


@cache
def _blank(model: type[Row]) -> Values:
    """Return what a new row has where nothing is said."""
    fields = model.model_fields.items()
    known = {name: each.get_default(call_default_factory=True) for name, each in fields}
    return {name: value for name, value in known.items() if name in _columns(model)}


def _columns(model: type[Row]) -> set[str]:
    table = _table(str(model.__tablename__))
    return {column.name for column in table.columns if column.name not in ("id", "uid")}


@dataclass(slots=True)
class Known:
    """A stored alert that detections may be counted on."""

    id: int
    trouble: Trouble
    severity_override: Severity | None
    rank_terms: Values
    reopen_count: int
    reopened_at: datetime | None
    version: int


def newest_alerts(session: Session, fingerprints: Iterable[str]) -> dict[str, Known]:
    """Return the newest alert of each fingerprint that has one, locked until the commit."""
    alert = _table("alert")
    known: dict[str, Known] = {}
    for chunk in portions(fingerprints):
        newest = (
            select(func.max(alert.c.id))
            .where(alert.c.fingerprint.in_(chunk))
            .group_by(alert.c.fingerprint)
        )
        columns = [alert.c[name] for name in _KNOWN]
        query = select(*columns).where(alert.c.id.in_(newest)).order_by(alert.c.id)
        for row in session.connection().execute(query.with_for_update()):
            known[row.fingerprint] = _known(row)
    return known


def _known(row: Found[Any]) -> Known:
    return Known(
        row.id,
        Trouble(
            status=row.status,
            severity=row.rule_severity if row.rule_severity is not None else row.severity,
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            disposition=row.disposition,
            count=row[0],
            since_looked=row.quiet_count,
            quiet_until=row.quiet_until,
            entities=dict(row.entities),
            tags=tuple(row.tags),
        ),
        row.severity_override,
        dict(row.rank_terms),
        row.reopen_count,
        row.reopened_at,
        row.version,
    )


def only_failures(session: Session, alert_ids: Iterable[int]) -> set[int]:
    """Return the alerts whose evidence shows failures and no success."""
    evidence = _table("alert_evidence")
    outcomes: dict[int, set[object]] = {}
    for chunk in portions(alert_ids):
        columns = evidence.c.alert_id, evidence.c.fields, evidence.c.names
        query = select(*columns).where(evidence.c.alert_id.in_(chunk))
        for alert_id, fields, names in session.connection().execute(query):
            path = names.get("event.outcome")
            if path is not None:
                outcomes.setdefault(alert_id, set()).add(fields.get(path))
    return {key for key, seen in outcomes.items() if "failure" in seen and "success" not in seen}


def insert_alerts(session: Session, rows: Sequence[Values]) -> list[int]:
    """Insert alerts and return their ids in the same order."""
    return _insert_with_ids(session, Alert, rows)


def _insert_with_ids(session: Session, model: type[Row], rows: Sequence[Values]) -> list[int]:
    if not rows:
        return []
    table, blank = _table(str(model.__tablename__)), _blank(model)
    complete = [{**blank, "uid": new_uid(), **row} for row in rows]
    uids = [row["uid"] for row in complete]
    connection = session.connection()
    if connection.dialect.name == "sqlite" or len(rows) < WORTH_A_COPY:
        inserted = connection.execute(
            insert(table).returning(table.c.uid, table.c.id), complete
        ).all()
    else:
        insert_rows(connection, table, complete)
        inserted = connection.execute(
            select(table.c.uid, table.c.id).where(table.c.uid == func.any(uids))
        ).all()
    ids: dict[str, int] = dict(_pairs(inserted))
    return [ids[uid] for uid in uids]


def update_rows(session: Session, name: str, rows: Sequence[Values]) -> None:
    """Give each row, named by its `id`, its values; all rows name the same columns."""
    if not rows:
        return
    table = _table(name)
    columns = [column for column in rows[0] if column != "id"]
    statement = (
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values({column: bindparam(f"new_{column}") for column in columns})
    )
    session.connection().execute(
        statement,
        [
            {"row_id": row["id"], **{f"new_{column}": row[column] for column in columns}}
            for row in rows
        ],
    )


def _pairs(found: Iterable[Sequence[Any]]) -> Iterator[tuple[str, int]]:
    return ((row[0], row[1]) for row in found)


def link_previous(session: Session, pairs: Sequence[tuple[int, int]]) -> None:
    """Say of each (alert, alert before it) which came before."""
    update_rows(session, "alert", [{"id": own, "previous_id": before} for own, before in pairs])


def add_evidence(session: Session, new: Mapping[int, Sequence[Values]], keep: int) -> None:
    """Add evidence to alerts, keeping the first and the last `keep` halves of each.

    Of an alert under legal hold nothing goes; it takes new evidence up to twice as much.

    Args:
        session: The unit of work.
        new: Alert → its new evidence, oldest first.
        keep: Rows kept per alert.

    """
    head = keep // 2
    stored = _evidence_ids(session, new)
    gone: list[int] = []
    fresh: list[Values] = []
    is_full = any(len(stored.get(each, ())) + len(rows) > keep for each, rows in new.items())
    standing = held(session) if is_full else frozenset()
    for alert_id, rows in new.items():
        if ("alert", alert_id) in standing:
            room = max(0, 2 * keep - len(stored.get(alert_id, ())))
            fresh.extend({**row, "alert_id": alert_id} for row in rows[:room])
            continue
        everything: list[int | Values] = [*stored.get(alert_id, ()), *rows]
        if len(everything) > keep:
            dropped = everything[head : len(everything) - (keep - head)]
            gone.extend(row for row in dropped if isinstance(row, int))
            everything = everything[:head] + everything[len(everything) - (keep - head) :]
        fresh.extend({**row, "alert_id": alert_id} for row in everything if isinstance(row, dict))
    connection, table = session.connection(), _table("alert_evidence")
    for chunk in portions(gone):
        connection.execute(delete(table).where(table.c.id.in_(chunk)))
    if fresh:
        blank = _blank(AlertEvidence)
        insert_rows(connection, table, [{**blank, **row} for row in fresh])


def _evidence_ids(session: Session, alert_ids: Iterable[int]) -> dict[int, list[int]]:
    table = _table("alert_evidence")
    stored: dict[int, list[int]] = {}
    for chunk in portions(alert_ids):
        query = select(table.c.alert_id, table.c.id).where(table.c.alert_id.in_(chunk))
        for alert_id, evidence_id in session.connection().execute(query.order_by(table.c.id)):
            stored.setdefault(alert_id, []).append(evidence_id)
    return stored


def recent_context(
    session: Session, fingerprints: Iterable[str], since: datetime
) -> dict[str, tuple[int, int, datetime, datetime]]:
    """Return fingerprint → id, count, first and last seen of context seen since then."""
    table = _table("context")
    known: dict[str, tuple[int, int, datetime, datetime]] = {}
    columns = table.c.fingerprint, table.c.id, table.c.count, table.c.first_seen, table.c.last_seen
    for chunk in portions(fingerprints):
        chosen = table.c.fingerprint.in_(chunk) & (table.c.last_seen >= since)
        for fingerprint, *rest in session.connection().execute(
            select(*columns).where(chosen).order_by(table.c.last_seen)
        ):
            known[fingerprint] = (rest[0], rest[1], rest[2], rest[3])
    return known


def insert_context(session: Session, rows: Sequence[Values]) -> None:
    """Insert context rows."""
    _insert_with_ids(session, Context, rows)


def source_ids(session: Session, names: Iterable[str], now: datetime) -> dict[str, int]:
    """Return name → id of sources; one nobody has registered is added."""
    table = _table("source")
    wanted = set(names)
    query = select(table.c.name, table.c.id).where(table.c.name.in_(wanted))
    known: dict[str, int] = dict(_pairs(session.connection().execute(query).all()))
    missing = sorted(wanted - known.keys())
    rows = [{"name": name, "created_at": now} for name in missing]
    known.update(zip(missing, _insert_with_ids(session, Source, rows), strict=True))
    return known


def active_quietings(session: Session, now: datetime) -> tuple[Quieting, ...]:
    """Return the suppressions and maintenance windows that apply at `now`."""
    table = _table("suppression")
    query = select(table).where(
        table.c.until > now, table.c.starts_at <= now, table.c.ended_at.is_(None)
    )
    return tuple(_quieting(row) for row in session.connection().execute(query))


def _quieting(row: Found[Any]) -> Quieting:
    matcher = row.matcher
    level = matcher.get("highest")
    return Quieting(
        row.id,
        row.kind,
        row.starts_at,
        row.until,
        rule_id=row.rule_id,
        entities=matcher.get("entities", {}),
        filter=row.filter,
        highest=None if level is None else Severity.from_label(level),
        title=row.title or row.reason,
    )


def count_hits(session: Session, hits: Mapping[int, int], now: datetime) -> None:
    """Add hits to suppressions, beside whoever edits them."""
    if not hits:
        return
    table = _table("suppression")
    statement = (
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values(hit_count=table.c.hit_count + bindparam("hits"), last_hit_at=now)
    )
    rows = [{"row_id": number, "hits": hits[number]} for number in sorted(hits)]
    session.connection().execute(statement, rows)


CountKey = tuple[datetime, str, int]
"""Hour, rule id, source id."""


def count_detections(session: Session, counts: Mapping[CountKey, Mapping[str, int]]) -> None:
    """Add to the hourly figures per rule and source, and to the totals of rules and sources."""
    if not counts:
        return
    table, connection = _table("detection_count"), session.connection()
    insert_ = upsert(table, connection.dialect.name)
    figures = ("detections", "alerts", "folded", "suppressed")
    statement = insert_.on_conflict_do_update(
        index_elements=["hour", "rule_id", "source_id"],
        set_={name: table.c[name] + insert_.excluded[name] for name in figures},
    )
    rows = [
        {"hour": hour, "rule_id": rule_id, "source_id": source_id}
        | {name: count.get(name, 0) for name in figures}
        for (hour, rule_id, source_id), count in sorted(counts.items())
    ]
    connection.execute(statement, rows)
    _add_totals(session, "rule", _summed(counts, 1))
    _add_totals(session, "source", _summed(counts, 2))


def _summed(counts: Mapping[CountKey, Mapping[str, int]], part: int) -> dict[Any, int]:
    totals: dict[Any, int] = {}
    for key, count in counts.items():
        totals[key[part]] = totals.get(key[part], 0) + count.get("detections", 0)
    return totals


def _add_totals(session: Session, name: str, totals: Mapping[Any, int]) -> None:
    table = _table(name)
    statement = (
        update(table)
        .where(table.c.id == bindparam("row_id"))
        .values(detections=table.c.detections + bindparam("added"))
    )
    rows = [{"row_id": key, "added": totals[key]} for key in sorted(totals)]
    session.connection().execute(statement, rows)
