"""Alerts and what is known of the things they are about."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.compiler import DDLCompiler
from sqlmodel import Field

from socconsole.core.event import EventCategory
from socconsole.core.severity import Severity
from socconsole.store.tables.row import (
    Edited,
    Identified,
    Row,
    between,
    big,
    content,
    document,
    moment,
    no_document,
    no_moment,
    no_reference,
    no_word,
    one_of,
    reference,
    severity,
    word,
)
from socconsole.store.types import SeverityNumber

ALERT_STATUSES = ("new", "acknowledged", "escalated", "shelved", "closed")
DISPOSITIONS = (
    "true_positive",
    "benign_positive",
    "false_positive",
    "duplicate",
    "undetermined",
)
SUB_REASONS = (
    "malicious",
    "policy",
    "expected",
    "test",
    "maintenance",
    "rule_logic",
    "bad_data",
)
CRITICALITIES = ("low", "medium", "high", "critical")
ASSET_KINDS = ("host", "account", "device")


def _where_open(name: str, *columns: str) -> Index:
    return Index(
        name,
        *(text(column) for column in columns),
        sqlite_where=text("is_open = 1"),
        info={"where": "is_open"},
    )


def _where_linked(column: str) -> Index:
    """Return what deleting an alert needs: else all others are asked whether they refer to it."""
    told = f"{column} IS NOT NULL"
    return Index(f"ix_alert_{column}", column, sqlite_where=text(told), info={"where": told})


_OF_CLOSED = (
    # What is closed comes last, so that closing thousands touches few pages.
    *("closed_at", "id", "severity", "disposition", "sub_reason", "assignee", "source_id"),
    *("rule_id", "host", "username", "source_ip", "category", "count", "first_seen"),
    *("last_seen", "created_at", "title"),
)


@compiles(CreateIndex, "postgresql")
def _partial(create: CreateIndex, compiler: DDLCompiler, **options: object) -> str:
    """Write the condition of an index; said by `postgresql_where` it would load that dialect."""
    statement: str = compiler.visit_create_index(create, **options)  # type: ignore[no-untyped-call]
    where = create.element.info.get("where")
    return f"{statement} WHERE {where}" if where else statement


class AlertGroup(Identified, table=True):
    """Alerts that share entities within a time gap, shown as one line."""

    __tablename__ = "alert_group"

    title: str = ""
    entities: dict[str, Any] = document()
    first_seen: datetime = moment()
    last_seen: datetime = moment()
    created_at: datetime = moment()


class Alert(Edited, table=True):
    """Detections with one fingerprint, waiting for a person."""

    __tablename__ = "alert"
    __table_args__ = (
        one_of("status", ALERT_STATUSES),
        one_of("status_before", ALERT_STATUSES),
        one_of("disposition", DISPOSITIONS),
        one_of("sub_reason", SUB_REASONS),
        one_of("category", EventCategory),
        between("severity", 0, 4),
        CheckConstraint("(status <> 'closed') = is_open", name="is_open"),
        CheckConstraint(
            "status = 'closed' OR (disposition IS NULL AND sub_reason IS NULL)", name="decided"
        ),
        CheckConstraint("count >= 1", name="count"),
        _where_open(
            "ix_alert_queue",
            "rank DESC",
            "id DESC",
            "severity",
            "status",
            "assignee",
            "source_id",
            "rule_id",
            "host",
            "username",
            "source_ip",
            "category",
            "count",
            "first_seen",
            "title",
        ),
        # The same for what was closed: any filter in any order is read out of this alone.
        Index(
            "ix_alert_closed",
            *map(text, _OF_CLOSED),
            sqlite_where=text("is_open = 0"),
            info={"where": "NOT is_open"},
        ),
        _where_open("ix_alert_assignee", "assignee", "rank DESC", "id DESC"),
        _where_open("ix_alert_source", "source_id", "rank DESC", "id DESC"),
        _where_open("ix_alert_open_rule_id", "rule_id", "rank DESC", "id DESC"),
        # Read to their end these two are all that has to be read.
        _where_open("ix_alert_open_created_at", "created_at", "id", "status"),
        _where_open("ix_alert_open_last_seen", "last_seen", "id", "status"),
        Index("ix_alert_created_at", text("created_at DESC")),
        # The last two tell of all that were closed which were closed as what.
        Index(
            "ix_alert_status_created_at",
            *map(text, ("status", "created_at DESC", "disposition", "sub_reason")),
        ),
        Index("ix_alert_fingerprint", text("fingerprint"), text("created_at DESC")),
        Index("ix_alert_rule_id", text("rule_id"), text("created_at DESC")),
        _where_linked("previous_id"),
        _where_linked("duplicate_of_id"),
        Index("ix_alert_ticket_id", "ticket_id"),
        Index("ix_alert_incident_id", "incident_id"),
        Index("ix_alert_group_id", "group_id"),
        # What the collector keeps counting does not stand in the way of an undo.
        {"info": {"derived": {"rank", "rank_terms", "count", "last_seen", "quiet_count"}}},
    )

    fingerprint: str
    title: str
    summary: str = ""
    rule_id: str
    rule_revision: str = ""
    runbook: str | None = None
    tags: list[str] = document(list)
    """The rule's Sigma tags: ATT&CK tactics and techniques."""
    source_id: int = reference("source")
    category: str | None = no_word()
    """Of the event that raised it; None where it was raised because none came."""
    severity: Severity = severity()
    """What the queue sorts and filters by: the override where there is one, else the rule's."""
    rule_severity: Severity | None = Field(default=None, sa_type=SeverityNumber, nullable=True)
    severity_override: Severity | None = Field(default=None, sa_type=SeverityNumber, nullable=True)
    severity_reason: str | None = None
    rank: float = 0.0
    rank_terms: dict[str, Any] = document()

    status: str = word(default="new")
    is_open: bool = True
    disposition: str | None = no_word()
    sub_reason: str | None = no_word()
    close_reason: str | None = None
    assignee: str | None = None
    claim_expires_at: datetime | None = no_moment()
    status_before: str | None = no_word()
    """What shelving interrupted."""
    shelved_until: datetime | None = no_moment()
    shelved_by: str | None = None
    shelve_reason: str | None = None

    count: int = big(default=1)
    quiet_count: int = big(default=0)
    """Repeats counted since it was closed."""
    quiet_until: datetime | None = no_moment()
    worse_at: datetime | None = no_moment()
    worse_reason: str | None = None
    stopped_at: datetime | None = no_moment()
    """The condition ended by itself while nobody had looked."""
    auto_closed: bool = False
    reopen_count: int = 0

    entities: dict[str, Any] = document()
    host: str | None = None
    username: str | None = None
    source_ip: str | None = None
    destination_ip: str | None = None
    asset_id: int | None = no_reference("asset")
    service_id: int | None = no_reference("service")
    suppression_id: int | None = no_reference("suppression")
    """The maintenance window that marked it."""
    previous_id: int | None = no_reference("alert")
    """The closed alert with the same fingerprint: "same as last time"."""
    duplicate_of_id: int | None = no_reference("alert")
    group_id: int | None = no_reference("alert_group")
    ticket_id: int | None = no_reference("ticket")
    incident_id: int | None = no_reference("incident")

    event_time: datetime | None = no_moment()
    first_seen: datetime = moment()
    last_seen: datetime = moment()
    read_at: datetime | None = no_moment()
    created_at: datetime = moment()
    updated_at: datetime | None = no_moment()
    first_viewed_at: datetime | None = no_moment()
    acknowledged_at: datetime | None = no_moment()
    acknowledged_by: str | None = None
    escalated_at: datetime | None = no_moment()
    escalated_by: str | None = None
    closed_at: datetime | None = no_moment()
    closed_by: str | None = None
    reopened_at: datetime | None = no_moment()
    maintenance_until: datetime | None = no_moment()


class AlertEvidence(Row, table=True):
    """A line that made an alert, copied so that it outlives the day files."""

    __tablename__ = "alert_evidence"
    __table_args__ = (Index("ix_alert_evidence_alert_id", "alert_id", "event_time"),)

    id: int | None = big(default=None, primary_key=True)
    alert_id: int = reference("alert")
    source_id: int | None = no_reference("source")
    generation_id: int | None = no_reference("generation")
    path: str = ""
    offset: int = big(default=0)
    end: int = big(default=0)
    line_number: int = big(default=0)
    raw: bytes = content(default=b"")
    """Byte-exact."""
    format: str = ""
    fields: dict[str, Any] = document()
    names: dict[str, Any] = document()
    parts: list[dict[str, Any]] = document(list)
    """Matched parts: selection, field, pattern, value, spans."""
    window: dict[str, Any] | None = no_document()
    """Of a correlation: type, group, count, first, last."""
    trigger: bool = True
    """False for a sample of the window that the trigger completed."""
    event_time: datetime = moment()
    read_at: datetime | None = no_moment()


class Context(Identified, table=True):
    """Informational detections of one fingerprint: shown beside alerts, never in the queue."""

    __tablename__ = "context"
    __table_args__ = (
        Index("ix_context_fingerprint", text("fingerprint"), text("last_seen DESC")),
        Index("ix_context_host", text("host"), text("last_seen DESC")),
        Index("ix_context_last_seen", "last_seen"),
    )

    fingerprint: str
    rule_id: str
    title: str
    tags: list[str] = document(list)
    source_id: int = reference("source")
    entities: dict[str, Any] = document()
    host: str | None = None
    username: str | None = None
    source_ip: str | None = None
    count: int = big(default=1)
    first_seen: datetime = moment()
    last_seen: datetime = moment()
    sample: str = ""
    """The first line, as text."""


class Asset(Edited, table=True):
    """A host, account or device, with owner and criticality."""

    __tablename__ = "asset"
    __table_args__ = (
        one_of("kind", ASSET_KINDS),
        one_of("criticality", CRITICALITIES),
        UniqueConstraint("kind", "name"),
    )

    kind: str = word(default="host")
    name: str
    """Lower case."""
    aliases: list[str] = document(list)
    addresses: list[str] = document(list)
    owner: str | None = None
    contact: str | None = None
    criticality: str = word(default="medium")
    tags: list[str] = document(list)
    description: str = ""
    created_at: datetime = moment()
    created_by: str


class Service(Edited, table=True):
    """What the business runs."""

    __tablename__ = "service"
    __table_args__ = (one_of("criticality", CRITICALITIES),)

    name: str = Field(unique=True)
    """Lower case."""
    owner: str | None = None
    contact: str | None = None
    criticality: str = word(default="medium")
    objective: float | None = None
    """Percent of the time it has to be up, such as 99.9."""
    assets: list[str] = document(list)
    """Names of those that carry it."""
    description: str = ""
    created_at: datetime = moment()
    created_by: str


class View(Edited, table=True):
    """A saved filter with its columns and order."""

    __tablename__ = "view"
    __table_args__ = (UniqueConstraint("owner", "screen", "name"),)

    __audited__ = False

    name: str
    owner: str
    shared: bool = False
    screen: str = "queue"
    filter: str = ""
    columns: list[Any] = document(list)
    sort: str = ""
    position: int = 0
    created_at: datetime = moment()
