"""What a rule found in an event, and what makes two findings the same trouble."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, entities, lookup
from socconsole.core.severity import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """What people need to know of a rule, however it is matched."""

    id: str
    """The Sigma UUID; for a rule without one, a stable digest of its text."""
    title: str
    severity: Severity
    status: str = "stable"
    author: str | None = None
    description: str = ""
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    false_positives: tuple[str, ...] = ()
    runbook: str | None = None
    """Id of the runbook page."""
    fields: tuple[str, ...] = ()
    """Fields the author says an analyst looks at first."""
    fingerprint_fields: tuple[str, ...] = ()
    """Fields whose values tell two troubles apart; empty: the event's entities do."""
    path: str = ""
    """`file:line` of the rule, or empty for a rule built in a test."""
    revision: str = ""
    """Digest of the rule's text: a closed alert's verdict is about this text."""


@dataclass(frozen=True, slots=True)
class MatchedPart:
    """One item of a rule's condition that an event met: the "why" of a detection."""

    selection: str
    """The rule's name for the group of items, such as `selection`."""
    field: str | None
    """None for a keyword, which looks at the whole line."""
    pattern: str
    """What the rule asked for, as its author wrote it."""
    value: str
    """What the event had."""
    spans: tuple[tuple[int, int], ...] = ()
    """Half-open character ranges of the value in `Event.raw`; empty when not found there."""


@dataclass(frozen=True, slots=True)
class Window:
    """The span of events that made a correlation fire."""

    type: str
    """Sigma's correlation type, or `sustained`, `new_value`, … for the shipped kinds."""
    group: Mapping[str, str]
    count: int
    """Events for event_count, distinct values for value_count."""
    first: datetime
    last: datetime
    at_close: bool = False
    """It fired when its time was over, for what had not come; else an event completed it."""


_COUNTED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "event_count": ("{} event", "{} events"),
        "value_count": ("{} value", "{} different values"),
        "temporal": ("{} match of its rules", "{} matches of its rules together,"),
        "temporal_ordered": (
            "{} match of its rules",
            "{} matches of its rules in their order,",
        ),
        "sustained": ("{} sample", "{} samples without a break"),
        "new_value": ("a value not seen before", "{} values not seen before"),
        "spike": ("{} event, far more than usual,", "{} events, far more than usual,"),
        "flatline": ("{} event, far fewer than usual,", "{} events, far fewer than usual,"),
    }
)
"""Type of window → what its count says, of one and of more."""


def counted(kind: str, count: int, secs: float) -> str:
    """Return what a window of the type `kind` saw and over which time, for people."""
    span = f"{max(1, secs):.0f} s" if secs < 120 else f"{secs / 60:.0f} min"
    if kind == "silent_source":
        return f"nothing heard for {span}"
    one, more = _COUNTED.get(kind, ("{} event", "{} events"))
    return f"{(one if count == 1 else more).format(f'{count:,}')} within {span}"


@dataclass(frozen=True, slots=True)
class Detection:
    """One rule matched one event, or one correlation window fired. Never edited."""

    rule: Rule
    time: datetime
    """Event time of what completed the match; aware, UTC."""
    event: Event
    """The event that matched, or the one that completed the window."""
    parts: Sequence[MatchedPart] = ()
    """Why; of a matched event made when somebody looks, since most detections are only counted."""
    window: Window | None = None
    evidence: tuple[Event, ...] = field(default=())
    """For a correlation: a bounded sample of the window's events, oldest first."""

    @property
    def category(self) -> EventCategory | None:
        """What kind of event raised it; None where it was raised for what had not come."""
        absent = self.window is not None and self.window.at_close
        return None if absent else self.event.category


_FALLBACK = ("host", "user", "source_ip")


def fingerprint(detection: Detection) -> str:
    """Return a SHA-256 in hex that is equal for detections of the same trouble.

    It covers the rule's id and, in this order of choice: the correlation's group, the fields the
    rule declares, or host, user and source address of the event.
    """
    if detection.window is not None and detection.window.group:
        parts = sorted(detection.window.group.items())
    elif detection.rule.fingerprint_fields:
        fields = detection.event.fields
        parts = [(name, str(lookup(fields, name))) for name in detection.rule.fingerprint_fields]
    else:
        found = entities(detection.event)
        parts = [(kind, found.get(kind, "")) for kind in _FALLBACK]
    digest = hashlib.sha256(detection.rule.id.encode())
    for name, value in parts:
        for text in (name, value):
            encoded = text.encode(errors="surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
