"""What a window adds up while events come in and fall out of it."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Protocol

from socconsole.sigma.temporal import read_words
from socconsole.sigma.window_spec import Comparison, WindowSpec, WindowType

Value = str | int | float
"""What an event brings to a window: a text to tell apart, a number to add up, a rule's index."""

_COMPARE: Mapping[Comparison, Callable[[float, float], bool]] = {
    "lt": lt,
    "lte": le,
    "gt": gt,
    "gte": ge,
    "eq": eq,
    "neq": ne,
}


def within(value: float | None, limits: Sequence[tuple[Comparison, float]]) -> bool:
    """Return whether `value` keeps every limit; None (an empty window) keeps none."""
    return value is not None and all(_COMPARE[op](value, number) for op, number in limits)


class Aggregate(Protocol):
    """One figure of the events in a window."""

    def add(self, time: int, value: Value) -> None:
        """Count `value` in."""

    def remove(self, time: int, value: Value) -> None:
        """Take a counted `value` out."""

    def result(self) -> float | None:
        """Return the figure; None when there is nothing to say."""


class Events:
    """How many events."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, time: int, value: Value) -> None:
        self._count += 1

    def remove(self, time: int, value: Value) -> None:
        self._count -= 1

    def result(self) -> float:
        return self._count


class Distinct:
    """How many different values."""

    def __init__(self) -> None:
        self._counts: Counter[Value] = Counter()

    def add(self, time: int, value: Value) -> None:
        self._counts[value] += 1

    def remove(self, time: int, value: Value) -> None:
        left = self._counts[value] - 1
        if left:
            self._counts[value] = left
        else:
            del self._counts[value]

    def result(self) -> float:
        return len(self._counts)


class Present(Distinct):
    """Whether the rules that matched meet a condition in words."""

    def __init__(self, words: str, rules: Sequence[str]) -> None:
        super().__init__()
        self._holds = read_words(words).holds
        self._rules = rules

    def result(self) -> float:
        return self._holds({self._rules[int(index)] for index in self._counts})


class Sum:
    """The sum of the values; starts over when the window runs empty, so errors do not pile up."""

    def __init__(self) -> None:
        self._sum: float = 0
        self._count = 0

    def add(self, time: int, value: Value) -> None:
        self._sum += _number(value)
        self._count += 1

    def remove(self, time: int, value: Value) -> None:
        self._count -= 1
        self._sum = self._sum - _number(value) if self._count else 0

    def result(self) -> float | None:
        return self._sum if self._count else None


class Mean(Sum):
    """The arithmetic mean of the values."""

    def result(self) -> float | None:
        return self._sum / self._count if self._count else None


class Percentile:
    """A percentile of the values, linear between neighbours."""

    def __init__(self, percentile: float) -> None:
        self._share = percentile / 100
        self._sorted: list[float] = []

    def add(self, time: int, value: Value) -> None:
        insort(self._sorted, _number(value))

    def remove(self, time: int, value: Value) -> None:
        del self._sorted[bisect_left(self._sorted, _number(value))]

    def result(self) -> float | None:
        if not self._sorted:
            return None
        place = self._share * (len(self._sorted) - 1)
        below = int(place)
        above = min(below + 1, len(self._sorted) - 1)
        low, high = self._sorted[below], self._sorted[above]
        return low + (high - low) * (place - below)


def _number(value: Value) -> float:
    assert not isinstance(value, str)
    return value


class Chain:
    """How many rules follow one another in order; values come by time, then by rule.

    Of each length and last rule it knows the chain that begins latest, so that no entry is looked
    at twice.
    """

    def __init__(self, rules: int) -> None:
        self._begins = [[_NEVER] * rules for _ in range(rules)]  # [length - 1][last rule]
        self._gone = _NEVER

    def add(self, time: int, value: Value) -> None:
        rule = int(value)
        for length in range(rule, 0, -1):
            before = max(self._begins[length - 1][:rule])
            self._begins[length][rule] = max(self._begins[length][rule], before)
        self._begins[0][rule] = time

    def remove(self, time: int, value: Value) -> None:
        self._gone = max(self._gone, time)

    def result(self) -> float:
        lengths = range(len(self._begins), 0, -1)
        return next((n for n in lengths if max(self._begins[n - 1]) > self._gone), 0)


_NEVER = -1


def aggregate_for(spec: WindowSpec) -> Aggregate:
    """Return an empty aggregate of the kind `spec` asks for."""
    if spec.type == "temporal_ordered":
        return Chain(len(spec.rules))
    if spec.words:
        return Present(spec.words, spec.rules)
    if spec.type in {"value_percentile", "value_median"}:
        return Percentile(50 if spec.type == "value_median" else spec.percentile)
    return _SIMPLE[spec.type]()


_SIMPLE: Mapping[WindowType, Callable[[], Aggregate]] = {
    "event_count": Events,
    "value_count": Distinct,
    "temporal": Distinct,
    "value_sum": Sum,
    "value_avg": Mean,
}
