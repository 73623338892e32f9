"""The `correlation` section of a rule file, read and checked."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Literal, get_args

from msgspec import Struct

from socconsole.errors import RuleError
from socconsole.sigma.temporal import read_words

WindowType = Literal[
    "event_count",
    "value_count",
    "temporal",
    "temporal_ordered",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
    "sustained",
    "new_value",
    "spike",
    "flatline",
    "silent_source",
]
"""Sigma's types, then our own from `sustained` on."""

Comparison = Literal["lt", "lte", "gt", "gte", "eq", "neq"]

_TYPES: tuple[str, ...] = get_args(WindowType)
_COMPARISONS: tuple[str, ...] = get_args(Comparison)
_NEEDS_FIELD = frozenset(
    {"value_count", "value_sum", "value_avg", "value_percentile", "value_median", "sustained"}
    | {"new_value"}
)
_NEEDS_LIMIT = (_NEEDS_FIELD | {"event_count"}) - {"new_value"}
_KEYS = (
    "type",
    "rules",
    "group-by",
    "timespan",
    "condition",
    "aliases",
    "generate",
    "min-count",
    "learn",
    "false-alarms-per-week",
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_629_746, "y": 31_556_952}
_SPAN = re.compile(r"([1-9][0-9]{0,8})([smhdwMy])")


class WindowSpec(Struct, frozen=True, array_like=True):
    """What a window looks at, and when it fires."""

    type: WindowType
    rules: tuple[str, ...]
    """Ids or names of the rules whose events it counts."""
    span: float
    """Seconds between the first and the last event of a window, both counted."""
    group_by: tuple[str, ...] = ()
    limits: tuple[tuple[Comparison, float], ...] = ()
    """All of them hold when it fires."""
    fields: tuple[str, ...] = ()
    """The fields whose values are counted, summed or compared."""
    aliases: dict[str, dict[str, str]] = {}
    """Alias of a group field → rule → that rule's name for it."""
    generate: bool = False
    """Whether the rules it refers to raise detections of their own as well."""
    percentile: float = 50
    min_count: int = 1
    """Fewest samples of a sustained window; fewest events of a spike."""
    learn: float = 0
    """Seconds a new-value rule only learns after its first event."""
    false_alarms_per_week: float = 0.1
    """What a seasonal baseline may cost all its groups together."""
    words: str = ""
    """A condition such as `a and not b` on the rules of a temporal correlation; empty: none."""


def read_window(section: object, *, inline: bool = False) -> WindowSpec:
    """Return the checked `correlation` section; `inline` says the file has its own detection.

    Raises:
        RuleError: What is wrong, without the place.

    """
    if not isinstance(section, Mapping):
        raise RuleError("`correlation` is a mapping with type, rules and timespan.")
    for key in section:
        if key not in _KEYS:
            raise RuleError(f"Unknown key {key!r} in `correlation`.", hint=nearest(key, _KEYS))
    kind = section.get("type")
    if kind not in _TYPES:
        hint = nearest(str(kind), _TYPES)
        raise RuleError(f"{kind!r} is no type of correlation.", hint=hint)
    condition = section.get("condition")
    names = _texts(section.get("rules"), "rules")
    words = ""
    if isinstance(condition, str):
        words, names, condition = condition, _named(kind, condition, names), {"gte": 1}
    limits, fields, percentile = _condition(kind, condition)
    if not names and not inline:
        raise RuleError("`rules` names no rule.", hint="Give the names or ids of other rules.")
    spec = WindowSpec(
        type=kind,
        rules=names,
        span=seconds(section.get("timespan"), "timespan"),
        group_by=_texts(section.get("group-by"), "group-by"),
        limits=limits,
        fields=fields,
        aliases=_aliases(section.get("aliases"), names),
        generate=_boolean(section.get("generate", False)),
        percentile=percentile,
        min_count=int(_number(section.get("min-count", 1), "min-count")),
        learn=seconds(section.get("learn"), "learn") if "learn" in section else 0,
        false_alarms_per_week=_number(
            section.get("false-alarms-per-week", 0.1), "false-alarms-per-week"
        ),
        words=words,
    )
    if spec.min_count < 1 or spec.false_alarms_per_week <= 0:
        raise RuleError("`min-count` and `false-alarms-per-week` are greater than zero.")
    return spec


def nearest(word: str, known: Sequence[str]) -> str:
    """Return a hint that names the known word most like `word`, or all of them."""
    found = get_close_matches(word, known, 1)
    return f"Did you mean {found[0]}?" if found else f"Known are {', '.join(known)}."


def seconds(value: object, name: str) -> float:
    """Return the seconds of a span such as `5m`.

    Raises:
        RuleError: It is no span.

    """
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise RuleError(
            f"`{name}` is {value!r}, not a time span.",
            hint="Write a number above zero and one of s, m, h, d, w, M, y, such as 5m.",
        )
    return int(found[1]) * _SECONDS[found[2]]


def _named(kind: str, words: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the rules a condition in words is about: those listed, or those it names."""
    if kind != "temporal":
        raise RuleError(
            f"The condition {words!r} is not a mapping.",
            hint="Words such as `a and not b` are for the type temporal alone.",
        )
    read = read_words(words)
    said = read.names
    if read.holds(frozenset()):
        raise RuleError(
            f"The condition {words!r} holds when no rule has matched.",
            hint="Ask for at least one rule that must match, such as `a and not b`.",
        )
    if names and set(said) != set(names):
        odd = sorted(set(said) ^ set(names))[0]
        raise RuleError(
            f"The condition {words!r} and `rules` name different rules.",
            hint=f"{odd!r} stands in one of them only.",
        )
    return names or said


def _condition(
    kind: str, condition: object
) -> tuple[tuple[tuple[Comparison, float], ...], tuple[str, ...], float]:
    if condition is None:
        condition = {}
    if not isinstance(condition, Mapping):
        raise RuleError(f"The condition {condition!r} of a correlation is not a mapping.")
    limits: list[tuple[Comparison, float]] = []
    for key, value in condition.items():
        if key in _COMPARISONS:
            limits.append((key, _number(value, key)))
        elif key not in {"field", "percentile"}:
            hint = nearest(str(key), (*_COMPARISONS, "field", "percentile"))
            raise RuleError(f"Unknown key {key!r} in the condition.", hint=hint)
    fields = _texts(condition.get("field"), "field")
    if kind in _NEEDS_FIELD and not fields:
        raise RuleError(f"A {kind} condition needs `field`.")
    if kind in _NEEDS_LIMIT and not limits:
        raise RuleError(f"A {kind} condition needs a limit such as `gte: 5`.")
    percentile = _number(condition.get("percentile", 50), "percentile")
    if not 0 <= percentile <= 100:
        raise RuleError(f"`percentile` is {percentile:g}, not between 0 and 100.")
    return tuple(limits), fields, percentile


def _texts(value: object, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) and text for text in values):
        raise RuleError(f"`{name}` holds something that is not text.")
    return tuple(values)


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RuleError(f"`{name}` is {value!r}, not a number.")
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise RuleError(f"`generate` is {value!r}, not true or false.")
    return value


def _aliases(value: object, rules: Sequence[str]) -> dict[str, dict[str, str]]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise RuleError("`aliases` is a mapping from alias to rule to field.")
    for alias, fields in value.items():
        if not isinstance(fields, Mapping):
            raise RuleError(f"The alias {alias!r} is a mapping from rule to field.")
        for rule in fields:
            if rule not in rules:
                hint = nearest(str(rule), tuple(rules))
                raise RuleError(f"The alias {alias!r} names the rule {rule!r}.", hint=hint)
    return {str(a): {str(r): str(f) for r, f in fields.items()} for a, fields in value.items()}
