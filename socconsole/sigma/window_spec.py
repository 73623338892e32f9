"""The `correlation` section of a rule file, read and checked."""

import re
from collections.abc import Iterator, Mapping, Sequence
from math import inf, isfinite
from typing import Literal, get_args

from msgspec import Struct

from socconsole.errors import RuleError
from socconsole.sigma.nearest import nearest
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


Remark = tuple[tuple[str | int, ...], str]
"""Keys below `correlation`, and what the author should look at."""


def read_window(section: object, *, inline: bool = False) -> tuple[WindowSpec, list[Remark]]:
    """Return the checked `correlation` section, and what its author should look at.

    `inline` says that the file has its own detection.

    Raises:
        RuleError: What is wrong; `at` leads to it from the top of the document.

    """
    try:
        spec = _spec(section, inline=inline)
    except RuleError as error:
        raise RuleError(error.what, hint=error.hint, at=("correlation", *error.at)) from None
    assert isinstance(section, Mapping)
    return spec, [*_unread(spec, section), *_unread_condition(spec, section.get("condition"))]


def _spec(section: object, *, inline: bool) -> WindowSpec:
    if not isinstance(section, Mapping):
        raise RuleError("`correlation` is a mapping with type, rules and timespan.")
    for key in section:
        if key not in _KEYS:
            what = f"Unknown key {key!r} in `correlation`."
            raise RuleError(what, hint=nearest(str(key), _KEYS), at=(str(key),))
    kind = section.get("type")
    if kind not in _TYPES:
        what = "A correlation needs a `type`." if kind is None else f"{kind!r} is no type."
        raise RuleError(what, hint=nearest(str(kind), _TYPES), at=("type",))
    condition = section.get("condition")
    names = _texts(section.get("rules"), "rules")
    words = ""
    if isinstance(condition, str):
        words, names, condition = condition, _named(kind, condition, names), {"gte": 1}
    limits, fields, percentile = _condition(kind, condition)
    if not names and not inline:
        raise RuleError("`rules` names no rule.", hint="Give the names or ids of other rules.")
    return WindowSpec(
        type=kind,
        rules=names,
        span=seconds(section.get("timespan"), "timespan"),
        group_by=_texts(section.get("group-by"), "group-by"),
        limits=limits,
        fields=fields,
        aliases=_aliases(section.get("aliases"), names),
        generate=_boolean(section.get("generate", False)),
        percentile=percentile,
        min_count=int(_above_zero(section.get("min-count", 1), "min-count")),
        learn=seconds(section.get("learn"), "learn") if "learn" in section else 0,
        false_alarms_per_week=_above_zero(
            section.get("false-alarms-per-week", 0.1), "false-alarms-per-week"
        ),
        words=words,
    )


_READS: Mapping[str, frozenset[str]] = {
    "min-count": frozenset({"sustained", "spike"}),
    "learn": frozenset({"new_value"}),
    "false-alarms-per-week": frozenset({"spike", "flatline"}),
}
"""Key → the types that heed it."""
_READS_LIMITS = frozenset(_TYPES) - {"new_value", "silent_source"}


def _unread(spec: WindowSpec, section: Mapping[str, object]) -> Iterator[Remark]:
    """Yield what the section says and its type does not look at."""
    for key, types in _READS.items():
        if key in section and spec.type not in types:
            yield (key,), f"`{key}` means nothing to {spec.type}."
    for alias in spec.aliases:
        if alias not in spec.group_by:
            yield ("aliases", alias), f"The alias {alias!r} is not in `group-by`."


def _unread_condition(spec: WindowSpec, condition: object) -> Iterator[Remark]:
    """Yield what the condition says and the section's type does not look at."""
    if not isinstance(condition, Mapping):
        return
    idle = {
        "field": spec.type not in _NEEDS_FIELD,
        "percentile": spec.type != "value_percentile",
        **dict.fromkeys(_COMPARISONS, spec.type not in _READS_LIMITS),
    }
    for key in condition:
        if idle.get(key):
            yield ("condition", key), f"`{key}` means nothing to {spec.type}."


def seconds(value: object, name: str) -> float:
    """Return the seconds of a span such as `5m`.

    Raises:
        RuleError: It is no span.

    """
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if value is None:
        raise RuleError(f"A correlation needs a `{name}`.", hint="Such as 5m.")
    if found is None:
        raise RuleError(
            f"`{name}` is {value!r}, not a time span.",
            hint="Write a number above zero and one of s, m, h, d, w, M, y, such as 5m.",
            at=(name,),
        )
    return int(found[1]) * _SECONDS[found[2]]


def _named(kind: str, words: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the rules a condition in words is about: those listed, or those it names."""
    if kind != "temporal":
        raise RuleError(
            f"The condition {words!r} is not a mapping.",
            hint="Words such as `a and not b` are for the type temporal alone.",
            at=("condition",),
        )
    try:
        read = read_words(words)
    except RuleError as error:
        raise RuleError(error.what, hint=error.hint, at=("condition",)) from None
    said = read.names
    if read.holds(frozenset()):
        raise RuleError(
            f"The condition {words!r} holds when no rule has matched.",
            hint="Ask for at least one rule that must match, such as `a and not b`.",
            at=("condition",),
        )
    if names and set(said) != set(names):
        odd = sorted(set(said) ^ set(names))[0]
        raise RuleError(
            f"The condition {words!r} and `rules` name different rules.",
            hint=f"{odd!r} stands in one of them only.",
            at=("condition",),
        )
    return names or said


def _condition(
    kind: str, condition: object
) -> tuple[tuple[tuple[Comparison, float], ...], tuple[str, ...], float]:
    if condition is None:
        condition = {}
    if not isinstance(condition, Mapping):
        raise RuleError(
            f"The condition {condition!r} of a correlation is not a mapping.",
            hint="Write a limit such as `gte: 5`.",
            at=("condition",),
        )
    limits: list[tuple[Comparison, float]] = []
    for key, value in condition.items():
        if key in _COMPARISONS:
            limits.append((key, _number(value, key, "condition", key)))
        elif key not in {"field", "percentile"}:
            hint = nearest(str(key), (*_COMPARISONS, "field", "percentile"))
            what = f"Unknown key {key!r} in the condition."
            raise RuleError(what, hint=hint, at=("condition", str(key)))
    fields = _texts(condition.get("field"), "condition", "field")
    if kind in _NEEDS_FIELD and not fields:
        raise RuleError(f"The condition of a {kind} needs `field`.", at=("condition",))
    if kind in _NEEDS_LIMIT and not limits:
        what = f"The type {kind} needs a limit such as `gte: 5`."
        raise RuleError(what, at=("condition",))
    _refuse_impossible(limits)
    percentile = _number(condition.get("percentile", 50), "percentile", "condition", "percentile")
    if not 0 <= percentile <= 100:
        what = f"`percentile` is {percentile:g}, not between 0 and 100."
        raise RuleError(what, at=("condition", "percentile"))
    return tuple(limits), fields, percentile


def _refuse_impossible(limits: Sequence[tuple[Comparison, float]]) -> None:
    """Refuse limits that no number keeps, such as more than ten and less than five."""
    low, high, shut = -inf, inf, False
    for op, number in limits:
        if op in {"gt", "gte", "eq"} and number >= low:
            low, shut = number, (shut and number == low) or op == "gt"
    for op, number in limits:
        if op in {"lt", "lte", "eq"} and number <= high:
            high = number
    tight = any((op == "lt" and number == high) for op, number in limits)
    if low > high or (low == high and (shut or tight)):
        told = " and ".join(f"{op} {number:g}" for op, number in limits)
        raise RuleError(f"No number is {told} at once.", at=("condition",))


def _texts(value: object, *at: str) -> tuple[str, ...]:
    if value is None:
        return ()
    values = value if isinstance(value, list) else [value]
    for place, text in enumerate(values):
        if not isinstance(text, str) or not text:
            what = f"`{at[-1]}` holds {text!r}, which is no text."
            raise RuleError(what, hint="Write it in quotes.", at=(*at, place))
    return tuple(values)


def _number(value: object, name: str, *at: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise RuleError(f"`{name}` is {value!r}, not a number.", at=at or (name,))
    return value


def _above_zero(value: object, name: str) -> float:
    number = _number(value, name)
    if number <= 0 or (name == "min-count" and number < 1):
        raise RuleError(f"`{name}` is {number:g}, not greater than zero.", at=(name,))
    return number


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise RuleError(f"`generate` is {value!r}, not true or false.", at=("generate",))
    return value


def _aliases(value: object, rules: Sequence[str]) -> dict[str, dict[str, str]]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        what = "`aliases` is a mapping from alias to rule to field."
        raise RuleError(what, at=("aliases",))
    for alias, fields in value.items():
        at = ("aliases", str(alias))
        if not isinstance(fields, Mapping):
            raise RuleError(f"The alias {alias!r} is a mapping from rule to field.", at=at)
        for rule in fields:
            if rule not in rules:
                hint = nearest(str(rule), tuple(rules))
                what = f"The alias {alias!r} names the rule {rule!r}."
                raise RuleError(what, hint=hint, at=(*at, str(rule)))
    return {str(a): {str(r): str(f) for r, f in fields.items()} for a, fields in value.items()}
