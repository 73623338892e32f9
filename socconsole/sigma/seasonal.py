"""Spike and flatline: counts per bin against what the hour of the week usually brings."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import msgspec
from msgspec import Struct

from socconsole.core.event import Event
from socconsole.sigma.aggregate import Value, within
from socconsole.sigma.baseline import Baseline, lower_tail, upper_limit
from socconsole.sigma.memory import Part, Touched
from socconsole.sigma.window import Fired, Key, Losses, SavedEvent, frozen, thawed
from socconsole.sigma.window_spec import WindowSpec

_WEEK = 604_800_000_000
_EXPECTED_FOR_SILENCE = 5.0
"""Where fewer are usual, none at all says nothing."""
_MAX_BINS_MISSED = 1000
"""Empty bins made up for after a long pause; more teach nothing new."""


@dataclass(slots=True)
class _Series:
    bin: int
    """Start of the open bin in microseconds."""
    count: int = 0
    limit: int | None = None
    """Count of the open bin that is a spike; None while there is too little history."""
    fired: bool = False
    baseline: Baseline = field(default_factory=Baseline)
    sample: deque[Event] = field(default_factory=lambda: deque(maxlen=20))


class _SavedBin(Struct, array_like=True, tag="bin"):
    """The open bin, which every event changes."""

    key: Key
    bin: int
    count: int
    fired: bool
    event: SavedEvent | None


class _SavedBaseline(Struct, array_like=True, tag="baseline"):
    """What is usual: large, and changed by the end of a bin alone."""

    key: Key
    baseline: Baseline


class Seasonal:
    """Counts per group in bins of `span`.

    A spike fires in the moment the open bin's count is too rare, once a bin. A flatline fires when
    a bin is over and its count was too low; with a limit such as `lt: 10` that limit decides and
    no history is needed.
    """

    def __init__(self, spec: WindowSpec, *, lateness: int, max_groups: int) -> None:
        self.losses = Losses()
        self._spec = spec
        self._span = int(spec.span * 1_000_000)
        self._lateness = lateness
        self._max_groups = min(max_groups, 10_000)
        self._spike = spec.type == "spike"
        self._series: dict[Key, _Series] = {}
        self.touched = Touched()

    def add(self, key: Key, time: int, value: Value, event: Event) -> list[Fired]:
        """Count one event in and tell when it makes a spike."""
        begin = time - time % self._span
        series = self._series.pop(key, None) or _Series(begin)
        self._series[key] = series
        if begin < series.bin:
            self.losses.late += 1
            return []
        found = self._close(key, series, begin)
        self.touched.note(("bin", *key))
        series.count += 1
        series.sample.append(event)
        if len(self._series) > self._max_groups:
            for old in list(islice(self._series, self._max_groups // 10 + 1)):
                del self._series[old]
                self.touched.note_all((("bin", *old), ("baseline", *old)))
                self.losses.groups += 1
        if self._is_spike(series):
            series.fired = True
            fired = Fired(key, series.count, series.bin, time, event, tuple(series.sample))
            found.append(fired)
        return found

    def advance(self, now: int) -> list[Fired]:
        """Close the bins that are over, those without a single event too."""
        found = []
        current = (now - self._lateness) // self._span * self._span
        for key, series in self._series.items():
            if series.bin < current:
                found += self._close(key, series, current)
        return found

    def parts(self) -> Mapping[Part, object]:
        """Return every group's open bin and baseline."""
        return {
            (kind, *key): self._saved(kind, key)
            for key in self._series
            for kind in ("bin", "baseline")
        }

    def take_changes(self) -> Mapping[Part, object | None]:
        """Return the bins that were counted in, and the baselines that learnt."""
        return {part: self._saved(part[0], part[1:]) for part in self.touched.take()}

    def restore(self, values: Sequence[object]) -> None:
        """Take up bins and baselines."""
        self._series = {}
        found = msgspec.convert(values, list[_SavedBin | _SavedBaseline])
        baselines = {one.key: one.baseline for one in found if isinstance(one, _SavedBaseline)}
        bins = sorted((one for one in found if isinstance(one, _SavedBin)), key=lambda one: one.bin)
        for one in bins:
            learnt = baselines.get(one.key) or Baseline()
            series = _Series(one.bin, one.count, None, one.fired, learnt)
            if one.event is not None:
                series.sample.append(thawed(one.event))
            self._series[one.key] = series
        for series in self._series.values():  # a limit depends on how many groups there are
            series.limit = self._limit(series)

    def _saved(self, kind: str, key: Key) -> _SavedBin | _SavedBaseline | None:
        one = self._series.get(key)
        if one is None:
            return None
        if kind == "baseline":
            return _SavedBaseline(key, one.baseline)
        event = frozen(one.sample[-1]) if one.sample else None
        return _SavedBin(key, one.bin, one.count, one.fired, event)

    def _close(self, key: Key, series: _Series, begin: int) -> list[Fired]:
        """End every bin before `begin`, learning each."""
        found = []
        if series.bin != begin:
            self.touched.note_all((("bin", *key), ("baseline", *key)))
        for _ in range(min((begin - series.bin) // self._span, _MAX_BINS_MISSED)):
            if not self._spike and series.sample and self._is_low(series):
                end = series.bin + self._span
                last = series.sample[-1]
                found.append(Fired(key, series.count, series.bin, end, last, at_close=True))
            else:
                series.baseline.learn(series.bin, series.count)
            series.bin += self._span
            series.count, series.fired = 0, False
        if series.bin != begin:
            series.bin, series.count, series.fired = begin, 0, False
        if series.limit is None or not series.count:
            series.limit = self._limit(series)
        return found

    def _probability(self) -> float:
        """Return how rare a bin has to be for the allowed false alarms of all groups a week."""
        bins = _WEEK / self._span
        return self._spec.false_alarms_per_week / (bins * max(1, len(self._series)))

    def _limit(self, series: _Series) -> int | None:
        expected = series.baseline.expected(series.bin)
        if expected is None or not self._spike:
            return None
        return upper_limit(expected, series.baseline.dispersion, self._probability())

    def _is_spike(self, series: _Series) -> bool:
        if not self._spike or series.fired or series.limit is None:
            return False
        if series.count < max(series.limit, self._spec.min_count):
            return False
        return not self._spec.limits or within(series.count, self._spec.limits)

    def _is_low(self, series: _Series) -> bool:
        if self._spec.limits:
            return within(series.count, self._spec.limits)
        expected = series.baseline.expected(series.bin)
        if expected is None or expected < _EXPECTED_FOR_SILENCE or series.count >= expected:
            return False
        tail = lower_tail(series.count, expected, series.baseline.dispersion)
        return tail < self._probability()
