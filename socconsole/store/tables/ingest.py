"""Tables the collector writes: sources, files, leases, rules, counts."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

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
    no_moment,
    no_reference,
    no_word,
    one_of,
    reference,
    severity,
    word,
)

SOURCE_KINDS = ("file", "stdin", "journald", "syslog")
SOURCE_STATES = ("starting", "reading", "idle", "silent", "failed", "stopped")
GENERATION_STATES = ("live", "held", "truncated", "rescued", "gone")
SOURCE_NOTE_KINDS = (
    "gap",
    "truncation",
    "rotation",
    "deletion",
    "copy",
    "long_line",
    "nul_hole",
    "unterminated",
    "bad_encoding",
    "clock_skew",
    "watch",
    "compression",
    "silence",
    "failure",
)


class Source(Identified, table=True):
    """Something we tail, with its health: the Sources screen is this table."""

    __tablename__ = "source"
    __table_args__ = (one_of("kind", SOURCE_KINDS), one_of("state", SOURCE_STATES))

    name: str = Field(unique=True)
    kind: str = word(default="file")
    pattern: str = ""
    format: str = "auto"
    group: str = Field(default="all", description="The lease whose holder reads it.")
    enabled: bool = True
    state: str = word(default="starting")
    error: str | None = None
    half_line: str | None = None
    """File and text of a last line that nobody has finished for a while."""
    lines: int = big(default=0)
    events: int = big(default=0)
    unparsed: int = big(default=0)
    bytes: int = big(default=0)
    lag_bytes: int = big(default=0)
    detections: int = big(default=0)
    last_event_time: datetime | None = no_moment()
    last_read_at: datetime | None = no_moment()
    max_silence: float | None = None
    """Seconds of silence that are trouble, set or learned; None: too little is known."""
    gaps: dict[str, int] = document()
    """How often it was quiet for how long."""
    created_at: datetime = moment()


class Generation(Row, table=True):
    """One life of one file, and how far it has been read: the commit point of everything."""

    __tablename__ = "generation"
    __table_args__ = (
        one_of("state", GENERATION_STATES),
        Index("ix_generation_source_id_state", "source_id", "state"),
    )

    id: int | None = big(default=None, primary_key=True)
    source_id: int = reference("source")
    path: str
    device: int | None = big(default=None, nullable=True)
    inode: int | None = big(default=None, nullable=True)
    head: bytes = content(default=b"")
    """The first bytes consumed, at most 1,024."""
    marker: bytes = content(default=b"")
    """The last bytes consumed before `offset`, at most 64."""
    offset: int = big(default=0)
    """Everything before it is stored; nothing after it is."""
    size: int = big(default=0)
    """Size of the file when last looked at."""
    state: str = word(default="live")
    epoch: int = big(default=0)
    """The lease's epoch of the collector that wrote last: a stale one fails its update."""
    format: str | None = None
    """The parser chosen for this file."""
    format_reason: str | None = None
    first_seen_at: datetime = moment()
    updated_at: datetime = moment()


class SourceNote(Row, table=True):
    """What an analyst must know of a source: bytes lost, files turned over, clocks off."""

    __tablename__ = "source_note"
    __table_args__ = (
        one_of("kind", SOURCE_NOTE_KINDS),
        Index("ix_source_note_source_id_at", "source_id", "at"),
    )

    id: int | None = big(default=None, primary_key=True)
    source_id: int = reference("source")
    generation_id: int | None = no_reference("generation")
    kind: str = word()
    at: datetime = moment()
    path: str = ""
    offset_from: int | None = big(default=None, nullable=True)
    offset_to: int | None = big(default=None, nullable=True)
    """None where nobody can know how much is gone."""
    detail: str = ""


class Lease(Row, table=True):
    """Who reads a group of sources. A new holder raises the epoch; the old one's commits fail."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    node_id: int | None = no_reference("node")
    epoch: int = big(default=0)
    expires_at: datetime | None = no_moment()


class RuleRecord(Row, table=True):
    """A rule as it was last loaded."""

    __tablename__ = "rule"
    __table_args__ = (between("severity", 0, 4),)

    id: str = Field(primary_key=True)
    """The Sigma id."""
    title: str
    severity: Severity = severity()
    revision: str = ""
    status: str = "stable"
    author: str | None = None
    description: str = ""
    body: str = ""
    """The rule's text."""
    tags: list[str] = document(list)
    references: list[str] = document(list)
    false_positives: list[str] = document(list)
    runbook: str | None = None
    path: str = ""
    enabled: bool = True
    loaded_at: datetime = moment()
    detections: int = big(default=0)
    last_detection_at: datetime | None = no_moment()


class RefusedRule(Row, table=True):
    """A rule or a rule file that could not be loaded the last time, and why."""

    __tablename__ = "refused_rule"

    id: int | None = big(default=None, primary_key=True)
    place: str
    """`file:line`."""
    what: str
    hint: str = ""
    """What to do about it; empty where that is plain."""
    loaded_at: datetime = moment()


class MatcherState(Row, table=True):
    """What concerns all the windows of a lease's rules, committed with the offsets it came from."""

    __tablename__ = "matcher_state"

    name: str = Field(primary_key=True)
    """The lease's name."""
    revision: str = ""
    """Which form the memory has; what is of another one starts empty."""
    state: bytes = content(default=b"")
    remarks: dict[str, str] = document()
    """Rule → what its windows lost, and whether it is spared long values."""
    updated_at: datetime = moment()


class WindowPart(Row, table=True):
    """One part of what a rule's windows remember, such as a group: a batch writes few of many."""

    __tablename__ = "window_part"

    lease: str = Field(primary_key=True)
    rule_id: str = Field(primary_key=True)
    part: bytes = content(primary_key=True)
    state: bytes = content()


class EventCount(Row, table=True):
    """Events per source, category and hour."""

    __tablename__ = "event_count"

    hour: datetime = moment(primary_key=True)
    source_id: int = reference("source", primary_key=True)
    category: str = word(primary_key=True)
    events: int = big(default=0)
    unparsed: int = big(default=0)


class DetectionCount(Row, table=True):
    """Detections per rule, source and hour, and what became of them."""

    __tablename__ = "detection_count"

    hour: datetime = moment(primary_key=True)
    rule_id: str = Field(primary_key=True)
    source_id: int = reference("source", primary_key=True)
    detections: int = big(default=0)
    alerts: int = big(default=0)
    folded: int = big(default=0)
    suppressed: int = big(default=0)


SUPPRESSION_KINDS = ("suppression", "maintenance")


class Suppression(Edited, table=True):
    """A time-limited "do not raise this", or a maintenance window that marks instead."""

    __tablename__ = "suppression"
    __table_args__ = (
        one_of("kind", SUPPRESSION_KINDS),
        Index("ix_suppression_until", "until"),
    )

    kind: str = word(default="suppression")
    title: str = ""
    reason: str
    rule_id: str | None = None
    filter: str = ""
    """In the filter language; empty: the rule alone."""
    matcher: dict[str, Any] = document()
    """Entity → value, for one made from an alert."""
    alert_id: int | None = big(default=None, nullable=True)
    """The alert it was made from (no foreign key: alerts point back here)."""
    starts_at: datetime = moment()
    until: datetime = moment()
    review_at: datetime | None = no_moment()
    approved_by: str | None = None
    ended_at: datetime | None = no_moment()
    ended_by: str | None = None
    hit_count: int = big(default=0)
    last_hit_at: datetime | None = no_moment()
    created_at: datetime = moment()
    created_by: str


NODE_KINDS = ("collector", "console", "command")


class Node(Identified, table=True):
    """A running process of ours, alive while its heartbeat is fresh."""

    __tablename__ = "node"
    __table_args__ = (one_of("kind", NODE_KINDS),)

    kind: str = word()
    host: str
    pid: int
    login: str
    app_version: str = ""
    started_at: datetime = moment()
    heartbeat_at: datetime = moment()
    stopped_at: datetime | None = no_moment()
    hints: dict[str, Any] = document()
    """Unverified: terminal, SSH connection, login uid."""


PRESENCE_VERBS = ("viewing", "editing")


class Presence(Row, table=True):
    """Who is looking at what just now; never audited."""

    __tablename__ = "presence"
    __table_args__ = (
        one_of("verb", PRESENCE_VERBS),
        UniqueConstraint("node_id", "subject_kind", "subject_id"),
        Index("ix_presence_subject", "subject_kind", "subject_id"),
    )

    __audited__: ClassVar[bool] = False

    id: int | None = big(default=None, primary_key=True)
    node_id: int = reference("node")
    login: str
    screen: str = ""
    subject_kind: str | None = no_word()
    subject_id: int | None = big(default=None, nullable=True)
    verb: str = word(default="viewing")
    since: datetime = moment()
    seen_at: datetime = moment()
