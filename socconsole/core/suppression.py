"""Which detections a suppression or a maintenance window is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from socconsole.core.detection import Detection
from socconsole.core.event import entities
from socconsole.core.filter import FilterError, parse_filter
from socconsole.core.filter_match import EVENT_READING, Reading, Viewer, predicate
from socconsole.core.filter_tree import Filter
from socconsole.core.filter_words import ALERT_FIELDS, EVENT_FIELDS, Field, Kind, Vocabulary
from socconsole.core.severity import Severity

DETECTION_FIELDS = Vocabulary(
    "a detection",
    (
        Field(
            "severity",
            Kind.LEVEL,
            "Level of the rule",
            "severity<=low",
            choices=tuple(level.label for level in Severity),
            aliases=("sev", "level"),
        ),
        Field("rule", Kind.TEXT, "Title or id of the rule", "rule:ssh", aliases=("title",)),
        Field("tag", Kind.TEXT, "Tags and ATT&CK ids of the rule", "tag:t1110"),
        *(field for field in ALERT_FIELDS.fields if field.name == "category"),
        *(field for field in EVENT_FIELDS.fields if field.name != "category"),
    ),
    is_open=True,
)


def _detection_field(detection: Detection, name: str) -> object:
    match name:
        case "severity":
            return detection.rule.severity
        case "rule":
            return [detection.rule.title, detection.rule.id]
        case "tag":
            return list(detection.rule.tags)
        case "category":
            return detection.category
    return EVENT_READING.field(detection.event, name)


DETECTION_READING: Reading[Detection] = Reading(
    _detection_field,
    lambda detection: (detection.event.raw, detection.rule.title),
    lambda detection: (detection.rule.title, *detection.event.raw.split()),
)


@dataclass(frozen=True, slots=True)
class Quieting:
    """A suppression or maintenance window as it is applied; all it names must hold."""

    id: int
    kind: str
    """`suppression` keeps an alert from being raised, `maintenance` marks it."""
    starts_at: datetime
    until: datetime
    rule_id: str | None = None
    entities: Mapping[str, str] = field(default_factory=dict)
    """Entity → value, compared without case."""
    filter: str = ""
    highest: Severity | None = None
    """Anything worse than this breaks through; None: nothing does."""
    title: str = ""

    def covers(self, detection: Detection, now: datetime) -> bool:
        """Return whether the detection is within its time, its terms and its severity."""
        if not self.starts_at <= now < self.until:
            return False
        if self.highest is not None and detection.rule.severity > self.highest:
            return False
        if self.rule_id is not None and detection.rule.id != self.rule_id:
            return False
        if self.entities:
            found = entities(detection.event)
            for kind, value in self.entities.items():
                if found.get(kind, "").lower() != value.lower():
                    return False
        return not self.filter or self._passes(detection, now)

    def _passes(self, detection: Detection, now: datetime) -> bool:
        wanted = _read(self.filter)
        if wanted is None:  # what nobody can read hides nothing
            return False
        return predicate(wanted, DETECTION_READING, Viewer("", now))(detection)


@lru_cache(maxsize=256)
def _read(text: str) -> Filter | None:
    try:
        return parse_filter(text, DETECTION_FIELDS)
    except FilterError:
        return None
