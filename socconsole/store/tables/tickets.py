"""Tickets and what hangs on any case: notes, findings, tasks, evidence, escalations."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field

from socconsole.store.tables.alerts import DISPOSITIONS, SUB_REASONS
from socconsole.store.tables.row import (
    SUBJECTS,
    About,
    Edited,
    Identified,
    Recorded,
    Row,
    between,
    big,
    document,
    moment,
    no_moment,
    no_reference,
    no_word,
    one_of,
    reference,
    word,
)

TICKET_STATUSES = ("open", "in_progress", "waiting", "resolved", "closed")
LEVELS = ("low", "medium", "high")
TLP = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
PAP = ("CLEAR", "GREEN", "AMBER", "RED")
TASK_STATES = ("open", "done", "cancelled")
MEANINGS = ("rules_out", "supports", "inconclusive")
EVIDENCE_KINDS = ("events", "file", "output")
CUSTODY_VERBS = ("attached", "viewed", "exported", "verified", "mismatch")
TICKET_LINKS = ("related", "duplicate", "blocks", "merged", "action_item", "precedent")
OBSERVABLE_TYPES = (
    "ip",
    "cidr",
    "domain",
    "url",
    "email",
    "md5",
    "sha1",
    "sha256",
    "cve",
    "user",
    "host",
    "path",
    "other",
)


class Ticket(Edited, table=True):
    """A tracked investigation."""

    __tablename__ = "ticket"
    __table_args__ = (
        one_of("status", TICKET_STATUSES),
        one_of("disposition", DISPOSITIONS),
        one_of("sub_reason", SUB_REASONS),
        one_of("impact", LEVELS),
        one_of("urgency", LEVELS),
        between("priority", 1, 4),
        one_of("tlp", TLP),
        one_of("pap", PAP),
        Index("ix_ticket_status_priority", "status", "priority", "id"),
        Index("ix_ticket_incident_id", "incident_id"),
        Index("ix_ticket_opened_at", text("opened_at DESC")),
    )

    human_id: str = Field(unique=True)
    title: str
    description: str = ""
    category: str = ""
    template: str | None = None
    tags: list[str] = document(list)
    fields: dict[str, str] = document()
    """What the template asks beyond these columns: name → answer."""
    tlp: str = word(default="AMBER")
    pap: str = word(default="GREEN")

    status: str = word(default="open")
    disposition: str | None = no_word()
    sub_reason: str | None = no_word()
    resolution: str | None = None
    impact: str = word(default="medium")
    urgency: str = word(default="medium")
    priority: int = 3
    priority_reason: str | None = None
    """Why it differs from the grid; None: it is the grid's."""
    assignee: str | None = None
    watchers: list[str] = document(list)

    reporter: str | None = None
    contact: str | None = None
    channel: str | None = None
    reported_at: datetime | None = no_moment()
    asset_id: int | None = no_reference("asset")
    service_id: int | None = no_reference("service")

    hypothesis: str = ""
    unchecked: str = ""
    next_step: str = ""
    deadline: datetime | None = no_moment()
    waiting_on: str | None = None
    waiting_since: datetime | None = no_moment()
    chase_at: datetime | None = no_moment()

    respond_due_at: datetime | None = no_moment()
    due_at: datetime | None = no_moment()
    """When it has to be resolved; moved by the time its clock stood still."""
    paused: int = big(default=0)
    """Microseconds of finished clock pauses."""

    opened_at: datetime = moment()
    opened_by: str
    updated_at: datetime | None = no_moment()
    responded_at: datetime | None = no_moment()
    started_at: datetime | None = no_moment()
    resolved_at: datetime | None = no_moment()
    resolved_by: str | None = None
    closed_at: datetime | None = no_moment()
    closed_by: str | None = None
    reopened_at: datetime | None = no_moment()
    reopen_count: int = 0
    voided_at: datetime | None = no_moment()
    """Its creation was undone; the number stays taken."""
    merged_into_id: int | None = no_reference("ticket")
    incident_id: int | None = no_reference("incident")


class TicketAlert(Recorded, table=True):
    """An alert belongs to a ticket."""

    __tablename__ = "ticket_alert"
    __table_args__ = (UniqueConstraint("ticket_id", "alert_id"),)

    ticket_id: int = reference("ticket")
    alert_id: int = reference("alert", index=True)
    added_at: datetime = moment()
    added_by: str


class TicketLink(Recorded, table=True):
    """Two tickets have to do with each other."""

    __tablename__ = "ticket_link"
    __table_args__ = (
        one_of("kind", TICKET_LINKS),
        UniqueConstraint("ticket_id", "other_id", "kind"),
    )

    ticket_id: int = reference("ticket")
    other_id: int = reference("ticket", index=True)
    kind: str = word(default="related")
    reason: str = ""
    added_at: datetime = moment()
    added_by: str


class ClockPause(Edited, table=True):
    """A span in which a ticket's clocks stood still."""

    __tablename__ = "clock_pause"

    ticket_id: int = reference("ticket", index=True)
    since: datetime = moment()
    until: datetime | None = no_moment()
    reason: str = ""


class TicketTerm(Row, table=True):
    """A word of a ticket that has ended: the index of the knowledge base, on any engine."""

    __tablename__ = "ticket_term"
    __table_args__ = (Index("ix_ticket_term_ticket_id", "ticket_id"), {"info": {"follows": True}})

    term: str = Field(primary_key=True)
    """Empty: the row's count is the length of the whole text."""
    ticket_id: int = reference("ticket", primary_key=True)
    count: int = 0


class Note(About, Recorded, table=True):
    """Dated, signed text; a correction is another note."""

    __tablename__ = "note"
    __table_args__ = (
        one_of("subject_kind", SUBJECTS),
        one_of("tlp", TLP),
        Index("ix_note_subject", "subject_kind", "subject_id", "created_at"),
    )

    body: str
    created_at: datetime = moment()
    created_by: str
    corrects_id: int | None = no_reference("note")
    tlp: str | None = no_word()


class Finding(About, Recorded, table=True):
    """Checked X, saw Y."""

    __tablename__ = "finding"
    __table_args__ = (
        one_of("subject_kind", SUBJECTS),
        one_of("meaning", MEANINGS),
        Index("ix_finding_subject", "subject_kind", "subject_id", "created_at"),
    )

    checked: str
    query: str = ""
    result: str = ""
    meaning: str = word()
    created_at: datetime = moment()
    created_by: str
    corrects_id: int | None = no_reference("finding")


class Task(About, Edited, table=True):
    """A step somebody takes; a mandatory one blocks resolving."""

    __tablename__ = "task"
    __table_args__ = (
        one_of("subject_kind", SUBJECTS),
        one_of("state", TASK_STATES),
        Index("ix_task_subject", "subject_kind", "subject_id", "position"),
    )

    title: str
    description: str = ""
    mandatory: bool = False
    state: str = word(default="open")
    reason: str | None = None
    """Why it was cancelled."""
    assignee: str | None = None
    team: str | None = None
    phase: str | None = None
    position: int = 0
    due_at: datetime | None = no_moment()
    created_at: datetime = moment()
    created_by: str
    finished_at: datetime | None = no_moment()
    finished_by: str | None = None


class Evidence(About, Recorded, table=True):
    """Bytes attached to a case, exactly as they were."""

    __tablename__ = "evidence"
    __table_args__ = (
        one_of("subject_kind", SUBJECTS),
        one_of("kind", EVIDENCE_KINDS),
        one_of("tlp", TLP),
        Index("ix_evidence_subject", "subject_kind", "subject_id", "captured_at"),
    )

    kind: str = word()
    title: str = ""
    filename: str | None = None
    media_type: str = "application/octet-stream"
    content: bytes | None = Field(default=None, sa_type=LargeBinary, nullable=True)
    """None once erased; the digest stays."""
    sha256: str
    size: int = big()
    source_id: int | None = no_reference("source")
    generation_id: int | None = no_reference("generation")
    path: str = ""
    offset_from: int | None = big(default=None, nullable=True)
    offset_to: int | None = big(default=None, nullable=True)
    event_time: datetime | None = no_moment()
    command: str | None = None
    reason: str = ""
    tlp: str | None = no_word()
    captured_at: datetime = moment()
    captured_by: str


class Custody(Recorded, table=True):
    """Who did what with a piece of evidence."""

    __tablename__ = "custody"
    __table_args__ = (one_of("verb", CUSTODY_VERBS),)

    evidence_id: int = reference("evidence", index=True)
    verb: str = word()
    at: datetime = moment()
    by: str
    detail: str = ""


class Escalation(About, Edited, table=True):
    """Whom we asked, by which channel, when, answered or not, next contact."""

    __tablename__ = "escalation"
    __table_args__ = (
        one_of("subject_kind", SUBJECTS),
        Index("ix_escalation_subject", "subject_kind", "subject_id"),
    )

    whom: str
    channel: str = ""
    reason: str = ""
    asked_at: datetime = moment()
    asked_by: str
    next_contact_at: datetime | None = no_moment()
    answered_at: datetime | None = no_moment()
    answer: str | None = None


class Observable(Edited, table=True):
    """A value seen; an indicator once it is known bad."""

    __tablename__ = "observable"
    __table_args__ = (
        one_of("type", OBSERVABLE_TYPES),
        one_of("tlp", TLP),
        UniqueConstraint("type", "value"),
    )

    type: str = word()
    value: str
    """Normalised: never defanged."""
    ignored: bool = False
    indicator: bool = False
    origin: str = ""
    """Where it is known bad from."""
    confidence: int | None = None
    tlp: str | None = no_word()
    expires_at: datetime | None = no_moment()
    first_seen: datetime = moment()
    last_seen: datetime = moment()
    created_at: datetime = moment()
    created_by: str


class ObservableLink(About, Identified, table=True):
    """An observable occurs in an alert, a ticket or an incident."""

    __tablename__ = "observable_link"
    __table_args__ = (
        one_of("subject_kind", SUBJECTS),
        UniqueConstraint("observable_id", "subject_kind", "subject_id"),
        Index("ix_observable_link_subject", "subject_kind", "subject_id"),
        # Found by reading the case; it is no reason to keep the case.
        {"info": {"follows": True}},
    )

    observable_id: int = reference("observable")
    found_in: str = ""
    confirmed_at: datetime | None = no_moment()
    """When somebody confirmed it as an indicator of this incident."""
    confirmed_by: str | None = None
    created_at: datetime = moment()


class LegalHold(About, Edited, table=True):
    """Retention and erasure leave this case alone until it is released."""

    __tablename__ = "legal_hold"
    __table_args__ = (one_of("subject_kind", SUBJECTS),)

    reason: str
    placed_at: datetime = moment()
    placed_by: str
    released_at: datetime | None = no_moment()
    released_by: str | None = None


class Draft(Row, table=True):
    """Half-written text that survives a dropped connection."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("owner", "place"),)

    id: int | None = big(default=None, primary_key=True)
    owner: str
    place: str
    """What it is for, such as `note:ticket:14` or `handoff`."""
    body: str = ""
    updated_at: datetime = moment()
