"""Conditions as functions: closures over their literals, no generated text."""

from collections.abc import Callable, Iterable
from functools import cache as cached
from functools import partial

from socconsole.core.event import Event
from socconsole.sigma.evaluate import Elements, any_element, item_holds, text_test
from socconsole.sigma.fields import haystack, text_of, value_of
from socconsole.sigma.long_text import LongText, lowered
from socconsole.sigma.needles import Needles
from socconsole.sigma.tree import AllOf, AnyOf, Item, Node, Not, only_field, when_absent

TextCheck = Callable[[str, str], bool]
"""Verdict on a present value: its text, and the same in lower case."""


class View:
    """One event as its checks see it: every text made once."""

    __slots__ = ("_elements", "_haystack", "_texts", "event")

    def __init__(self, event: Event) -> None:
        self.event = event
        self._texts: dict[str, tuple[str, str] | None] = {}
        self._haystack: tuple[str, str] | None = None
        self._elements: dict[str, Elements] = {}

    def texts(self, field: str) -> tuple[str, str] | None:
        """Return a scalar's text, and in lower case; None when the field is absent.

        Raises:
            TypeError: The value is a list, which has no one text.

        """
        if field in self._texts:
            return self._texts[field]
        value = value_of(self.event, field)
        if isinstance(value, list | tuple):
            raise TypeError(field)
        text = None if value is None else text_of(value)
        found = self._texts[field] = None if text is None else (text, lowered(text))
        return found

    def elements(self, field: str) -> Elements:
        """Return the texts of a list."""
        found = self._elements.get(field)
        if found is None:
            found = self._elements[field] = Elements(value_of(self.event, field))
        return found

    def haystack(self) -> tuple[str, str]:
        """Return the text keywords are searched in, and the same in lower case."""
        if self._haystack is None:
            text = haystack(self.event)
            self._haystack = (text, lowered(text))
        return self._haystack


EventCheck = Callable[[View], bool]

_MANY = 24
"""Needles from which one search for all of them is built."""


def event_check(node: Node) -> EventCheck:
    """Return the function that evaluates `node` for a whole event."""
    field = only_field(node)
    if field is not None:
        return _one_field(field, node)
    if isinstance(node, Not):
        inner = event_check(node.part)
        return lambda view: not inner(view)
    if isinstance(node, Item):
        return _item_check(node)
    return _joined(_grouped_checks(node.parts, type(node)), until=isinstance(node, AnyOf))


def _joined(parts: tuple[EventCheck, ...], *, until: bool) -> EventCheck:
    """Return the function that asks one part after the other until one answers `until`."""

    def check(view: View) -> bool:
        for part in parts:  # a generator costs as much again as what it asks
            if part(view) is until:
                return until
        return not until

    return check


def _grouped_checks(
    parts: tuple[Node, ...], kind: type[AllOf] | type[AnyOf]
) -> tuple[EventCheck, ...]:
    """Return the checks of `parts`; those about one field are joined and answered by one."""
    joined: dict[str, list[Node]] = {}
    rest: list[Node] = []
    for part in parts:
        field = only_field(part)
        if field is None:
            rest.append(part)
        else:
            joined.setdefault(field, []).append(part)
    return (
        *(
            _one_field(field, group[0] if len(group) == 1 else kind(tuple(group)))
            for field, group in joined.items()
        ),
        *map(event_check, rest),
    )


def _one_field(field: str, node: Node) -> EventCheck:
    present = text_check(node)
    absent = when_absent(node)

    def check(view: View) -> bool:
        try:
            texts = view.texts(field)
        except TypeError:
            return _walked(node, view)
        return absent if texts is None else present(*texts)

    return check


def _walked(node: Node, view: View) -> bool:
    """Evaluate item by item: of a list, each item may be answered by another element."""
    if isinstance(node, Item):
        if node.field is None or node.test in {"exists", "null"}:
            return item_holds(node, view.event)
        return any_element(node, view.elements(node.field))
    if isinstance(node, Not):
        return not _walked(node.part, view)
    verdicts = (_walked(part, view) for part in node.parts)
    return all(verdicts) if isinstance(node, AllOf) else any(verdicts)


def _item_check(item: Item) -> EventCheck:
    if item.field is None and item.test in {"equals", "contains", "startswith", "endswith"}:
        if item.cased:
            return lambda view: item.text in view.haystack()[0]
        literal = item.text.lower()
        return lambda view: literal in view.haystack()[1]
    if item.field is None:
        test = text_test(item)
        return lambda view: test(view.haystack()[0])
    return lambda view: item_holds(item, view.event)


def text_check(node: Node) -> TextCheck:
    """Return the function that evaluates a one-field condition for a present value."""
    if isinstance(node, Item):
        return _item_text_check(node)
    if isinstance(node, Not):
        inner = text_check(node.part)
        return lambda text, low: not inner(text, low)
    if isinstance(node, AllOf):
        return _text_joined(tuple(text_check(part) for part in node.parts), until=False)
    return _any_text_check(node)


def _text_joined(parts: tuple[TextCheck, ...], *, until: bool) -> TextCheck:
    def check(text: str, low: str) -> bool:
        for part in parts:
            if part(text, low) is until:
                return until
        return not until

    return check


def _item_text_check(item: Item) -> TextCheck:
    if item.cased or item.test not in _LITERAL_CHECKS:
        test = text_test(item)
        return lambda text, _low: test(text)
    return _LITERAL_CHECKS[item.test](item.text.lower())


_LITERAL_CHECKS: dict[str, Callable[[str], TextCheck]] = {
    "equals": lambda literal: lambda _text, low: low == literal,
    "contains": lambda literal: lambda _text, low: literal in low,
    "startswith": lambda literal: lambda _text, low: low.startswith(literal),
    "endswith": lambda literal: lambda _text, low: low.endswith(literal),
}


def _any_text_check(node: AnyOf) -> TextCheck:
    """Return the check of a disjunction, its literals of one kind asked in one go."""
    literals: dict[str, list[str]] = {}
    rest: list[Node] = []
    for part in node.parts:
        if isinstance(part, Item) and not part.cased and part.test in _TOGETHER:
            literals.setdefault(part.test, []).append(part.text.lower())
        else:
            rest.append(part)
    checks = [_TOGETHER[test](texts) for test, texts in literals.items()]
    checks += [text_check(part) for part in rest]
    return checks[0] if len(checks) == 1 else _text_joined(tuple(checks), until=True)


def _any_equal(texts: Iterable[str]) -> TextCheck:
    known = frozenset(texts)
    return lambda _text, low: low in known


def _any_inside(texts: Iterable[str]) -> TextCheck:
    needles = tuple(texts)
    if len(needles) > _MANY:
        return _any_of_many(needles)

    def check(_text: str, low: str) -> bool:
        for needle in needles:  # noqa: SIM110 - a generator costs twice as much here
            if needle in low:
                return True
        return False

    return check


def _any_of_many(texts: tuple[str, ...]) -> TextCheck:
    """Return the check of so many needles that one by one they would take too long."""
    search = cached(partial(Needles, texts))

    def check(_text: str, low: str) -> bool:
        if type(low) is LongText:  # of most of them it is known
            return any(text in low for text in texts)
        return bool(search().found(low))

    return check


def _any_start(texts: Iterable[str]) -> TextCheck:
    starts = tuple(texts)
    return lambda _text, low: low.startswith(starts)


def _any_end(texts: Iterable[str]) -> TextCheck:
    ends = tuple(texts)
    return lambda _text, low: low.endswith(ends)


_TOGETHER: dict[str, Callable[[Iterable[str]], TextCheck]] = {
    "equals": _any_equal,
    "contains": _any_inside,
    "startswith": _any_start,
    "endswith": _any_end,
}
