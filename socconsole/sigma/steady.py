"""Our own windows over single groups: sustained, new value, silent source."""

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from socconsole.core.event import Event
from socconsole.sigma.aggregate import Value, within
from socconsole.sigma.memory import Part, Touched
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
        self._touched = Touched()

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
        self._touched.note(key)
        self._touched.note_all(_evict(self._runs, self._max_groups, self.losses))
        return self._verdict(key, run, event)

    def advance(self, now: int) -> list[Fired]:
        """Return nothing: a run needs its samples."""
        return []

    def parts(self) -> Mapping[Part, object]:
        """Return every run."""
        return {key: _SavedRun(key, run.samples, run.fired) for key, run in self._runs.items()}

    def take_changes(self) -> Mapping[Part, object | None]:
        """Return the runs that changed."""
        runs = {key: self._runs.get(key) for key in self._touched.take()}
        return {
            key: None if run is None else _SavedRun(key, run.samples, run.fired)
            for key, run in runs.items()
        }

    def restore(self, values: Sequence[object]) -> None:
        """Take up the runs, those that ended longest ago first."""
        runs = msgspec.convert(values, list[_SavedRun])
        runs.sort(key=lambda one: one.samples[-1])
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


class _SavedValue(Struct, array_like=True):
    key: Key
    value: str | None
    """None: the time is when the learning began."""
    time: int


class NewValue:
    """Fires for a value its group has not had for `span`; during `learn` it only remembers."""

    def __init__(self, spec: WindowSpec, *, lateness: int, max_groups: int) -> None:
        self.losses = Losses()
        self._span = int(spec.span * 1_000_000)
        self._learn = int(spec.learn * 1_000_000)
        self._max_values = max_groups
        self._since: int | None = None
        self._seen: dict[Part, int] = {}
        self._touched = Touched()

    def add(self, key: Key, time: int, value: Value, event: Event) -> list[Fired]:
        """Remember a value and tell when it is new."""
        if self._since is None or time < self._since:
            self._since = time
            self._touched.note(())
        known = (*key, str(value))
        before = self._seen.pop(known, None)
        self._seen[known] = time if before is None else max(before, time)
        self._touched.note(known)
        self._touched.note_all(_evict(self._seen, self._max_values, self.losses))
        learning = time - self._since < self._learn
        if learning or (before is not None and time - before <= self._span):
            return []
        return [Fired(key, 1, time, time, event, (event,))]

    def advance(self, now: int) -> list[Fired]:
        """Return nothing: a value comes with its event."""
        return []

    def parts(self) -> Mapping[Part, object]:
        """Return every value with the time it was last seen, and when the learning began."""
        found: dict[Part, object] = {part: self._saved(part) for part in self._seen}
        return found if self._since is None else {**found, (): self._saved(())}

    def take_changes(self) -> Mapping[Part, object | None]:
        """Return the values that were seen."""
        return {part: self._saved(part) for part in self._touched.take()}

    def restore(self, values: Sequence[object]) -> None:
        """Take up the values, those last seen longest ago first."""
        self._seen = {}
        for one in sorted(msgspec.convert(values, list[_SavedValue]), key=lambda one: one.time):
            if one.value is None:
                self._since = one.time
            else:
                self._seen[(*one.key, one.value)] = one.time

    def _saved(self, part: Part) -> _SavedValue | None:
        if not part:
            return _SavedValue((), None, self._since or 0)
        time = self._seen.get(part)
        return None if time is None else _SavedValue(part[:-1], part[-1], time)


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
        self._touched = Touched()

    def add(self, key: Key, time: int, value: Value, event: Event) -> list[Fired]:
        """Note that the group was heard; return the silence it ends, if nobody saw that yet."""
        before = self._heard.pop(key, None)
        self._heard[key] = (time, event) if before is None or before[0] <= time else before
        self._touched.note(key)
        self._touched.note_all(_evict(self._heard, self._max_groups, self.losses))
        is_over = before is not None and before[0] < time - self._span - self._lateness
        return [self._fired(key, *before)] if before is not None and is_over else []

    def advance(self, now: int) -> list[Fired]:
        """Return the groups that have been silent for longer than the span and the lateness."""
        due = now - self._span - self._lateness
        silent = [(key, *heard) for key, heard in self._heard.items() if heard[0] < due]
        for key, _, _ in silent:
            del self._heard[key]
            self._touched.note(key)
        return [self._fired(*one) for one in silent]

    def _fired(self, key: Key, time: int, event: Event) -> Fired:
        return Fired(key, 0, time, time + self._span, event, (event,), at_close=True)

    def parts(self) -> Mapping[Part, object]:
        """Return every group with its last event."""
        return {key: _SavedSource(key, time, frozen(e)) for key, (time, e) in self._heard.items()}

    def take_changes(self) -> Mapping[Part, object | None]:
        """Return the groups that were heard, or told as silent."""
        heard = {key: self._heard.get(key) for key in self._touched.take()}
        return {
            key: None if one is None else _SavedSource(key, one[0], frozen(one[1]))
            for key, one in heard.items()
        }

    def restore(self, values: Sequence[object]) -> None:
        """Take up the groups, those heard longest ago first."""
        sources = msgspec.convert(values, list[_SavedSource])
        sources.sort(key=lambda one: one.time)
        self._heard = {one.key: (one.time, thawed(one.event)) for one in sources}


def _evict(memory: dict[Part, Any], limit: int, losses: Losses) -> list[Part]:
    """Forget the tenth that was touched longest ago when there is too much; return which."""
    if len(memory) <= limit:
        return []
    oldest = list(islice(memory, limit // 10 + 1))
    for key in oldest:
        del memory[key]
    losses.groups += len(oldest)
    return oldest
