"""Why a rule matched: the items an event met, and where their values stand in the line."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import overload

from socconsole.core.detection import MatchedPart
from socconsole.core.event import Event
from socconsole.sigma.evaluate import answering, holds, item_holds
from socconsole.sigma.fields import texts_of, value_of
from socconsole.sigma.tree import AllOf, Item, Node, Not, wording

MAX_PARTS = 40
"""Parts told of one detection; a rule of a thousand values may meet hundreds."""

MAX_VALUE = 2048
"""Characters of a value that a part keeps."""

MAX_PLACES = 100
"""Places of a value in a line that are looked at; a hostile line may repeat it without end."""

_BEGINNING = 256

_NARROWED = 16_384
"""Characters of a value that are searched for the literal, and marked where it is not found."""

_LITERAL = frozenset({"equals", "contains", "startswith", "endswith"})


class Explanation(Sequence[MatchedPart]):
    """The items that made a rule hold for an event, looked for when they are asked for."""

    def __init__(self, tree: Node, event: Event) -> None:
        self._tree = tree
        self._event = event

    @cached_property
    def _parts(self) -> tuple[MatchedPart, ...]:
        return explain(self._tree, self._event)

    @overload
    def __getitem__(self, place: int) -> MatchedPart: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[MatchedPart]: ...

    def __getitem__(self, place: int | slice) -> MatchedPart | Sequence[MatchedPart]:
        return self._parts[place]

    def __len__(self) -> int:
        return len(self._parts)


def explain(tree: Node, event: Event) -> tuple[MatchedPart, ...]:
    """Return the items of `tree` that made it hold for `event`; nothing for what was denied."""
    found: list[Item] = []
    _collect(tree, event, found)
    return tuple(_part(item, event) for item in dict.fromkeys(found[:MAX_PARTS]))


@dataclass(frozen=True, slots=True)
class Answer:
    """What an event has to say to one item of a rule."""

    item: Item
    event: Event
    holds: bool
    is_denied: bool
    """The condition wants it not to hold."""

    @property
    def part(self) -> MatchedPart:
        """What was asked, and what the event has there."""
        return _part(self.item, self.event)

    @property
    def is_wanted(self) -> bool:
        """Whether it is as the condition wants it."""
        return self.holds is not self.is_denied


def tell_apart(tree: Node, event: Event) -> tuple[Answer, ...]:
    """Return what `event` answers to every item of `tree`, in the author's order."""
    return tuple(
        Answer(item, event, item_holds(item, event), is_denied)
        for item, is_denied in dict.fromkeys(_with_signs(tree, is_denied=False))
    )


def _with_signs(node: Node, *, is_denied: bool) -> Iterator[tuple[Item, bool]]:
    """Yield every item with whether it stands below an odd number of `not`."""
    if isinstance(node, Item):
        yield node, is_denied
    elif isinstance(node, Not):
        yield from _with_signs(node.part, is_denied=not is_denied)
    else:
        for part in node.parts:
            yield from _with_signs(part, is_denied=is_denied)


def _collect(node: Node, event: Event, found: list[Item]) -> None:
    if len(found) >= MAX_PARTS or isinstance(node, Not):
        return
    if isinstance(node, Item):
        found.append(node)
    elif isinstance(node, AllOf):
        for part in node.parts:
            _collect(part, event, found)
    else:
        for part in node.parts:
            if holds(part, event):
                _collect(part, event, found)


def _part(item: Item, event: Event) -> MatchedPart:
    value = _value(item, event)
    return MatchedPart(
        selection=item.selection,
        field=item.field,
        pattern=wording(item),
        value=value[:MAX_VALUE],
        spans=_spans(item, value, event.raw),
    )


def _value(item: Item, event: Event) -> str:
    """Return the text `item` looked at: of a list, the element that answers it."""
    if item.field is None:
        return item.text
    value = value_of(event, item.field)
    if isinstance(value, list | tuple) and not item.test.startswith("field_"):
        return answering(item, value)
    texts = texts_of(value)
    return texts[0] if texts else ""


def _spans(item: Item, value: str, raw: str) -> tuple[tuple[int, int], ...]:
    """Return where in `raw` the asked-for literal stands, else where the whole value does."""
    if not value:
        return ()
    for written in _spellings(value):
        start = _place(written, item.field, raw)
        if start < 0 and item.field is None:
            start = raw.lower().find(written.lower())
        if start >= 0:
            return (_narrowed(item, raw, start, start + len(written)),)
    return ()


@lru_cache(maxsize=8)
def _place(written: str, field: str | None, raw: str) -> int:
    """Return where `written` begins in `raw`, or -1.

    Behind the field's own name where the line writes it so; else as a word of its own, because a
    short value also stands inside others' names; else anywhere.
    """
    if field is not None:
        name = field.rpartition(".")[2]
        for before in (f'"{name}":"', f'"{name}": "', f'"{name}":', f'"{name}": ', f"{name}="):
            # Of a long text its beginning is looked for: preparing for the whole takes long.
            at = raw.find(before + written[:_BEGINNING])
            if at >= 0 and raw.startswith(written, at + len(before)):
                return at + len(before)
    at = -1
    for _ in range(MAX_PLACES):
        at = raw.find(written, at + 1)
        if at < 0:
            break
        around = raw[max(0, at - 1) : at] + raw[at + len(written) : at + len(written) + 1]
        if not any(sign.isalnum() or sign == "_" for sign in around):
            return at
    return raw.find(written)


@lru_cache(maxsize=8)
def _spellings(text: str) -> list[str]:
    """Return `text` as JSON may write it and as it is; the escaped spellings are longer."""
    written = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], text}
    return sorted(written, key=len, reverse=True)


def _narrowed(item: Item, raw: str, start: int, end: int) -> tuple[int, int]:
    if item.field is None or item.test not in _LITERAL or not item.text:
        return start, end
    end = min(end, start + _NARROWED)
    inside = _lower_part(raw, start, end)
    for written in _spellings(item.text):
        literal = written.lower()
        at = inside.rfind(literal) if item.test == "endswith" else inside.find(literal)
        if at >= 0 and len(inside) == end - start:
            return start + at, start + at + len(literal)
    return start, end


@lru_cache(maxsize=4)
def _lower_part(raw: str, start: int, end: int) -> str:
    """Return a part of a line in lower case: many items of a rule look at the same one."""
    return raw[start:end].lower()
