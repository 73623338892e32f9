"""What a window adds up while events come in and fall out of it."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Protocol

from socconsole.sigma.temporal import read_words
from socconsole.sigma.window_spec import Comparison, WindowSpec

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

    def add(self, value: Value) -> None:
        """Count `value` in."""

    def remove(self, value: Value) -> None:
        """Take a counted `value` out."""

    def result(self) -> float | None:
        """Return the figure; None when there is nothing to say."""


class Events:
    """How many events."""

    def __init__(self) -> None:
        self._count = 0

    def add(self, value: Value) -> None:
        self._count += 1

    def remove(self, value: Value) -> None:
        self._count -= 1

    def result(self) -> float:
        return self._count


class Distinct:
    """How many different values."""

    def __init__(self) -> None:
        self._counts: Counter[Value] = Counter()

    def add(self, value: Value) -> None:
        self._counts[value] += 1

    def remove(self, value: Value) -> None:
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

    def add(self, value: Value) -> None:
        self._sum += _number(value)
        self._count += 1

    def remove(self, value: Value) -> None:
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

    def add(self, value: Value) -> None:
        insort(self._sorted, _number(value))

    def remove(self, value: Value) -> None:
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


def aggregate_for(spec: WindowSpec) -> Aggregate:
    """Return an empty aggregate of the kind `spec` asks for."""
    if spec.words:
        return Present(spec.words, spec.rules)
    if spec.type in {"value_count", "temporal"}:
        return Distinct()
    if spec.type == "value_sum":
        return Sum()
    if spec.type == "value_avg":
        return Mean()
    if spec.type in {"value_percentile", "value_median"}:
        return Percentile(50 if spec.type == "value_median" else spec.percentile)
    return Events()


def longest_chain(entries: Sequence[tuple[int, Value]], length: int) -> int:
    """Return how many rules follow one another in order, given (time, rule index) by time.

    Times may be equal: then the order of the rules decides.
    """
    best = [0] * (length + 1)  # best[i]: longest chain that ends with a rule before i
    for _, rule in sorted(entries):
        index = int(rule)
        chain = best[index] + 1
        for above in range(index + 1, length + 1):
            if best[above] >= chain:
                break
            best[above] = chain
    return best[length]
