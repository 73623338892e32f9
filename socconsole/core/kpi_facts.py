"""What the figures of a period are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from socconsole.core.severity import Severity


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What the figures need to know of an alert."""

    id: int
    severity: Severity
    rule_id: str | None
    source: str
    created_at: datetime
    acknowledged_at: datetime | None
    closed_at: datetime | None
    disposition: str | None
    reason: str | None = None
    """The second word of a disposition, such as `test`."""
    closed_by_person: bool = True
    detections: int = 1
    grouped: bool = False
    """In a group of two or more."""
    category: str = ""


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What the figures need to know of a ticket."""

    ref: str
    priority: str
    opened_at: datetime
    started_at: datetime | None
    resolved_at: datetime | None
    respond_left: timedelta
    """Negative when the target was missed; pauses are left out already."""
    resolve_left: timedelta


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """What the figures need to know of an incident."""

    ref: str
    kind: str
    started_at: datetime | None
    detected_at: datetime | None
    first_response_at: datetime | None
    contained_at: datetime | None
    recovered_at: datetime | None
    closed_at: datetime | None
    confirmed: bool = True
    """False once it turned out to be declared in error or was merged."""


@dataclass(frozen=True, slots=True)
class OutageFacts:
    """When a service was down in a confirmed incident."""

    ref: str
    """The incident."""
    service: str
    down_from: datetime
    up_at: datetime | None = None
    objective: float | None = None
    """Percent of the time the service has to be up."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is open now, whenever it was raised, and what the period closed of it."""

    open: int = 0
    oldest: Sequence[int] = ()
    """Ids of those that have waited longest, the oldest first; not all where they are many."""
    oldest_at: datetime | None = None
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the figures of one period are made of."""

    since: datetime
    now: datetime
    alerts: Sequence[AlertFacts] = ()
    tickets: Sequence[TicketFacts] = ()
    incidents: Sequence[IncidentFacts] = ()
    outages: Sequence[OutageFacts] = ()
    backlog: Backlog = Backlog()
    events: int = 0
    acknowledge_within: Callable[[Severity], timedelta] | None = None
    analysts: int = 1
    """Analysts who acted in the period; the alarm load is shared among them."""
