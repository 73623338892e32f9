"""What the figures of a period are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Spread:
    """How many seconds something took, over all it was measured of."""

    n: int = 0
    mean: float | None = None
    median: float | None = None
    p90: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What alerts of one rule turned out to be."""

    rule_id: str | None
    disposition: str
    is_test: bool = False
    """Its second word is `test`: nobody learns from it whether the rule is right."""


@dataclass(frozen=True, slots=True)
class AlertTally:
    """What the figures need to know of the alerts of a period: counts, never the alerts."""

    number: int = 0
    detections: int = 0
    grouped: int = 0
    """Those in a group of two or more."""
    acknowledged: Spread = Spread()
    """From created_at to acknowledged_at."""
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    """In the order of the oldest alert of each."""
    due: int = 0
    """Acknowledged, or open beyond the target of their severity."""
    in_time: int = 0
    """Of those, acknowledged within the target."""
    stretches: Sequence[int] = ()
    """How many were new in each ten minutes that had any, from the beginning of the period."""
    analysts: int = 1
    """Who acknowledged any, at least one; the alarm load is shared among them."""


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
    alerts: AlertTally = AlertTally()
    tickets: Sequence[TicketFacts] = ()
    incidents: Sequence[IncidentFacts] = ()
    outages: Sequence[OutageFacts] = ()
    backlog: Backlog = Backlog()
    events: int = 0
