"""A rule's condition as a tree of plain values: what evaluator, masks and cache all work on."""

from typing import Literal

from msgspec import Struct

Test = Literal[
    "equals",
    "contains",
    "startswith",
    "endswith",
    "glob",
    "regex",
    "cidr",
    "present",
    "null",
    "exists",
    "lt",
    "lte",
    "gt",
    "gte",
    "neq",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
    "field_equals",
    "field_contains",
    "field_startswith",
    "field_endswith",
]
"""What an item asks of a field's value."""


class Item(Struct, frozen=True, tag="i", array_like=True, gc=False):
    """One question about one field, or about the whole event."""

    selection: str
    """The rule's name for the group the item stands in."""
    field: str | None
    """None for a keyword."""
    test: Test
    text: str = ""
    """A literal, pattern, network or field name, in the author's case; for a part of a time the
    comparison (`eq`, `lt`, …); for `exists` the word `true` or `false`."""
    number: float = 0
    """What numbers and parts of times are compared with."""
    cased: bool = False
    """Whether upper and lower case differ."""


class AllOf(Struct, frozen=True, tag="a", array_like=True, gc=False):
    """Every part holds."""

    parts: "tuple[Node, ...]"


class AnyOf(Struct, frozen=True, tag="o", array_like=True, gc=False):
    """At least one part holds."""

    parts: "tuple[Node, ...]"


class Not(Struct, frozen=True, tag="n", array_like=True, gc=False):
    """The part does not hold."""

    part: "Node"


Node = Item | AllOf | AnyOf | Not


def all_of(parts: "tuple[Node, ...]") -> "Node":
    """Return the conjunction of `parts`, or the only one itself."""
    return parts[0] if len(parts) == 1 else AllOf(parts)


def any_of(parts: "tuple[Node, ...]") -> "Node":
    """Return the disjunction of `parts`, or the only one itself."""
    return parts[0] if len(parts) == 1 else AnyOf(parts)


def items_of(node: "Node") -> list[Item]:
    """Return every item below `node`, in the order the author wrote them."""
    found: list[Item] = []
    waiting: list[Node] = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, Item):
            found.append(current)
        elif isinstance(current, Not):
            waiting.append(current.part)
        else:
            waiting.extend(reversed(current.parts))
    return found


def only_field(node: "Node") -> str | None:
    """Return the field whose text alone decides `node`; None when there is more to look at."""
    if isinstance(node, Item):
        return None if node.test == "exists" or node.test.startswith("field_") else node.field
    field, is_first = None, True
    waiting: list[Node] = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, Item):
            if is_first:
                field, is_first = current.field, False
            elif current.field != field:
                return None
            if current.test == "exists" or current.test.startswith("field_"):
                return None
        elif isinstance(current, Not):
            waiting.append(current.part)
        else:
            waiting.extend(current.parts)
    return field


def when_absent(node: "Node") -> bool:
    """Return the verdict of a one-field condition on an event without the field."""
    if isinstance(node, Item):
        return node.test == "null"
    if isinstance(node, Not):
        return not when_absent(node.part)
    verdicts = map(when_absent, node.parts)
    return all(verdicts) if isinstance(node, AllOf) else any(verdicts)


_WORDS = {"cidr": "in network", "regex": "matches", "glob": "like", "present": "has a value"}


def wording(item: Item) -> str:
    """Return what `item` asks, in words: `contains mimikatz`, `gte 95`, `hour lt 6`."""
    if item.test in {"lt", "lte", "gt", "gte", "neq"}:
        return f"{item.test} {item.number:.15g}"
    if item.test in {"minute", "hour", "day", "week", "month", "year"}:
        return f"{item.test} {item.text} {item.number:g}"
    word = _WORDS.get(item.test, item.test.replace("field_", "field "))
    return f"{word} {item.text}".rstrip()
