"""How long a source may say nothing: three times the gap it hardly ever exceeds."""

import math
from collections.abc import Mapping
from datetime import timedelta

SHORTEST = timedelta(minutes=10)
"""Less is never called silence, however busy the source is: programs restart, files rotate."""
_SHARE = 0.99
_FACTOR = 3
_GAPS_NEEDED = 100
_FORGETS_AT = 10_000
_STEP = 1.25
"""Gaps that differ by less are one: thirty years of them fit into a hundred counts."""


class Gaps:
    """How often a source was quiet for how long.

    The caller leaves out what was an outage: a source does not learn to be away.
    """

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        self._counts = {int(size): count for size, count in (counts or {}).items()}

    def add(self, gap: timedelta) -> None:
        """Count a gap in; old ones weigh half once there are very many."""
        size = math.ceil(math.log(max(gap.total_seconds(), 1.0), _STEP))
        self._counts[size] = self._counts.get(size, 0) + 1
        if sum(self._counts.values()) > _FORGETS_AT:
            self._counts = {each: n // 2 for each, n in self._counts.items() if n > 1}

    def longest_usual(self) -> timedelta | None:
        """Return what 99 of 100 gaps stay below, None while too few are known."""
        left = sum(self._counts.values())
        if left < _GAPS_NEEDED:
            return None
        left -= math.ceil(left * _SHARE)
        for size in sorted(self._counts, reverse=True):
            if left < self._counts[size]:
                return timedelta(seconds=_STEP**size)
            left -= self._counts[size]
        return None

    def limit(self) -> timedelta | None:
        """Return the silence that is trouble, None while too few gaps are known."""
        usual = self.longest_usual()
        return None if usual is None else max(_FACTOR * usual, SHORTEST)

    def document(self) -> dict[str, int]:
        """Return the counts as `Gaps` takes them."""
        return {str(size): count for size, count in sorted(self._counts.items())}
