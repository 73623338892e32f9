"""What a rule says to each event of a file, item by item."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from socconsole.cli.output import print_json, print_text
from socconsole.cli.replay import parse_logsource, read_events
from socconsole.core.event import Event, ReadContext
from socconsole.core.plain import rfc3339

if TYPE_CHECKING:
    from socconsole.core.detection import Detection
    from socconsole.sigma.definition import Definition
    from socconsole.sigma.explain import Answer
    from socconsole.sigma.rules import RuleSet

_SHOWN = 20
"""Near misses that are told; a rule of one common field nearly matches everything."""

_MISSED = 20
"""Items told that an event did not meet; a rule may ask for a thousand values."""


@dataclass(slots=True)
class _Trial:
    """What is told of a run."""

    events: int = 0
    fired: list[dict[str, object]] = field(default_factory=list)
    counted: list[dict[str, object]] = field(default_factory=list)
    """What fired for correlations alone."""
    near: list[dict[str, object]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """What correlations left out, and why."""


class Reading(NamedTuple):
    """What is read, and how."""

    file: str
    format: str
    logsource: str | None
    """What the events are, where the parser does not tell."""


def run_test(ruleset: "RuleSet", reading: Reading, *, lateness_secs: float, as_json: bool) -> int:
    """Print what fired, what was counted and what nearly fired; return 1 when nothing fired."""
    from socconsole.sigma.match import Matcher

    loud = replace(ruleset, quiet=frozenset())  # what is only counted is told as well
    matcher = Matcher(loud, lateness_secs=lateness_secs)
    now = datetime.now(UTC)
    context = ReadContext(now)
    trial = _Trial()
    given = parse_logsource(reading.logsource)
    for batch in read_events(reading.file, reading.format, context, given):
        trial.events += len(batch)
        for event in batch:
            _try(ruleset, event, matcher.match(event), trial)
    for detection in matcher.finish():
        _tell(ruleset, detection, (), trial)
    titles = {rule.id: rule.title for rule in ruleset.rules}
    trial.lost = [f"{titles[rule_id]}: {lost}" for rule_id, lost in matcher.losses().items()]
    if as_json:
        print_json(asdict(trial))
    else:
        print_text(_lines(trial))
    return 0 if trial.fired else 1


def _try(ruleset: "RuleSet", event: Event, detections: "list[Detection]", trial: _Trial) -> None:
    """Tell what the rules made of one event."""
    from socconsole.sigma.explain import tell_apart

    spoken = {detection.rule.id for detection in detections}
    missed: dict[str, list[str]] = {}
    for definition in ruleset.definitions:
        if definition.tree is None:
            continue
        if definition.rule.id in spoken:
            told = tell_apart(definition.tree, event)
            missed[definition.rule.id] = _items(one for one in told if not one.is_wanted)
        elif definition.window is not None or len(trial.near) < _SHOWN:
            _compare(definition, event, trial)
    for detection in detections:
        _tell(ruleset, detection, missed.get(detection.rule.id, ()), trial)


def _compare(definition: "Definition", event: Event, trial: _Trial) -> None:
    """Tell how near an event came to a rule that did not speak."""
    from socconsole.sigma.evaluate import holds
    from socconsole.sigma.explain import tell_apart
    from socconsole.sigma.routing import looks_at

    assert definition.tree is not None
    told = tell_apart(definition.tree, event)
    if not any(one.holds and not one.is_denied for one in told):
        return
    routed = looks_at(definition, event.logsources)
    facts: dict[str, object] = {
        "rule": definition.rule.title,
        "line": event.line.number if event.line else 0,
        "matched": _items(one for one in told if one.is_wanted),
        "missed": _items(one for one in told if not one.is_wanted),
    }
    if routed and holds(definition.tree, event):
        trial.counted.append(facts)
    elif len(trial.near) < _SHOWN:
        trial.near.append(facts | {"logsource": routed or _wanted(definition, event)})


def _tell(ruleset: "RuleSet", detection: "Detection", missed: Iterable[str], trial: _Trial) -> None:
    line = detection.event.line
    is_quiet = detection.rule.id in ruleset.quiet
    (trial.counted if is_quiet else trial.fired).append(
        {
            "rule": detection.rule.title,
            "line": line.number if line else 0,
            "time": detection.event.time,
            "window": asdict(detection.window) if detection.window else None,
            "matched": [asdict(part) for part in detection.parts],
            "missed": list(missed),
        }
    )


def _wanted(definition: "Definition", event: Event) -> str:
    wanted = (definition.product, definition.category, definition.service)
    has = [(s.product, s.category, s.service) for s in event.logsources]
    return f"the rule is for {_triple(wanted)}, the event is {'; '.join(map(_triple, has))}"


def _triple(parts: tuple[str | None, str | None, str | None]) -> str:
    return "/".join(part or "*" for part in parts)


def _items(answers: "Iterable[Answer]") -> list[str]:
    """Return in words what was asked, with what has to be absent marked by a `not`."""
    return [f"{'not ' if one.is_denied else ''}{_question(asdict(one.part))}" for one in answers]


def _question(part: dict[str, object]) -> str:
    return f"{part['selection']}: {part['field'] or 'keyword'} {part['pattern']}"


def _lines(trial: _Trial) -> Iterator[str]:
    told = [
        *(("fired", one) for one in trial.fired),
        *(("counted", one) for one in trial.counted),
        *(("not fired", one) for one in trial.near),
    ]
    for what, one in sorted(told, key=lambda pair: int(str(pair[1]["line"]))):
        yield f"{what}: line {one['line']}: {one['rule']}"
        if isinstance(wanted := one.get("logsource"), str):
            yield f"  - {wanted}"
        yield from (f"  + {_asked(part)}" for part in _listed(one["matched"]))
        yield from _crossed_out(one["missed"])
        if isinstance(window := one.get("window"), dict):
            yield f"  + {_window(window)}"
    yield from (f"left out: {text}" for text in trial.lost)
    yield f"{trial.events} events, {len(trial.fired)} detections"


def _asked(part: "str | dict[str, object]") -> str:
    """Return what a rule asked for and, where that is known, what the event had."""
    if isinstance(part, str):
        return part
    return f"{_question(part)}  ({part['value']})"


def _crossed_out(value: object) -> Iterator[str]:
    texts = _listed(value)
    yield from (f"  - {text}" for text in texts[:_MISSED])
    if len(texts) > _MISSED:
        yield f"  - and {len(texts) - _MISSED} more"


def _window(window: dict[str, object]) -> str:
    group = window["group"]
    named = " ".join(f"{k}={v}" for k, v in group.items()) if isinstance(group, dict) else ""
    first, last = window["first"], window["last"]
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    span = f"from {rfc3339(first)} to {rfc3339(last)}"
    return " ".join(filter(None, (f"{window['type']}: {window['count']}", named, span)))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
