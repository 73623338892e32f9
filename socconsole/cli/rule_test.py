"""What a rule says to each event of a file, item by item."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from socconsole.cli.output import print_json, print_text
from socconsole.cli.replay import parse_logsource, read_events
from socconsole.core.event import Event, ReadContext

if TYPE_CHECKING:
    from socconsole.core.detection import Detection
    from socconsole.sigma.definition import Definition
    from socconsole.sigma.rules import RuleSet

_SHOWN = 20
"""Near misses that are told; a rule of one common field nearly matches everything."""


def run_test(
    ruleset: "RuleSet", file: str, format_name: str, logsource: str | None, *, as_json: bool
) -> int:
    """Print what fired and what nearly did; return 1 when nothing fired."""
    from socconsole.sigma.match import Matcher

    matcher = Matcher(ruleset)
    now = datetime.now(UTC)
    context = ReadContext("test", now, now)
    events = 0
    fired: list[Detection] = []
    near: list[dict[str, object]] = []
    for batch in read_events(file, format_name, context, parse_logsource(logsource)):
        events += len(batch)
        for event in batch:
            detections = matcher.match(event)
            fired += detections
            if not detections and len(near) < _SHOWN:
                near += _near(ruleset, event)
    fired += matcher.finish()
    document = {"events": events, "fired": [_fired(d) for d in fired], "near": near[:_SHOWN]}
    if as_json:
        print_json(document)
    else:
        _print(events, fired, near[:_SHOWN])
    return 0 if fired else 1


def _fired(detection: "Detection") -> dict[str, object]:
    line = detection.event.line
    return {
        "rule": detection.rule.title,
        "line": line.number if line else 0,
        "time": detection.event.time,
        "window": asdict(detection.window) if detection.window else None,
        "matched": [asdict(part) for part in detection.parts],
    }


def _near(ruleset: "RuleSet", event: Event) -> list[dict[str, object]]:
    """Return the rules of the event's log source of which something held, and what did not."""
    from socconsole.sigma.explain import tell_apart
    from socconsole.sigma.routing import looks_at

    found = []
    for definition in ruleset.definitions:
        if definition.tree is None:
            continue
        told = tell_apart(definition.tree, event)
        routed = looks_at(definition, event.logsources)
        if any(held for _, held in told):
            found.append(
                {
                    "rule": definition.rule.title,
                    "line": event.line.number if event.line else 0,
                    "logsource": routed or _wanted(definition, event),
                    "matched": [_item(part.field, part.pattern) for part, ok in told if ok],
                    "missed": [_item(part.field, part.pattern) for part, ok in told if not ok],
                }
            )
    return found


def _wanted(definition: "Definition", event: Event) -> str:
    wanted = (definition.product, definition.category, definition.service)
    has = [(s.product, s.category, s.service) for s in event.logsources]
    return f"the rule is for {_triple(wanted)}, the event is {'; '.join(map(_triple, has))}"


def _triple(parts: tuple[str | None, str | None, str | None]) -> str:
    return "/".join(part or "*" for part in parts)


def _item(field: str | None, pattern: str) -> str:
    return f"{field or 'keyword'} {pattern}"


def _print(events: int, fired: "list[Detection]", near: list[dict[str, object]]) -> None:
    for detection in fired:
        line = detection.event.line
        print_text([f"fired: line {line.number if line else 0}: {detection.rule.title}"])
        for part in detection.parts:
            print_text([f"  + {_item(part.field, part.pattern)}  ({part.value})"])
        if detection.window:
            window = detection.window
            print_text([f"  + {window.type}: {window.count} from {window.first} to {window.last}"])
    for miss in near:
        print_text([f"not fired: line {miss['line']}: {miss['rule']}"])
        if miss["logsource"] is not True:
            print_text([f"  - {miss['logsource']}"])
        print_text(f"  + {text}" for text in _words(miss["matched"]))
        print_text(f"  - {text}" for text in _words(miss["missed"]))
    print_text([f"{events} events, {len(fired)} detections"])


def _words(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
