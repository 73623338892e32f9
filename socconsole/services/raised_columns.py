"""What the rows of an alert and its evidence say: detections and events as columns."""

from datetime import datetime

from socconsole.core.detection import Detection, MatchedPart, counted
from socconsole.core.event import Event, entities
from socconsole.core.fold import Entities
from socconsole.core.ranking import Rank
from socconsole.core.severity import Severity
from socconsole.core.storable import name_text, storable, storable_text
from socconsole.store.raising import Values

SUMMARY_LENGTH = 240
_VALUE_LENGTH = 4_096
_UNNAMED_SOURCE = "unknown"


def source_name(event: Event) -> str:
    """Return the source of an event; what was not read from a line has none of ours."""
    return event.line.source if event.line else _UNNAMED_SOURCE


def storable_entities(event: Event) -> dict[str, str]:
    """Return whom and what an event names, as any database takes it."""
    return {kind: name_text(value) for kind, value in entities(event).items()}


def named_columns(found: Entities) -> Values:
    """Return the entity columns of the queue: the first value of each."""
    columns = {"host": "host", "user": "username", "source_ip": "source_ip"}
    columns["destination_ip"] = "destination_ip"
    named: Values = {}
    for kind, column in columns.items():
        value = found.get(kind)
        named[column] = value[0] if isinstance(value, list) else value
    return named


def ranked_columns(severity: Severity, placed: Rank) -> Values:
    """Return the columns of severity and rank."""
    return {"severity": severity, "rank": placed.score, "rank_terms": placed.document()}


def summary(detection: Detection) -> str:
    """Return what an alert says in one line: the log line, or what the window counted."""
    window = detection.window
    if window is None:
        return storable_text(detection.event.raw[:SUMMARY_LENGTH])
    secs = (window.last - window.first).total_seconds()
    group = " ".join(f"{name}={value}" for name, value in window.group.items())
    return storable_text(f"{counted(window.type, window.count, secs)} {group}".rstrip())


def evidence_columns(event: Event, source_id: int, time: datetime) -> Values:
    """Return an event as a line of evidence."""
    line = event.line
    facts: Values = {
        "source_id": source_id,
        "raw": line.data if line else event.raw.encode(errors="surrogatepass"),
        "format": event.format,
        "fields": storable(event.fields),
        "names": storable(event.names),
        "trigger": False,
        "event_time": time,
    }
    if line is not None:
        facts |= {
            "generation_id": line.generation or None,
            "path": storable_text(line.path),
            "offset": line.offset,
            "end": line.end,
            "line_number": line.number,
        }
    return facts


def explained_columns(detection: Detection) -> Values:
    """Return what the line that fired says beside itself: why."""
    return {
        "trigger": True,
        "parts": [_part(part) for part in detection.parts],
        "window": _window(detection),
    }


def _part(part: MatchedPart) -> object:
    return storable(
        {
            "selection": part.selection,
            "field": part.field,
            "pattern": part.pattern,
            "value": part.value[:_VALUE_LENGTH],
            "spans": part.spans,
        }
    )


def _window(detection: Detection) -> object:
    window = detection.window
    if window is None:
        return None
    return storable(
        {
            "type": window.type,
            "group": window.group,
            "count": window.count,
            "first": window.first.isoformat(),
            "last": window.last.isoformat(),
        }
    )
