"""Filters applied to things in memory: events of the live tail and of hunts, rows on screen."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt
from typing import Any, Generic, TypeVar

from socconsole.core.event import ENTITY_NAMES, Event
from socconsole.core.filter_tree import (
    Comparison,
    Contains,
    Either,
    Every,
    Filter,
    Fuzzy,
    Glob,
    Node,
    Not,
    Special,
    Value,
)
from socconsole.core.filter_words import Kind

_INDEXED = frozenset({"host", "user", "source_ip"})
"""Entities that the event store can find blocks by."""

Thing = TypeVar("Thing")
Test = Callable[[Thing], bool]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who applies a filter, and when."""

    login: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Reading(Generic[Thing]):
    """How a filter reads one kind of thing."""

    field: Callable[[Thing, str], object]
    """The value of a field, by its name in the vocabulary; a list means any of its values."""
    texts: Callable[[Thing], Iterable[str]]
    """What free text is looked for in."""
    names: Callable[[Thing], Iterable[str]]
    """What `~letters` are looked for in, each on its own."""


def predicate(filter_: Filter, reading: Reading[Thing], viewer: Viewer) -> Test[Thing]:
    """Return a function that tells whether a thing passes."""
    return _test(filter_.root, reading, viewer)


def event_predicate(filter_: Filter, viewer: Viewer) -> Test[Event]:
    """Return a function that tells whether an event passes."""
    return predicate(filter_, EVENT_READING, viewer)


def needed_entities(filter_: Filter) -> list[str]:
    """Return values of entities that every event has to have that passes the filter."""
    return _needed(filter_.root)


def _needed(node: Node) -> list[str]:
    if isinstance(node, Every):
        return [word for inner in node.nodes for word in _needed(inner)]
    if isinstance(node, Comparison) and node.field.name in _INDEXED and node.op in {":", "="}:
        values = node.values
        if len(values) == 1 and isinstance(values[0], str):
            return [values[0]]
    return []


def _event_field(event: Event, name: str) -> object:
    match name:
        case "source":
            return event.line.source if event.line else None
        case "raw" | "format" | "category":
            return getattr(event, name)
        case "time" | "age":
            return event.time
    ecs_name = ENTITY_NAMES.get(name)
    found = None if ecs_name is None else event.named(ecs_name)
    return event.get(name) if found is None else found


EVENT_READING: Reading[Event] = Reading(
    _event_field, lambda event: (event.raw,), lambda event: event.raw.split()
)


def _test(node: Node, reading: Reading[Thing], viewer: Viewer) -> Test[Thing]:
    if isinstance(node, Every):
        every = [_test(inner, reading, viewer) for inner in node.nodes]
        return lambda thing: all(test(thing) for test in every)
    if isinstance(node, Either):
        either = [_test(inner, reading, viewer) for inner in node.nodes]
        return lambda thing: any(test(thing) for test in either)
    if isinstance(node, Not):
        inner_test = _test(node.node, reading, viewer)
        return lambda thing: not inner_test(thing)
    if isinstance(node, Comparison):
        return _compared(node, reading, viewer)
    texts, names, wanted = reading.texts, reading.names, node.text.lower()
    if isinstance(node, Contains):
        return lambda thing: any(wanted in text.lower() for text in texts(thing))
    assert isinstance(node, Fuzzy)
    return lambda thing: any(is_subsequence(wanted, name.lower()) for name in names(thing))


def _compared(node: Comparison, reading: Reading[Thing], viewer: Viewer) -> Test[Thing]:
    read, name = reading.field, node.field.name
    tests = [_value_test(node, value, viewer) for value in node.values]

    def holds(thing: Thing) -> bool:
        found = read(thing, name)
        if isinstance(found, list | tuple):
            return any(test(one) for test in tests for one in found or (None,))
        return any(test(found) for test in tests)

    return holds


_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    ":": eq,
    "=": eq,
}
_TURNED: Mapping[str, Callable[[Any, Any], Any]] = {"<": gt, "<=": ge, ">": lt, ">=": le}


def _value_test(node: Comparison, value: Value, viewer: Viewer) -> Callable[[object], bool]:
    if isinstance(value, Special):
        return _special_test(value, viewer)
    match node.field.kind:
        case Kind.AGE | Kind.TIME:
            return _moment_test(node, value, viewer)
        case Kind.LEVEL | Kind.NUMBER:
            compare = _ORDER[node.op]
            return lambda found: found is not None and bool(compare(found, value))
    if node.op in _TURNED:
        return _number_test(node.op, str(value))
    return _text_test(node, value)


def _special_test(value: Special, viewer: Viewer) -> Callable[[object], bool]:
    if value.word == "me":
        login = viewer.login.lower()
        return lambda found: str(found).lower() == login
    wants_none = value.word == "none"
    return lambda found: (found in (None, "")) == wants_none


def _moment_test(node: Comparison, value: Value, viewer: Viewer) -> Callable[[object], bool]:
    compare = _ORDER[node.op]
    if isinstance(value, timedelta):
        moment = viewer.now - value
        if node.field.kind is Kind.AGE:
            compare = _TURNED[node.op]
    else:
        assert isinstance(value, datetime)
        moment = value
    return lambda found: isinstance(found, datetime) and bool(compare(found, moment))


def _number_test(op: str, wanted: str) -> Callable[[object], bool]:
    compare = _ORDER[op]
    try:
        limit = float(wanted)
    except ValueError:
        return lambda found: isinstance(found, str) and bool(compare(found, wanted))

    def holds(found: object) -> bool:
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            return False
        try:
            return bool(compare(float(found), limit))
        except (ValueError, OverflowError):
            return False

    return holds


def _text_test(node: Comparison, value: Value) -> Callable[[object], bool]:
    inside = node.field.kind is Kind.TEXT and node.op == ":"
    if isinstance(value, Glob):
        pattern = value.pattern.lower()
        if inside:
            pattern = f"*{pattern}*"
        return lambda found: found is not None and globs(pattern, str(found).lower())
    wanted = str(value).lower()
    if node.op == "~":
        return lambda found: found is not None and is_subsequence(wanted, str(found).lower())
    if inside:
        return lambda found: found is not None and wanted in str(found).lower()
    return lambda found: found is not None and str(found).lower() == wanted


def is_subsequence(letters: str, text: str) -> bool:
    """Return whether `letters` occur in `text` in this order, with anything between."""
    position = -1
    for letter in letters:
        position = text.find(letter, position + 1)
        if position < 0:
            return False
    return True


def globs(pattern: str, text: str) -> bool:
    """Return whether `pattern` with `*` and `?` covers the whole of `text`, in bounded time."""
    at = start = 0
    star = -1
    while at < len(text):
        here = pattern[start : start + 1]
        if here == "*":
            star, resume = start, at
            start += 1
        elif here and here in ("?", text[at]):
            at, start = at + 1, start + 1
        elif star >= 0:
            resume += 1
            at, start = resume, star + 1
        else:
            return False
    return pattern[start:].strip("*") == ""
