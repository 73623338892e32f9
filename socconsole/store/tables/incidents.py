"""Incidents and handoffs."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field

from socconsole.store.tables.row import (
    Edited,
    Recorded,
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
from socconsole.store.tables.tickets import PAP, TLP

INCIDENT_KINDS = ("security", "service")
PHASES = (
    "declared",
    "analysis",
    "containment",
    "eradication",
    "recovery",
    "post_incident",
    "closed",
)
OUTCOMES = ("confirmed", "declared_in_error", "merged")
FUNCTIONAL_IMPACTS = ("none", "low", "medium", "high")
INFORMATION_IMPACTS = ("none", "low", "high")
RECOVERABILITIES = ("regular", "supplemented", "extended", "not_recoverable")
ROLES = ("commander", "deputy", "scribe", "liaison", "responder")
COUNTERMEASURE_STATES = ("proposed", "approved", "active", "verified", "removed")
HANDOFF_STATES = ("draft", "signed", "accepted")
ITEM_STATES = ("pending", "accepted", "refused")


class Incident(Edited, table=True):
    """A confirmed violation or loss of service, declared by a person."""

    __tablename__ = "incident"
    __table_args__ = (
        one_of("kind", INCIDENT_KINDS),
        between("severity", 1, 5),
        one_of("phase", PHASES),
        one_of("outcome", OUTCOMES),
        one_of("functional_impact", FUNCTIONAL_IMPACTS),
        one_of("confidentiality_impact", INFORMATION_IMPACTS),
        one_of("integrity_impact", INFORMATION_IMPACTS),
        one_of("availability_impact", INFORMATION_IMPACTS),
        one_of("recoverability", RECOVERABILITIES),
        one_of("tlp", TLP),
        one_of("pap", PAP),
        Index("ix_incident_phase_severity", "phase", "severity"),
        Index("ix_incident_declared_at", text("declared_at DESC")),
    )

    human_id: str = Field(unique=True)
    title: str
    kind: str = word(default="security")
    severity: int
    """SEV1 (worst) to SEV5."""
    phase: str = word(default="declared")
    outcome: str | None = no_word()
    summary: str = ""
    scope: str = ""
    category: str = ""
    tags: list[str] = document(list)
    tlp: str = word(default="AMBER")
    pap: str = word(default="GREEN")
    functional_impact: str = word(default="none")
    confidentiality_impact: str = word(default="none")
    integrity_impact: str = word(default="none")
    availability_impact: str = word(default="none")
    recoverability: str = word(default="regular")
    service_id: int | None = no_reference("service")

    hypothesis: str = ""
    unchecked: str = ""
    next_step: str = ""
    deadline: datetime | None = no_moment()
    blockers: str = ""
    update_every: int | None = None
    """Minutes between two updates to those who must be told."""
    next_update_due_at: datetime | None = no_moment()
    escalate_to: str | None = None
    """Who is next on the escalation path; None: somebody answered, or nobody is left."""
    escalate_at: datetime | None = no_moment()
    """When they are to be asked."""

    started_at: datetime | None = no_moment()
    detected_at: datetime | None = no_moment()
    reported_at: datetime | None = no_moment()
    declared_at: datetime = moment()
    declared_by: str
    first_response_at: datetime | None = no_moment()
    contained_at: datetime | None = no_moment()
    recovered_at: datetime | None = no_moment()
    closed_at: datetime | None = no_moment()
    closed_by: str | None = None
    updated_at: datetime | None = no_moment()
    voided_at: datetime | None = no_moment()
    """Its creation was undone; the number stays taken."""
    merged_into_id: int | None = no_reference("incident")

    review: dict[str, Any] = document()
    """The post-incident review: section → text."""
    review_due_at: datetime | None = no_moment()
    reviewed_at: datetime | None = no_moment()
    reviewed_by: str | None = None
    root_cause: str = ""


class IncidentPhase(Edited, table=True):
    """An entry into a phase; every one is kept."""

    __tablename__ = "incident_phase"
    __table_args__ = (one_of("phase", PHASES),)

    incident_id: int = reference("incident", index=True)
    phase: str = word()
    entered_at: datetime = moment()
    entered_by: str
    reason: str = ""
    left_at: datetime | None = no_moment()


class IncidentRole(Edited, table=True):
    """Who has which role, since when."""

    __tablename__ = "incident_role"
    __table_args__ = (one_of("role", ROLES),)

    incident_id: int = reference("incident", index=True)
    role: str = word()
    login: str
    since: datetime = moment()
    until: datetime | None = no_moment()
    assigned_by: str


class Countermeasure(Edited, table=True):
    """Something done against the incident, with who and when of each step."""

    __tablename__ = "countermeasure"
    __table_args__ = (one_of("state", COUNTERMEASURE_STATES),)

    incident_id: int = reference("incident", index=True)
    title: str
    target: str
    state: str = word(default="proposed")
    rollback: str = ""
    expires_at: datetime | None = no_moment()
    proposed_at: datetime = moment()
    proposed_by: str
    approved_at: datetime | None = no_moment()
    approved_by: str | None = None
    activated_at: datetime | None = no_moment()
    activated_by: str | None = None
    verified_at: datetime | None = no_moment()
    verified_by: str | None = None
    removed_at: datetime | None = no_moment()
    removed_by: str | None = None


class Communication(Recorded, table=True):
    """What was told to whom."""

    __tablename__ = "communication"
    __table_args__ = (one_of("tlp", TLP),)

    incident_id: int = reference("incident", index=True)
    at: datetime = moment()
    by: str
    audience: str
    channel: str = ""
    body: str
    tlp: str | None = no_word()
    next_update_due_at: datetime | None = no_moment()


TIMELINE_KINDS = ("event", "alert", "note", "evidence", "decision", "action", "other")


class TimelineEntry(Edited, table=True):
    """Something that happened, in the order it happened."""

    __tablename__ = "timeline_entry"
    __table_args__ = (
        one_of("kind", TIMELINE_KINDS),
        Index("ix_timeline_entry_incident_id_at", "incident_id", "at"),
    )

    incident_id: int = reference("incident")
    at: datetime = moment()
    kind: str = word(default="other")
    text: str
    recorded_at: datetime = moment()
    recorded_by: str


class Outage(Edited, table=True):
    """A service was down."""

    __tablename__ = "outage"

    service_id: int = reference("service", index=True)
    incident_id: int | None = no_reference("incident", index=True)
    down_from: datetime = moment()
    up_at: datetime | None = no_moment()


class Handoff(Edited, table=True):
    """The record one shift leaves for the next."""

    __tablename__ = "handoff"
    __table_args__ = (
        one_of("state", HANDOFF_STATES),
        Index("ix_handoff_until", text("until DESC")),
        Index(  # what two shifts write to at once would be two records, one of which nobody reads
            "ix_handoff_draft",
            "state",
            unique=True,
            sqlite_where=text("state = 'draft'"),
            info={"where": "state = 'draft'"},
        ),
    )

    state: str = word(default="draft")
    shift: str = ""
    since: datetime = moment()
    until: datetime = moment()
    previous_id: int | None = no_reference("handoff")
    paragraph: str = ""
    """What you are walking into, in a person's words."""
    authors: list[str] = document(list)
    created_at: datetime = moment()
    created_by: str
    signed_at: datetime | None = no_moment()
    signed_by: str | None = None
    accepted_at: datetime | None = no_moment()
    accepted_by: str | None = None
    self_accepted: bool = False
    audit_seq: int | None = big(default=None, nullable=True)
    """The head of the audit chain at signing: what comes after it is the next handoff's."""
    audit_hash: str | None = None


class HandoffItem(Edited, table=True):
    """One line of a handoff, accepted or refused on its own."""

    __tablename__ = "handoff_item"
    __table_args__ = (
        one_of("state", ITEM_STATES),
        Index("ix_handoff_item_handoff_id", "handoff_id", "section", "position"),
    )

    handoff_id: int = reference("handoff")
    section: str
    position: int = 0
    ref: str = ""
    """What a person calls it, such as `SOC-2026-014`."""
    text: str = ""
    owner: str | None = None
    next_step: str = ""
    due_at: datetime | None = no_moment()
    details: dict[str, Any] = document()
    state: str = word(default="pending")
    decided_at: datetime | None = no_moment()
    decided_by: str | None = None
    reason: str | None = None
    lead: str | None = None
    """Who it went to when it was refused and the signer had gone."""


class HandoffAmendment(Recorded, table=True):
    """Something said after signing; it stays visible as such."""

    __tablename__ = "handoff_amendment"

    handoff_id: int = reference("handoff", index=True)
    at: datetime = moment()
    by: str
    text: str
