"""The meaning of a rule: walk its tree over one event. Plain and complete; masks only hurry it."""

import ipaddress
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from operator import eq, ge, gt, le, lt

from socconsole.core.event import Event
from socconsole.sigma.fields import has_field, haystack, text_of, texts_of, value_of
from socconsole.sigma.long_text import lowered
from socconsole.sigma.patterns import glob_searcher, longest_literal, sparing_searcher
from socconsole.sigma.tree import AllOf, Item, Node, Not, Test

_NUMBER_TESTS: Mapping[str, Callable[[float, float], bool]] = {
    "lt": lt,
    "lte": le,
    "gt": gt,
    "gte": ge,
    "neq": lambda a, b: a != b,
    "eq": eq,
}
_TIME_PARTS: Mapping[str, Callable[[datetime], int]] = {
    "minute": lambda time: time.minute,
    "hour": lambda time: time.hour,
    "day": lambda time: time.day,
    "week": lambda time: time.isocalendar().week,
    "month": lambda time: time.month,
    "year": lambda time: time.year,
}


def holds(node: Node, event: Event) -> bool:
    """Return whether `event` meets the condition `node`."""
    if isinstance(node, Item):
        return item_holds(node, event)
    if isinstance(node, Not):
        return not holds(node.part, event)
    if isinstance(node, AllOf):
        return all(holds(part, event) for part in node.parts)
    return any(holds(part, event) for part in node.parts)


def item_holds(item: Item, event: Event) -> bool:
    """Return whether `event` meets one item; for a list, whether any of its elements does."""
    if item.field is None:
        return text_test(_as_keyword(item))(haystack(event))
    if item.test == "exists":
        return has_field(event, item.field) == (item.text == "true")
    value = value_of(event, item.field)
    if item.test == "null":
        return value is None
    if item.test.startswith("field_"):
        others = texts_of(value_of(event, item.text))
        return any(
            text_test(Item("", item.field, _PLAIN[item.test], other))(text)
            for text in texts_of(value)
            for other in others
        )
    if isinstance(value, list | tuple):
        return any_element(item, _kept.of(value))
    return value is not None and text_test(item)(text_of(value))


class Elements:
    """The texts of a list, and all of them as one text, in which a literal is found at once."""

    __slots__ = ("is_told_apart", "joined", "low", "texts")

    def __init__(self, value: object) -> None:
        self.texts = texts_of(value)
        self.joined = "\0".join(("", *self.texts, "")) if self.texts else ""
        """Each text between NULs."""
        self.is_told_apart = self.joined.count("\0") == len(self.texts) + bool(self.texts)
        """Whether no text has a NUL of its own."""
        self.low = lowered(self.joined)


class _Kept:
    """The elements of the lists looked at last: many items ask about one list."""

    def __init__(self) -> None:
        self._latest: tuple[tuple[object, Elements], ...] = ()

    def of(self, value: object) -> Elements:
        for known, elements in self._latest:
            if known is value:
                return elements
        found = Elements(value)
        self._latest = ((value, found), *self._latest[:3])
        return found


_kept = _Kept()

_AROUND = {
    "equals": ("\0", "\0"),
    "contains": ("", ""),
    "startswith": ("\0", ""),
    "endswith": ("", "\0"),
}
"""What stands before and after a literal in the joined text of a list."""


_EDGES = ("^", "$", "\\A", "\\z", "\\B")
"""What may hold at the beginning or the end of a text and not of the same text in another."""


def any_element(item: Item, elements: Elements) -> bool:
    """Return whether some element of a list answers `item`, looking at all of them at once."""
    if item.test in _AROUND and elements.is_told_apart and "\0" not in item.text:
        before, after = _AROUND[item.test]
        literal = before + (item.text if item.cased else item.text.lower()) + after
        return bool(elements.texts) and literal in (elements.joined if item.cased else elements.low)
    if item.test == "glob" and longest_literal(item.text).lower() not in elements.low:
        return False
    test = text_test(item)
    if item.test == "regex" and not any(sign in item.text for sign in _EDGES):
        return test(elements.joined) and any(map(test, elements.texts))
    return any(map(test, elements.texts))


def answering(item: Item, value: object) -> str:
    """Return the first text of a list that answers `item`; where none does, the first of all."""
    elements = _kept.of(value)
    if not elements.texts:
        return ""
    if item.test in _AROUND and elements.is_told_apart and item.text and "\0" not in item.text:
        before, after = _AROUND[item.test]
        text, literal = elements.joined, item.text
        if not item.cased:
            text, literal = elements.low, literal.lower()
        at = text.find(before + literal + after)
        return elements.texts[text.count("\0", 0, at + len(before)) - 1 if at >= 0 else 0]
    test = text_test(item)
    return next((text for text in elements.texts if test(text)), elements.texts[0])


_PLAIN: Mapping[str, Test] = {
    "field_equals": "equals",
    "field_contains": "contains",
    "field_startswith": "startswith",
    "field_endswith": "endswith",
}


def _as_keyword(item: Item) -> Item:
    """Return `item` as a question about text that only has to occur somewhere."""
    if item.test in {"equals", "startswith", "endswith"}:
        return Item(item.selection, None, "contains", item.text, cased=item.cased)
    return item


def text_test(item: Item) -> Callable[[str], bool]:
    """Return the function that answers `item` for the text of a present value."""
    if item.test in _MAKERS:
        return _MAKERS[item.test](item)
    answer = item.test == "present"
    return lambda _text: answer


def _literal_test(item: Item) -> Callable[[str], bool]:
    test = _LITERAL_TESTS[item.test](item.text if item.cased else item.text.lower())
    return test if item.cased else lambda text: test(lowered(text))


_LITERAL_TESTS: Mapping[str, Callable[[str], Callable[[str], bool]]] = {
    "equals": lambda literal: lambda text: text == literal,
    "contains": lambda literal: lambda text: literal in text,
    "startswith": lambda literal: lambda text: text.startswith(literal),
    "endswith": lambda literal: lambda text: text.endswith(literal),
}


def _glob_test(item: Item) -> Callable[[str], bool]:
    glob = item.text if item.cased else item.text.lower()
    search = glob_searcher(glob, anchored=item.field is not None)
    return search if item.cased else lambda text: search(lowered(text))


def _network_test(item: Item) -> Callable[[str], bool]:
    inside = _network(item.text)

    def test(text: str) -> bool:
        address = _address(text)
        return address is not None and address.version == inside.version and address in inside

    return test


_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Return the network `text` spells; of IPv4 addresses written as IPv6 theirs."""
    network = ipaddress.ip_network(text)
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        first = network.network_address.ipv4_mapped
        return ipaddress.IPv4Network((int(first or 0), network.prefixlen - _MAPPED.prefixlen))
    return network


@lru_cache(maxsize=4096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def as_number(text: str) -> float | None:
    """Return the finite number `text` spells, None when it spells none."""
    if not text.isascii() or "_" in text:  # Python reads more as numbers than logs mean as such
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _number_test(item: Item) -> Callable[[str], bool]:
    compare = _NUMBER_TESTS[item.test]

    def test(text: str) -> bool:
        number = as_number(text)
        return number is not None and compare(number, item.number)

    return test


def _time_test(item: Item) -> Callable[[str], bool]:
    part = _TIME_PARTS[item.test]
    compare = _NUMBER_TESTS[item.text]

    def test(text: str) -> bool:
        time = time_of(text)
        return time is not None and compare(part(time), item.number)

    return test


def time_of(text: str) -> datetime | None:
    """Return the time a value spells, in UTC: ISO 8601, or seconds or milliseconds since 1970."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        seconds = as_number(text)
        if seconds is None or not 0 <= seconds < 253_402_300_800_000:
            return None
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


_MAKERS: Mapping[str, Callable[[Item], Callable[[str], bool]]] = {
    **dict.fromkeys(("equals", "contains", "startswith", "endswith"), _literal_test),
    **dict.fromkeys(("lt", "lte", "gt", "gte", "neq"), _number_test),
    **dict.fromkeys(_TIME_PARTS, _time_test),
    "glob": _glob_test,
    "regex": lambda item: sparing_searcher(item.text),
    "cidr": _network_test,
}
