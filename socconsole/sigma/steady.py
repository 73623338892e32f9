"""Our own windows over single groups: sustained, new value, silent source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from socconsole.core.event import Event
from socconsole.sigma.aggregate import Value, within
from socconsole.sigma.memory import Part, Touched
from socconsole.sigma.window import (
    SAVED_BYTES,
    Fired,
    Key,
    Losses,
    SavedEvent,
    frozen,
    sampled,
    thawed,
)
from socconsole.sigma.window_spec import WindowSpec

MAX_STRETCHES = 1_000
"""Stretches kept per group of a sustained window; beyond, neighbours are taken together."""

_EVIDENCE = 20


class _Stretch(Struct, array_like=True):
    """Samples in a row that all kept the limits, or all did not."""

    first: int
    last: int
    count: int
    kept: bool


@dataclass(slots=True)
class _Run:
    stretches: list[_Stretch] = field(default_factory=list)
    """By time; of one time the one that broke the limits first."""
    settled: int = 0
    """How many of the first are out of reach of late samples, and as few as they can be."""
    fired: int = 0
    events: list[tuple[int, Event]] = field(default_factory=list)


class _SavedRun(Struct, array_like=True):
    key: Key
    stretches: list[_Stretch]
    fired: int
    events: list[tuple[int, SavedEvent]] = []


class Sustained:
    """Fires when every sample of a group kept the limits for `span`, at least `min-count` of them.

    A gap longer than the span ends the run; while it goes on, it fires again every `span`.
    """

    def __init__(self, spec: WindowSpec, *, lateness: int, max_groups: int) -> None:
        self.losses = Losses()
        self._spec = spec
        self._span = int(spec.span * 1_000_000)
        self._lateness = lateness
        self._max_groups = max_groups
        self._runs: dict[Key, _Run] = {}
        self.touched = Touched()

    def add(self, key: Key, time: int, value: Value, event: Event) -> list[Fired]:
        """Take one sample and return the run it completes."""
        run = self._runs.pop(key, None) or _Run()
        self._runs[key] = run
        if run.stretches and time < run.stretches[-1].last - self._lateness:
            self.losses.late += 1
            return []
        assert not isinstance(value, str)
        _insert(run.stretches, time, kept=within(value, self._spec.limits))
        run.events = [*run.events[1 - _EVIDENCE :], (time, event)]
        self._settle(run)
        if len(run.stretches) > MAX_STRETCHES:
            self._shorten(run)
        self.touched.note(key)
        self.touched.note_all(_evict(self._runs, self._max_groups, self.losses))
        return self._verdict(key, run, event)

    def advance(self, now: int) -> list[Fired]:
        """Return nothing: a run needs its samples."""
        return []

    def parts(self) -> Mapping[Part, object]:
        """Return every run, the evidence as far as `SAVED_BYTES` go."""
        return self._saved(list(self._runs))

    def take_changes(self) -> Mapping[Part, object | None]:
        """Return the runs that changed, the evidence as far as `SAVED_BYTES` go."""
        touched = self.touched.take()
        saved = self._saved([key for key in touched if key in self._runs])
        return {key: saved.get(key) for key in touched}

    def restore(self, values: Sequence[object]) -> None:
        """Take up the runs, those that ended longest ago first."""
        runs = msgspec.convert(values, list[_SavedRun])
        runs.sort(key=lambda one: one.stretches[-1].last)
        self._runs = {
            one.key: _Run(
                one.stretches,
                fired=one.fired,
                events=[(time, thawed(event)) for time, event in one.events],
            )
            for one in runs
        }

    def _saved(self, keys: Sequence[Key]) -> dict[Part, _SavedRun]:
        """Return runs as they are saved; of evidence the last keys' is what there is room for."""
        room, saved = SAVED_BYTES, {}
        for key in reversed(keys):
            run = self._runs[key]
            events = sampled(run.events, room)
            room -= sum(len(event.raw) for _, event in events)
            saved[key] = _SavedRun(key, run.stretches, run.fired, events)
        return saved

    def _verdict(self, key: Key, run: _Run, event: Event) -> list[Fired]:
        begin = end = run.stretches[-1].last
        count = 0
        for stretch in reversed(run.stretches):
            if not stretch.kept or begin - stretch.last > self._span:
                break
            begin = stretch.first
            count += stretch.count
        if end - begin < self._span or count < self._spec.min_count:
            return []
        if run.fired and end - run.fired < self._span and run.fired >= begin:
            return []
        run.fired = end
        evidence = tuple(e for time, e in sorted(run.events, key=_time) if time >= begin)
        return [Fired(key, count, begin, end, event, evidence)]

    def _settle(self, run: _Run) -> None:
        """Join what no late sample can part any more; forget what is long over."""
        stretches = run.stretches
        reached = stretches[-1].last - self._lateness
        while run.settled < len(stretches) and stretches[run.settled].last < reached:
            if run.settled and self._joined(stretches[run.settled - 1], stretches[run.settled]):
                del stretches[run.settled]
            else:
                run.settled += 1
        while stretches[0].last < reached - 2 * self._span:
            del stretches[0]
            run.settled -= 1

    def _joined(self, one: _Stretch, after: _Stretch) -> bool:
        """Let a stretch take in the one after it, if they are of one kind and near enough."""
        if one.kept is not after.kept or (one.kept and after.first - one.last > self._span):
            return False
        one.last = after.last
        one.count += after.count
        return True

    def _shorten(self, run: _Run) -> None:
        """Join every second pair, though a late sample may yet fall between them."""
        shorter: list[_Stretch] = []
        for place, stretch in enumerate(run.stretches):
            if not (place % 2 and self._joined(shorter[-1], stretch)):
                shorter.append(stretch)
        if len(shorter) > MAX_STRETCHES:
            self.losses.entries += shorter[0].count
            del shorter[0]
        run.stretches, run.settled = shorter, 0


def _insert(stretches: list[_Stretch], time: int, *, kept: bool) -> None:
    """Put a sample in its place.

    One that broke the limits parts a stretch that kept them.
    """
    place = len(stretches)
    while place and stretches[place - 1].first > time:
        place -= 1
    around = stretches[place - 1] if place else None
    if around is None or time > around.last:
        stretches.insert(place, _Stretch(time, time, 1, kept))
    elif around.kept is kept:
        around.count += 1
    elif around.first == around.last:
        stretches.insert(place - (not kept), _Stretch(time, time, 1, kept))
    elif not kept:
        stretches[place - 1 : place] = _parted(around, time)


def _parted(stretch: _Stretch, time: int) -> tuple[_Stretch, _Stretch, _Stretch]:
    """Return a stretch that kept the limits with a break in it.

    Where its samples were is not known any more: they are taken to be evenly spread.
    """
    first, last = stretch.first, stretch.last
    gap = (last - first) // (stretch.count - 1)
    before = 1 + max(0, time - gap - first) * (stretch.count - 2) // (last - first)
    after = stretch.count - before
    return (
        _Stretch(first, first if before == 1 else time - gap, before, kept=True),
        _Stretch(time, time, 1, kept=False),
        _Stretch(last if after == 1 else min(last, time + gap), last, after, kept=True),
    )


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
        self.touched = Touched()

    def add(self, key: Key, time: int, value: Value, event: Event) -> list[Fired]:
        """Remember a value and tell when it is new."""
        if self._since is None or time < self._since:
            self._since = time
            self.touched.note(())
        known = (*key, str(value))
        before = self._seen.pop(known, None)
        self._seen[known] = time if before is None else max(before, time)
        self.touched.note(known)
        self.touched.note_all(_evict(self._seen, self._max_values, self.losses))
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
        return {part: self._saved(part) for part in self.touched.take()}

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
        self.touched = Touched()

    def add(self, key: Key, time: int, value: Value, event: Event) -> list[Fired]:
        """Note that the group was heard; return the silence it ends, if nobody saw that yet."""
        before = self._heard.pop(key, None)
        self._heard[key] = (time, event) if before is None or before[0] <= time else before
        self.touched.note(key)
        self.touched.note_all(_evict(self._heard, self._max_groups, self.losses))
        is_over = before is not None and before[0] < time - self._span - self._lateness
        return [self._fired(key, *before)] if before is not None and is_over else []

    def advance(self, now: int) -> list[Fired]:
        """Return the groups that have been silent for longer than the span and the lateness."""
        due = now - self._span - self._lateness
        silent = [(key, *heard) for key, heard in self._heard.items() if heard[0] < due]
        for key, _, _ in silent:
            del self._heard[key]
            self.touched.note(key)
        return [self._fired(*one) for one in silent]

    def _fired(self, key: Key, time: int, event: Event) -> Fired:
        return Fired(key, 0, time, time + self._span, event, (event,), at_close=True)

    def parts(self) -> Mapping[Part, object]:
        """Return every group with its last event."""
        return {key: _SavedSource(key, time, frozen(e)) for key, (time, e) in self._heard.items()}

    def take_changes(self) -> Mapping[Part, object | None]:
        """Return the groups that were heard, or told as silent."""
        heard = {key: self._heard.get(key) for key in self.touched.take()}
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
