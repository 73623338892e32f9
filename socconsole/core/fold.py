"""What becomes of a detection: a new alert, one more on an old one, or an old one that is worse."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from socconsole.core.detection import Detection
from socconsole.core.policy import FoldPolicy
from socconsole.core.severity import Severity

LONGEST = timedelta(hours=24)
"""An alert nobody looked at takes no detections further apart than this."""

ENTITY_VALUES = 20
"""Values kept per kind of entity; more of them are no news."""

_LOOKED_AT = ("acknowledged", "shelved", "escalated")
_TEN_TIMES = 10

Entities = dict[str, str | list[str]]
"""Kind → its value, or its values where several were seen."""


class Fate(StrEnum):
    """What a detection does to the alerts."""

    RAISE = "raise"
    """A new alert, which links to the one before it."""
    FOLD = "fold"
    """Counted on the alert."""
    WORSEN = "worsen"
    """Counted on an alert somebody had dealt with, which goes back to the top."""
    REOPEN = "reopen"
    """A closed true positive fires again."""
    QUIET = "quiet"
    """Counted on a closed alert that stays closed."""


@dataclass(slots=True)
class Trouble:
    """The newest alert of one fingerprint, as far as folding has to know it."""

    status: str
    severity: Severity
    """The worst its rule has said."""
    first_seen: datetime
    last_seen: datetime
    disposition: str | None = None
    count: int = 0
    since_looked: int = 0
    """Detections counted since somebody dealt with it."""
    quiet_until: datetime | None = None
    entities: Entities = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    only_failures: bool = False
    """Its evidence shows failures and no success."""

    def add(self, detection: Detection, found: Mapping[str, str]) -> None:
        """Count the detection in; `found` are its entities."""
        self.count += 1
        self.since_looked += 1
        self.first_seen = min(self.first_seen, detection.time)
        self.last_seen = max(self.last_seen, detection.time)
        self.severity = max(self.severity, detection.rule.severity)
        merge_entities(self.entities, found)
        news = tuple(tag for tag in detection.rule.tags if tag not in self.tags)
        if news:
            self.tags += news


def judge(
    trouble: Trouble | None,
    detection: Detection,
    found: Mapping[str, str],
    *,
    now: datetime,
    policy: FoldPolicy,
) -> tuple[Fate, str]:
    """Return what becomes of a detection, and for an alert that is worse in which way.

    Args:
        trouble: The newest alert of its fingerprint; None when there is none.
        detection: What was found.
        found: Its entities.
        now: The time of the batch.
        policy: The windows.

    """
    if trouble is None:
        return Fate.RAISE, ""
    if trouble.status == "new":
        return (Fate.FOLD if _is_close(trouble, detection, policy) else Fate.RAISE), ""
    if trouble.status in _LOOKED_AT:
        reason = worse(trouble, detection, found)
        return (Fate.WORSEN if reason else Fate.FOLD), reason
    if trouble.disposition == "true_positive":
        return Fate.REOPEN, "fired again after a true positive"
    if trouble.quiet_until is None or now >= trouble.quiet_until:
        return Fate.RAISE, ""
    reason = worse(trouble, detection, found)
    return (Fate.RAISE if reason else Fate.QUIET), reason


def _is_close(trouble: Trouble, detection: Detection, policy: FoldPolicy) -> bool:
    window = timedelta(minutes=policy.window_minutes)
    near = trouble.first_seen - window <= detection.time <= trouble.last_seen + window
    return near and detection.time - trouble.first_seen <= LONGEST


def worse(trouble: Trouble, detection: Detection, found: Mapping[str, str]) -> str:
    """Return in which way the detection is worse than what somebody dealt with; "" if it is not."""
    if detection.rule.severity > trouble.severity:
        return f"severity rose to {detection.rule.severity.label}"
    for kind, value in found.items():
        if detection.window is not None and kind != "host":
            continue  # a window holds many users and addresses by its nature
        known = trouble.entities.get(kind)
        if known is not None and not _knows(known, value):
            return f"new {kind.replace('_', ' ')}: {value}"
    for tag in detection.rule.tags:
        if tag.startswith("attack.") and tag not in trouble.tags:
            return f"new tactic: {tag.removeprefix('attack.')}"
    looked_at = trouble.count - trouble.since_looked
    if looked_at > 0 and trouble.count + 1 >= _TEN_TIMES * looked_at:
        return f"{trouble.count + 1} times, ten times as often as before"
    if trouble.only_failures and detection.event.named("event.outcome") == "success":
        return "success after failures"
    return ""


def _knows(known: str | list[str], value: str) -> bool:
    values = [known] if isinstance(known, str) else known
    return value in values or len(values) >= ENTITY_VALUES


def merge_entities(known: Entities, found: Mapping[str, str]) -> bool:
    """Add what `found` has beyond `known`; return whether there was anything."""
    changed = False
    for kind, value in found.items():
        before = known.get(kind)
        if before is None:
            known[kind] = value
        elif _knows(before, value):
            continue
        else:
            known[kind] = [*([before] if isinstance(before, str) else before), value]
        changed = True
    return changed
