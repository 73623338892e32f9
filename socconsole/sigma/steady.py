"""Our own windows over single groups: sustained, new value, silent source."""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from socconsole.core.event import Event
from socconsole.sigma.aggregate import Value, within
from socconsole.sigma.window import Fired, Key, Losses, SavedEvent, frozen, thawed
from socconsole.sigma.window_spec import WindowSpec

MAX_SAMPLES = 10_000
"""Samples kept per group of a sustained window."""

_EVIDENCE = 20


@dataclass(slots=True)
class _Run:
    samples: list[tuple[int, float]] = field(default_factory=list)
    fired: int = 0
    events: list[tuple[int, Event]] = field(default_factory=list)


class _SavedRun(Struct, array_like=True):
    key: Key
    samples: list[tuple[int, float]]
    fired: int


class Sustained:
    """Fires when every sample of a group kept the limits for `span`, at least `min-count` of them.

    A gap as long as the span ends the run; while it goes on, it fires again every `span`.
    """

    def __init__(self, spec: WindowSpec, *, lateness: int, max_groups: int) -> None:
        self.losses = Losses()
        self._spec = spec
        self._span = int(spec.span * 1_000_000)
        self._lateness = lateness
        self._max_groups = max_groups
        self._runs: dict[Key, _Run] = {}

    def add(self, key: Key, time: int, value: Value, event: Event) -> list[Fired]:
        """Take one sample and return the run it completes."""
        run = self._runs.pop(key, None) or _Run()
        self._runs[key] = run
        if run.samples and time < run.samples[-1][0] - self._lateness:
            self.losses.late += 1
            return []
        assert not isinstance(value, str)
        insort(run.samples, (time, value))
        run.events = [*run.events[1 - _EVIDENCE :], (time, event)]
        self._shorten(run)
        self.losses.groups += _evict(self._runs, self._max_groups)
        return self._verdict(key, run, event)

    def advance(self, now: int) -> list[Fired]:
        """Return nothing: a run needs its samples."""
        return []

    def save(self) -> list[_SavedRun]:
        """Return every run."""
        return [_SavedRun(key, run.samples, run.fired) for key, run in self._runs.items()]

    def restore(self, saved: object) -> None:
        """Take up what `save` returned."""
        runs = msgspec.convert(saved, list[_SavedRun])
        self._runs = {one.key: _Run(one.samples, one.fired) for one in runs}

    def _verdict(self, key: Key, run: _Run, event: Event) -> list[Fired]:
        end = after = run.samples[-1][0]
        begin, count = end, 0
        for time, value in reversed(run.samples):
            if not within(value, self._spec.limits) or after - time > self._span:
                break
            begin = after = time
            count += 1
        if end - begin < self._span or count < self._spec.min_count:
            return []
        if run.fired and end - run.fired < self._span and run.fired >= begin:
            return []
        run.fired = end
        evidence = tuple(e for time, e in sorted(run.events, key=_time) if time >= begin)
        return [Fired(key, count, begin, end, event, evidence)]

    def _shorten(self, run: _Run) -> None:
        """Forget samples that neither the span nor a late sample can reach."""
        oldest = run.samples[-1][0] - 2 * self._span - self._lateness
        if len(run.samples) > MAX_SAMPLES:
            self.losses.entries += 1
            del run.samples[0]
        while run.samples[0][0] < oldest:
            del run.samples[0]


def _time(pair: tuple[int, Event]) -> int:
    return pair[0]


class _SavedValues(Struct, array_like=True):
    since: int
    seen: list[tuple[Key, str, int]]


class NewValue:
    """Fires for a value its group has not had for `span`; during `learn` it only remembers."""

    def __init__(self, spec: WindowSpec, *, lateness: int, max_groups: int) -> None:
        self.losses = Losses()
        self._span = int(spec.span * 1_000_000)
        self._learn = int(spec.learn * 1_000_000)
        self._max_values = max_groups
        self._since: int | None = None
        self._seen: dict[tuple[Key, str], int] = {}

    def add(self, key: Key, time: int, value: Value, event: Event) -> list[Fired]:
        """Remember a value and tell when it is new."""
        if self._since is None or time < self._since:
            self._since = time
        known = (key, str(value))
        before = self._seen.pop(known, None)
        self._seen[known] = time if before is None else max(before, time)
        self.losses.groups += _evict(self._seen, self._max_values)
        learning = time - self._since < self._learn
        if learning or (before is not None and time - before <= self._span):
            return []
        return [Fired(key, 1, time, time, event, (event,))]

    def advance(self, now: int) -> list[Fired]:
        """Return nothing: a value comes with its event."""
        return []

    def save(self) -> _SavedValues:
        """Return every value with the time it was last seen."""
        seen = [(key, value, time) for (key, value), time in self._seen.items()]
        return _SavedValues(-1 if self._since is None else self._since, seen)

    def restore(self, saved: object) -> None:
        """Take up what `save` returned."""
        values = msgspec.convert(saved, _SavedValues)
        self._since = None if values.since < 0 else values.since
        self._seen = {(key, value): time for key, value, time in values.seen}


class _SavedSource(Struct, array_like=True):
    key: Key
    time: int
    event: SavedEvent


class Silent:
    """Fires once when a group that was heard says nothing for `span`; its next event rearms it."""

    def __init__(self, spec: WindowSpec, *, lateness: int, max_groups: int) -> None:
        self.losses = Losses()
        self._span = int(spec.span * 1_000_000)
        self._lateness = lateness
        self._max_groups = max_groups
        self._heard: dict[Key, tuple[int, Event]] = {}

    def add(self, key: Key, time: int, value: Value, event: Event) -> list[Fired]:
        """Note that the group was heard; return the silence it ends, if nobody saw that yet."""
        before = self._heard.pop(key, None)
        self._heard[key] = (time, event) if before is None or before[0] <= time else before
        self.losses.groups += _evict(self._heard, self._max_groups)
        is_over = before is not None and before[0] < time - self._span - self._lateness
        return [self._fired(key, *before)] if before is not None and is_over else []

    def advance(self, now: int) -> list[Fired]:
        """Return the groups that have been silent for longer than the span and the lateness."""
        due = now - self._span - self._lateness
        silent = [(key, *heard) for key, heard in self._heard.items() if heard[0] < due]
        for key, _, _ in silent:
            del self._heard[key]
        return [self._fired(*one) for one in silent]

    def _fired(self, key: Key, time: int, event: Event) -> Fired:
        return Fired(key, 0, time, time + self._span, event, (event,), at_close=True)

    def save(self) -> list[_SavedSource]:
        """Return every group with its last event."""
        return [_SavedSource(key, time, frozen(e)) for key, (time, e) in self._heard.items()]

    def restore(self, saved: object) -> None:
        """Take up what `save` returned."""
        sources = msgspec.convert(saved, list[_SavedSource])
        self._heard = {one.key: (one.time, thawed(one.event)) for one in sources}


def _evict(memory: dict[Any, Any], limit: int) -> int:
    """Forget the tenth that was touched longest ago when there is too much; return how many."""
    if len(memory) <= limit:
        return 0
    oldest: Iterable[Any] = list(islice(memory, limit // 10 + 1))
    for key in oldest:
        del memory[key]
    return limit // 10 + 1
