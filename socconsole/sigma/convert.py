"""pySigma's rule → our tree. pySigma reads and checks; what a rule means is decided here."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import inf

from sigma.conditions import (
    ConditionAND,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionSelector,
    SigmaCondition,
)
from sigma.exceptions import SigmaConditionError
from sigma.modifiers import (
    SigmaEndswithModifier,
    SigmaRegularExpressionModifier,
    SigmaStartswithModifier,
)
from sigma.rule import SigmaDetection, SigmaDetections
from sigma.rule.detection import SigmaDetectionItem
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)

from socconsole.errors import RuleError
from socconsole.sigma.bounds import MAX_ITEMS, Path
from socconsole.sigma.fields import text_of
from socconsole.sigma.nearest import nearest
from socconsole.sigma.patterns import ANY_ONE, ANY_RUN, compiled, quote
from socconsole.sigma.tree import AllOf, AnyOf, Item, Node, Not, Test, all_of, any_of

MAX_PLACEHOLDER_VALUES = 200
"""Values one `expand` may become."""

Part = str | SpecialChars | Placeholder
Placeholders = Mapping[str, Sequence[str]]

_COMPARE: Mapping[CompareOperators, Test] = {
    CompareOperators.LT: "lt",
    CompareOperators.LTE: "lte",
    CompareOperators.GT: "gt",
    CompareOperators.GTE: "gte",
    CompareOperators.NEQ: "neq",
}

_RANGES: Mapping[Test, tuple[float, float]] = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day": (1, 31),
    "week": (1, 53),
    "month": (1, 12),
    "year": (1, 9999),
}
"""What a part of a time may be."""

_IDLE_BESIDE_RE = {SigmaStartswithModifier: "^", SigmaEndswithModifier: "$"}
"""Modifiers that change nothing about a regular expression → how a pattern says the same."""

_PARTS: Mapping[str, Test] = {
    "MINUTE": "minute",
    "HOUR": "hour",
    "DAY": "day",
    "WEEK": "week",
    "MONTH": "month",
    "YEAR": "year",
}


class Converter:
    """Turns one rule's detections into a tree, and keeps what its author should be told."""

    def __init__(self, detections: SigmaDetections, placeholders: Placeholders) -> None:
        self._detections = detections
        self._placeholders = placeholders
        self._count = 0
        self._used: set[str] = set()
        self.warnings: list[tuple[Path, str]] = []
        """Where in the section, and what its author should look at."""

    def tree(self) -> Node:
        """Return the rule's condition; several conditions are alternatives.

        Raises:
            RuleError: A placeholder has no values, a pattern is refused, or it grows too large.

        """
        conditions = self._detections.condition
        tree = any_of(tuple(self._condition(text) for text in conditions))
        self.warnings += [
            ((name,), f"The condition leaves {name!r} out.")
            for name in self._detections.detections
            if name not in self._used
        ]
        return tree

    def _condition(self, text: object) -> Node:
        if not isinstance(text, str):
            raise RuleError(f"The condition {text!r} is not text.", at=("condition",))
        try:
            parsed = SigmaCondition(text, self._detections).parse(postprocess=False)
        except SigmaConditionError as error:
            raise _unreadable(text, str(error)) from None
        return self._node(parsed)

    def _node(self, parsed: object) -> Node:
        if isinstance(parsed, ConditionIdentifier):
            return self._named(parsed.identifier)
        if isinstance(parsed, ConditionSelector):
            found = parsed.resolve_referenced_detections(self._detections)
            if not found:
                what = f"`of {parsed.pattern}` names no selection of this rule."
                known = ", ".join(self._detections.detections)
                raise RuleError(what, hint=f"Known are {known}.", at=("condition",))
            parts = tuple(self._named(identifier.identifier) for identifier in found)
            return all_of(parts) if parsed.cond_class is ConditionAND else any_of(parts)
        if isinstance(parsed, ConditionNOT):
            return Not(self._node(parsed.args[0]))
        if isinstance(parsed, ConditionAND | ConditionOR):
            parts = tuple(self._node(argument) for argument in parsed.args)
            return AllOf(parts) if isinstance(parsed, ConditionAND) else AnyOf(parts)
        raise RuleError(f"The condition has a part nobody can read: {parsed!r}.")

    def _named(self, name: str) -> Node:
        detection = self._detections.detections.get(name)
        if detection is None:
            what = f"The condition names {name!r}, which the rule does not define."
            hint = nearest(name, tuple(self._detections.detections))
            raise RuleError(what, hint=hint, at=("condition",))
        self._used.add(name)
        return self._detection(name, detection)

    def _detection(self, name: str, detection: SigmaDetection) -> Node:
        parts = tuple(
            self._detection(name, item)
            if isinstance(item, SigmaDetection)
            else self._detection_item(name, item)
            for item in detection.detection_items
        )
        return all_of(parts) if detection.item_linking is ConditionAND else any_of(parts)

    def _detection_item(self, name: str, item: SigmaDetectionItem) -> Node:
        if not item.value:
            if item.field is None:
                raise RuleError(f"The keyword list of {name!r} is empty.", at=(name,))
            what = "An empty list asks for a field without a value."
            self.warnings.append(((name, item.field), what))
            return Item(name, item.field, "null")
        if len(item.value) > 1 and any(isinstance(value, SigmaNull) for value in item.value):
            what = "Sigma has no null among other values; here it means: or the field is absent."
            self.warnings.append(((name, item.field or 0), what))
        for modifier, sign in _IDLE_BESIDE_RE.items():
            if modifier in item.modifiers and SigmaRegularExpressionModifier in item.modifiers:
                what = f"`re` looks anywhere in the value, whatever follows it: {sign} says where."
                self.warnings.append(((name, item.field or 0), what))
        parts = tuple(self._value(name, item.field, value) for value in item.value)
        node = all_of(parts) if item.value_linking is ConditionAND else any_of(parts)
        return Not(node) if item.negated else node

    def _value(self, name: str, field: str | None, value: SigmaType) -> Node:
        if isinstance(value, SigmaExpansion):
            return any_of(tuple(self._value(name, field, inner) for inner in value.values))
        items = tuple(_items(name, field, value, self._placeholders))
        self._warn_of_times(items)
        self._count += len(items)
        if self._count > MAX_ITEMS:
            raise RuleError(f"The rule has more than {MAX_ITEMS:,} values.", hint="Split it.")
        return any_of(items)

    def _warn_of_times(self, items: Iterable[Item]) -> None:
        for item in items:
            low, high = _RANGES.get(item.test, (-inf, inf))
            if item.text == "eq" and not (low <= item.number <= high and item.number % 1 == 0):
                what = f"No time has the {item.test} {item.number:g}."
                self.warnings.append(((item.selection, item.field or 0), what))


def _unreadable(text: str, complaint: str) -> RuleError:
    """Return why pySigma cannot read a condition, in an author's words."""
    column = re.search(r"col:(\d+)", complaint)
    rest = text[int(column[1]) - 1 if column else 0 :].split()
    word = rest[0] if rest else ""
    what = f"The condition {text!r} cannot be read at {word!r}."
    hint = "It is made of names of selections, and, or, not, brackets, `1 of x*` and `all of x*`."
    if "|" in text:
        what = f"The condition {text!r} counts with `|`, as rules did before Sigma 2."
        hint = "Write a correlation beside the rule: `socconsole help rules` shows how."
    elif not text.strip():
        what = "The condition is empty."
    elif word.lower() in {"and", "or", "not"} and word != word.lower():
        hint = f"Write {word.lower()} in small letters."
    elif word == "of" or re.match(r"\d+\s+of\b", text):
        hint = "Only `1 of`, `any of` and `all of` are known."
    return RuleError(what, hint=hint, at=("condition",))


def _items(
    name: str, field: str | None, value: SigmaType, placeholders: Placeholders
) -> Iterator[Item]:
    if isinstance(value, SigmaString):
        cased = isinstance(value, SigmaCasedString)
        for parts in _expanded(value.s, placeholders):
            yield _text_item(name, field, parts, cased=cased)
    elif isinstance(value, SigmaRegularExpression):
        flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
        for parts in _expanded(value.regexp.s, placeholders, escape=True):
            yield _regex_item(name, field, _plain(parts, "*", "?"), flags)
    else:
        yield _typed_item(name, field, value)


def _typed_item(name: str, field: str | None, value: SigmaType) -> Item:
    if field is None and not isinstance(value, SigmaNumber | SigmaBool):
        is_empty = isinstance(value, SigmaNull)
        what = "asks for nothing" if is_empty else "asks for something that needs a field"
        raise RuleError(f"The selection {name!r} {what}.", at=(name,))
    plain: Test = "contains" if field is None else "equals"
    match value:
        case SigmaTimestampPart():
            item = Item(name, field, _part(value), "eq", float(value.number))
        case SigmaNumber():
            item = Item(name, field, plain, text_of(value.number))
        case SigmaBool():
            item = Item(name, field, plain, text_of(value.boolean))
        case SigmaCompareExpression():
            item = _compare_item(name, field, value)
        case SigmaFieldReference():
            item = Item(name, field, _reference_test(value), value.field)
        case SigmaCIDRExpression():
            item = Item(name, field, "cidr", str(value.network))
        case SigmaNull():
            item = Item(name, field, "null")
        case SigmaExists():
            item = Item(name, field, "exists", text_of(value.exists))
        case _:
            raise RuleError(f"Values of the kind {type(value).__name__} are not supported.")
    return item


def _part(value: SigmaTimestampPart) -> Test:
    return _PARTS[value.timestamp_part.name]


def _compare_item(name: str, field: str | None, value: SigmaCompareExpression) -> Item:
    test, number = _COMPARE[value.op], value.number
    if isinstance(number, SigmaTimestampPart):
        return Item(name, field, _part(number), test, float(number.number))
    return Item(name, field, test, "", float(number.number))


def _reference_test(value: SigmaFieldReference) -> Test:
    if value.starts_with and value.ends_with:
        return "field_contains"
    if value.starts_with:
        return "field_startswith"
    return "field_endswith" if value.ends_with else "field_equals"


def _text_item(name: str, field: str | None, parts: Sequence[Part], *, cased: bool) -> Item:
    run = SpecialChars.WILDCARD_MULTI
    if field is None:  # a keyword occurs anywhere: outer wildcards say nothing
        parts = _without_outer(parts, run)
    literals = [part for part in parts if isinstance(part, str)]
    wild = [part for part in parts if not isinstance(part, str)]
    if not wild:
        test: Test = "equals" if field is not None else "contains"
        return Item(name, field, test, "".join(literals), cased=cased)
    if all(part is run for part in parts):
        return Item(name, field, "present")
    if SpecialChars.WILDCARD_SINGLE not in wild and len(literals) == 1:
        shape = (parts[0] is run, parts[-1] is run)
        edge: Test = "contains" if all(shape) else "endswith" if shape[0] else "startswith"
        return Item(name, field, edge, literals[0], cased=cased)
    if any(mark in literal for mark in (ANY_RUN, ANY_ONE) for literal in literals):
        raise RuleError(f"A value in {name!r} has a character of the private-use area.")
    return Item(name, field, "glob", _plain(parts, ANY_RUN, ANY_ONE), cased=cased)


def _without_outer(parts: Sequence[Part], run: SpecialChars) -> Sequence[Part]:
    start = 1 if parts and parts[0] is run else 0
    end = len(parts) - 1 if len(parts) > start and parts[-1] is run else len(parts)
    return parts[start:end] or parts[:1]


def _plain(parts: Iterable[Part], many: str, one: str) -> str:
    return "".join(
        part if isinstance(part, str) else many if part is SpecialChars.WILDCARD_MULTI else one
        for part in parts
    )


def _regex_item(name: str, field: str | None, pattern: str, flags: str) -> Item:
    text = f"(?{flags}){pattern}" if flags else pattern
    compiled(text)
    return Item(name, field, "regex", text, cased=True)


def _joined(parts: Iterable[Part]) -> list[Part]:
    """Return `parts` with neighbouring texts as one."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def _expanded(
    parts: Sequence[Part], placeholders: Placeholders, *, escape: bool = False
) -> Iterator[Sequence[Part]]:
    """Yield `parts` with every combination of their placeholders' values.

    Raises:
        RuleError: A placeholder has no list, or the lists multiply to too many.

    """
    names = [part.name for part in parts if isinstance(part, Placeholder)]
    if not names:
        yield parts
        return
    lists = []
    total = 1
    for name in names:
        if name not in placeholders:
            raise RuleError(
                f"The placeholder '%{name}%' has no values.",
                hint=f"Add `{name} = [...]` under [rules.placeholders], or disable the rule.",
            )
        lists.append(placeholders[name])
        total *= len(placeholders[name])
    if total > MAX_PLACEHOLDER_VALUES:
        raise RuleError(f"Its placeholders expand to {total} values.", hint="200 are the limit.")
    for choice in product(*lists):
        values = iter(choice)
        written: list[Part] = []
        for part in parts:
            if not isinstance(part, Placeholder):
                written.append(part)
            elif escape:
                written.append(quote(next(values)))
            else:  # pySigma's meaning: a value may have wildcards, as in the rule itself
                written += SigmaString(str(next(values))).s
        yield _joined(written)
