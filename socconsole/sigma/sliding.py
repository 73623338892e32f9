"""Sigma's correlations: windows that slide over event time, one row of events per group.

A window is the events of one group whose first and last are at most `span` apart. It fires when
an event that arrives, in order or late, makes a window that ends at some event true; then the
group is quiet for windows that end within `span` of one that fired, before or after. Conditions
with only an upper limit (`lt`, `lte`, `eq: 0`), or with a `not` in words, can be judged only when
a window is over: such a group is judged every `span` from its first event on, until a window is
empty.
"""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile

import msgspec
from msgspec import Struct

from socconsole.core.event import Event
from socconsole.sigma.aggregate import (
    Aggregate,
    Distinct,
    Value,
    aggregate_for,
    within,
)
from socconsole.sigma.memory import Part, Touched
from socconsole.sigma.temporal import read_words
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
from socconsole.sigma.window_spec import Comparison, WindowSpec

SAMPLE = 20
"""Events kept per group as evidence."""

MAX_ENTRIES = 10_000
"""Entries kept per group; beyond, the oldest is forgotten and counted."""


MANY_GROUPS = 1_000
"""Groups that are kept though no event can reach them any more: they cost little."""

MAX_SAMPLED = 20_000
"""Events kept as evidence in all groups of a rule."""


class GroupState(Struct, array_like=True):
    """A group as it is saved."""

    key: Key
    entries: list[tuple[int, Value]]
    fired: list[int]
    check_at: int = 0
    sample: list[tuple[int, SavedEvent]] = []


@dataclass(slots=True)
class _Group:
    entries: list[tuple[int, Value]] = field(default_factory=list)
    """(time, value), by time; those of equal time by value."""
    start: int = 0
    """Index of the first entry the aggregate holds."""
    aggregate: Aggregate | None = None
    """Of the window that ends at the newest entry."""
    kinds: Distinct = field(default_factory=Distinct)
    """The values of all entries, where their number bounds what a window can reach."""
    fired: list[int] = field(default_factory=list)
    """Ends of the windows that fired, as far back as an event may still come."""
    check_at: int = 0
    touched: int = 0
    """The newest time of all groups when this one's last event came."""
    sample: deque[tuple[int, Event]] = field(default_factory=lambda: deque(maxlen=SAMPLE))


class SlidingWindow:
    """One correlation over all its groups."""

    def __init__(self, spec: WindowSpec, *, lateness: int, max_groups: int) -> None:
        self.losses = Losses()
        self._spec = spec
        self._span = int(spec.span * 1_000_000)
        self._lateness = lateness
        self._max_groups = max_groups
        self._limits = spec.limits or (("gte", float(len(spec.rules))),)
        self._ordered = spec.type == "temporal_ordered"
        self._at_close = _only_above(spec)
        self._grows = _only_below(spec, self._limits)
        self._tells_kinds = self._grows and spec.type != "event_count"
        self._groups: dict[Key, _Group] = {}
        self.touched = Touched()
        self._clock = 0
        self._sampled = 0
        self._thin_at = MAX_SAMPLED

    def add(self, key: Key, time: int, value: Value, event: Event) -> list[Fired]:
        """Count one match in and return the window it completes, and those over before it."""
        over = self._over(key, time) if self._at_close and key in self._groups else []
        group = self._groups.pop(key, None) or _Group(check_at=time + self._span)
        self._groups[key] = group  # the last in the dict is the last touched
        newest = group.entries[-1][0] if group.entries else time
        if time < newest - self._lateness:
            self.losses.late += 1
            return over
        self._clock = group.touched = max(self._clock, time)
        self.touched.note(key)
        self._keep(group, time, event)
        fired = None
        if self._tells_kinds:
            group.kinds.add(time, value)
        if time > newest or not group.entries or (time == newest and self._follows(group, value)):
            fired = self._in_order(group, time, value)
        else:
            fired = self._late(group, time, value)
        told = [] if fired is None else [self._told(key, group, *fired)]
        self._forget(group)
        if len(self._groups) > MANY_GROUPS:
            self._expire()
        if len(self._groups) > self._max_groups:
            self._evict()
        return [*over, *told]

    def advance(self, now: int) -> list[Fired]:
        """Return the windows that are over at `now` and can be judged only then."""
        if not self._at_close:
            return []
        return [fired for key in list(self._groups) for fired in self._over(key, now)]

    def _over(self, key: Key, now: int) -> list[Fired]:
        """Judge the windows of a group that are over at `now`; an empty one is its last."""
        group, found = self._groups[key], []
        while group.check_at + self._lateness < now:
            end = group.check_at
            inside = self._slice(group, end)
            if within(self._judged(inside), self._limits) and group.sample:
                last = group.sample[-1][1]
                first = inside[0][0] if inside else end - self._span
                found.append(Fired(key, len(inside), first, end, last, at_close=True))
            group.check_at += self._span
            self.touched.note(key)
            if not inside and group.entries[-1][0] <= end:
                self._remove((key,))
                break
        return found

    def parts(self) -> Mapping[Part, object]:
        """Return every group, the evidence as far as `SAVED_BYTES` go."""
        return self._saved(list(self._groups))

    def take_changes(self) -> Mapping[Part, object | None]:
        """Return the groups that were touched, the evidence as far as `SAVED_BYTES` go."""
        touched = self.touched.take()
        saved = self._saved([key for key in touched if key in self._groups])
        return {key: saved.get(key) for key in touched}

    def restore(self, values: Sequence[object]) -> None:
        """Take up groups, those with the oldest events first."""
        self._groups, self._sampled = {}, 0
        states = msgspec.convert(values, list[GroupState])
        states.sort(key=lambda state: state.entries[-1][0] if state.entries else state.check_at)
        for state in states:
            group = _Group(state.entries, fired=state.fired, check_at=state.check_at)
            group.touched = state.entries[-1][0] if state.entries else state.check_at
            group.sample.extend((time, thawed(event)) for time, event in state.sample)
            self._sampled += len(group.sample)
            if self._tells_kinds:
                for entry in state.entries:
                    group.kinds.add(*entry)
            self._groups[state.key] = group

    def _saved(self, keys: Sequence[Key]) -> dict[Part, GroupState]:
        """Return groups as they are saved; of evidence the last keys' is what there is room for."""
        left, states = SAVED_BYTES, {}
        for key in reversed(keys):
            group = self._groups[key]
            sample = sampled(group.sample, left)
            if self._at_close and group.sample and not sample:  # it may fire without another event
                time, event = group.sample[-1]
                sample = [(time, frozen(event))]
            left -= sum(len(event.raw) for _, event in sample)
            states[key] = GroupState(key, group.entries, group.fired, group.check_at, sample)
        return states

    def _follows(self, group: _Group, value: Value) -> bool:
        """Whether a value may stand after the newest entry when both are of one time."""
        return not self._ordered or value >= group.entries[-1][1]  # type: ignore[operator]

    def _in_order(self, group: _Group, time: int, value: Value) -> tuple[int, int] | None:
        group.entries.append((time, value))
        if self._at_close:
            return None
        if group.aggregate is None and not self._may_fire(group, time, time):
            return None
        aggregate = self._aggregate(group, time)
        if not within(aggregate.result(), self._limits) or self._quiet(group, time):
            return None
        return self._fire(group, time)

    def _aggregate(self, group: _Group, time: int) -> Aggregate:
        """Return the aggregate of the window that ends at the newest entry."""
        entries, oldest = group.entries, time - self._span
        if group.aggregate is None:
            group.aggregate = aggregate_for(self._spec)
            group.start = bisect_left(entries, (oldest,))
            for entry in entries[group.start :]:
                group.aggregate.add(*entry)
            return group.aggregate
        group.aggregate.add(*entries[-1])
        while entries[group.start][0] < oldest:
            group.aggregate.remove(*entries[group.start])
            group.start += 1
        return group.aggregate

    def _late(self, group: _Group, time: int, value: Value) -> tuple[int, int] | None:
        insort(group.entries, (time, value))
        newest = group.entries[-1][0]
        if self._ordered:
            group.aggregate = None  # built again with the next event in order
        elif group.aggregate is not None and time >= newest - self._span:
            group.aggregate.add(time, value)
        else:
            group.start += 1
        if self._at_close or not self._may_fire(group, time, min(time + self._span, newest)):
            return None
        return self._first_true(group, time)

    def _may_fire(self, group: _Group, first: int, last: int) -> bool:
        """Whether a window that ends from `first` to `last` may fire, told without a look at it.

        A flood that came out of order would otherwise have each of its events looked at many times.
        """
        if self._grows:
            most = group.kinds.result() if self._tells_kinds else len(group.entries)
            if not within(most, self._limits):
                return False
        for end in sorted(group.fired):
            if end - self._span <= first <= end + self._span:
                first = end + self._span + 1
        return first <= last

    def _first_true(self, group: _Group, time: int) -> tuple[int, int] | None:
        """Fire the first of the windows an event at `time` is in, if one is true."""
        entries = group.entries
        start = bisect_left(entries, (time - self._span,))
        index = bisect_left(entries, (time,))
        aggregate = group.aggregate if entries[-1][0] <= time + self._span else None
        if aggregate is None:
            aggregate = aggregate_for(self._spec)
            for entry in entries[start:index]:
                aggregate.add(*entry)
        else:  # the way back from the newest window is shorter, and ends there again
            for entry in entries[index:]:
                aggregate.remove(*entry)
            for entry in entries[start : group.start]:
                aggregate.add(*entry)
        while index < len(entries) and (end := entries[index][0]) <= time + self._span:
            while index < len(entries) and entries[index][0] == end:
                aggregate.add(*entries[index])
                index += 1
            while entries[start][0] < end - self._span:
                aggregate.remove(*entries[start])
                start += 1
            if within(aggregate.result(), self._limits) and not self._quiet(group, end):
                group.aggregate = None
                return self._fire(group, end)
        if aggregate is group.aggregate:
            group.start = start
        return None

    def _fire(self, group: _Group, end: int) -> tuple[int, int]:
        group.fired.append(end)
        return bisect_left(group.entries, (end - self._span,)), end

    def _slice(self, group: _Group, end: int) -> list[tuple[int, Value]]:
        begin = bisect_left(group.entries, (end - self._span,))
        return group.entries[begin : bisect_right(group.entries, (end, _LAST))]

    def _judged(self, entries: list[tuple[int, Value]]) -> float | None:
        aggregate = aggregate_for(self._spec)
        for entry in entries:
            aggregate.add(*entry)
        return aggregate.result()

    def _quiet(self, group: _Group, end: int) -> bool:
        return any(abs(end - fired) <= self._span for fired in group.fired)

    def _told(self, key: Key, group: _Group, begin: int, end: int) -> Fired:
        inside = self._slice(group, end)
        first = group.entries[begin][0]
        events = sorted(group.sample, key=lambda pair: pair[0])
        evidence = tuple(event for time, event in events if first <= time <= end)
        figure = self._judged(inside) if self._spec.type == "value_count" else len(inside)
        return Fired(key, int(figure or 0), first, end, group.sample[-1][1], evidence)

    def _forget(self, group: _Group) -> None:
        """Drop what no later event can reach any more, and what is too much."""
        oldest = group.entries[-1][0] - self._span - self._lateness
        drop = 0
        if len(group.entries) > MAX_ENTRIES:
            drop = len(group.entries) - MAX_ENTRIES
            if group.entries[drop - 1][0] >= oldest:
                self.losses.entries += drop
        if drop or (len(group.entries) > 64 and group.entries[32][0] < oldest):
            self._drop(group, max(drop, bisect_left(group.entries, (oldest,))))
        if group.fired and group.fired[0] < oldest - self._span:
            group.fired = [fired for fired in group.fired if fired >= oldest - self._span]

    def _drop(self, group: _Group, count: int) -> None:
        """Drop the oldest entries, from what was added up too."""
        if group.aggregate is not None:
            for entry in group.entries[group.start : count]:
                group.aggregate.remove(*entry)
        if self._tells_kinds:
            for entry in group.entries[:count]:
                group.kinds.remove(*entry)
        del group.entries[:count]
        group.start = max(0, group.start - count)

    def _keep(self, group: _Group, time: int, event: Event) -> None:
        """Keep an event as evidence; of too many, those of groups touched longest ago go."""
        self._sampled += len(group.sample) < SAMPLE
        group.sample.append((time, event))
        if self._sampled <= self._thin_at:
            return
        for one in self._groups.values():
            if one is not group:
                while len(one.sample) > self._at_close:  # a judgement at the end shows the last
                    one.sample.popleft()
                    self._sampled -= 1
            if self._sampled <= MAX_SAMPLED // 2:
                break
        self._thin_at = max(MAX_SAMPLED, 2 * self._sampled)

    def _expire(self) -> None:
        """Forget groups that no event in time can reach any more."""
        if self._at_close:
            return  # these end when they are judged
        oldest = self._clock - 2 * (self._span + self._lateness)
        gone = list(takewhile(lambda key: self._groups[key].touched < oldest, self._groups))
        self._remove(gone)

    def _evict(self) -> None:
        """Forget the tenth of the groups that was touched longest ago."""
        gone = list(islice(self._groups, len(self._groups) // 10 + 1))
        self._remove(gone)
        self.losses.groups += len(gone)

    def _remove(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._sampled -= len(self._groups.pop(key).sample)
            self.touched.note(key)


def _only_above(spec: WindowSpec) -> bool:
    """Return whether a condition gets no truer by more events, or may even cease to hold."""
    if spec.words:
        return read_words(spec.words).denies
    return bool(spec.limits) and all(
        op in {"lt", "lte"} or (op == "eq" and number == 0) for op, number in spec.limits
    )


def _only_below(spec: WindowSpec, limits: Sequence[tuple[Comparison, float]]) -> bool:
    """Return whether a condition gets no less true by more events."""
    counts = {"event_count", "value_count", "temporal", "temporal_ordered"}
    return not spec.words and spec.type in counts and all(op in {"gt", "gte"} for op, _ in limits)


class _Last:
    """Greater than every value, to stand after all entries of one time."""

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True


_LAST = _Last()
