"""What a handoff is computed from, and the parts it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from socconsole.core.expected import NoiseFacts, VolumeFacts
from socconsole.core.severity import Severity


class Section(StrEnum):
    """The parts of a handoff, in the order they are read."""

    READ_FIRST = "read_first"
    INCIDENTS = "incidents"
    TICKETS = "tickets"
    QUEUE = "queue"
    WAITING = "waiting"
    SUPPRESSIONS = "suppressions"
    EXPECTED_NOISE = "expected_noise"
    MAINTENANCE = "maintenance"
    WATCH_LIST = "watch_list"
    INTELLIGENCE = "intelligence"
    SOURCES = "sources"
    ESCALATIONS = "escalations"
    CLOSURES = "closures"
    TUNING = "tuning"


TITLES: Mapping[Section, str] = {
    Section.READ_FIRST: "What you are walking into",
    Section.INCIDENTS: "Active incidents",
    Section.TICKETS: "Open tickets",
    Section.QUEUE: "Queue",
    Section.WAITING: "Waiting on others",
    Section.SUPPRESSIONS: "Suppressions and shelves that cross the shift",
    Section.EXPECTED_NOISE: "Expected noise",
    Section.MAINTENANCE: "Coming maintenance windows",
    Section.WATCH_LIST: "Watch list",
    Section.INTELLIGENCE: "Intelligence",
    Section.SOURCES: "Source health and gaps",
    Section.ESCALATIONS: "Escalations",
    Section.CLOSURES: "Closures worth knowing",
    Section.TUNING: "Tuning requests",
}

WRITTEN: tuple[Section, ...] = (
    Section.EXPECTED_NOISE,
    Section.WATCH_LIST,
    Section.INTELLIGENCE,
    Section.TUNING,
)
"""Sections that people add lines to; the rest is computed, and some of these in part."""


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """An incident that is not closed."""

    ref: str
    title: str
    severity: int
    """1..5, 1 the worst."""
    phase: str
    phase_since: datetime
    commander: str | None
    last_action: str
    last_action_at: datetime | None
    next_step: str
    next_step_due_at: datetime | None
    blockers: str = ""
    next_update_due_at: datetime | None = None
    active_countermeasures: int = 0
    hypothesis: str = ""
    unchecked: str = ""
    owed: tuple[tuple[str, datetime], ...] = ()
    """(what, by when): who is to be told or asked, what is to be taken back."""


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """A ticket that is not resolved."""

    ref: str
    title: str
    priority: str
    status: str
    assignee: str | None
    hypothesis: str
    ruled_out: tuple[str, ...]
    unchecked: str
    next_step: str
    next_step_due_at: datetime | None
    sla_left: timedelta | None
    """None while the clock stands still."""
    waits_on: str = ""
    chase_at: datetime | None = None
    waiting_since: datetime | None = None
    incident: str | None = None


@dataclass(frozen=True, slots=True)
class UntriagedFacts:
    """Alerts of one severity that nobody has looked at."""

    severity: Severity
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class StartedFacts:
    """An alert somebody acknowledged and did not finish."""

    id: int
    title: str
    assignee: str | None
    thought: str = ""
    """The last finding or note on it."""


@dataclass(frozen=True, slots=True)
class HiddenFacts:
    """A suppression or a shelved alert."""

    ref: str
    text: str
    reason: str
    author: str
    until: datetime
    hits: int = 0
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class MaintenanceFacts:
    """Planned work."""

    ref: str
    text: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """The state of one log source."""

    name: str
    state: str
    """`ok`, or in a word what is wrong with it."""
    last_event_at: datetime | None
    lag_bytes: int = 0
    unparsed: int = 0
    gaps: tuple[str, ...] = ()
    error: str = ""
    silent_for: timedelta | None = None
    """How long it says nothing, where that is longer than it may."""
    max_silence: timedelta | None = None


@dataclass(frozen=True, slots=True)
class EscalationFacts:
    """Somebody we asked."""

    ref: str
    case: str
    """What it was about: `SOC-2026-014`, `INC-2026-003`, `alert:12`."""
    whom: str
    channel: str
    at: datetime
    about: str
    answered: bool
    next_contact_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClosureFacts:
    """Something closed since the last handoff."""

    ref: str
    title: str
    disposition: str
    by: str
    rule: str = ""
    is_ticket: bool = False
    reopened: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A line a person wrote into a section; `ref` keeps it the same across handoffs."""

    section: Section
    ref: str
    text: str
    author: str
    owner: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShiftFacts:
    """Everything a handoff is computed from."""

    since: datetime
    now: datetime
    shift_end: datetime
    incidents: Sequence[IncidentFacts] = ()
    tickets: Sequence[TicketFacts] = ()
    untriaged: Sequence[UntriagedFacts] = ()
    started: Sequence[StartedFacts] = ()
    hidden: Sequence[HiddenFacts] = ()
    maintenance: Sequence[MaintenanceFacts] = ()
    sources: Sequence[SourceFacts] = ()
    escalations: Sequence[EscalationFacts] = ()
    closures: Sequence[ClosureFacts] = ()
    written: Sequence[Written] = ()
    volumes: Sequence[VolumeFacts] = ()
    noise: Sequence[NoiseFacts] = ()
    confirmed: Sequence[tuple[str, str]] = ()
    """(value, incident) of each indicator confirmed since the last handoff."""
    read_first: str = ""
