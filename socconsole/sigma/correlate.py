"""Matches → windows → detections: groups, aliases, chains, time that passes, memory that stays."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import msgspec
from msgspec import Struct

from socconsole.core.detection import Detection
from socconsole.core.detection import Window as WindowFacts
from socconsole.core.event import Event
from socconsole.sigma.aggregate import Value
from socconsole.sigma.definition import Definition
from socconsole.sigma.evaluate import as_number
from socconsole.sigma.explain import explain
from socconsole.sigma.fields import texts_of, value_of
from socconsole.sigma.memory import Memory, Place, read_by_rule, written
from socconsole.sigma.seasonal import Seasonal
from socconsole.sigma.sliding import SlidingWindow
from socconsole.sigma.steady import NewValue, Silent, Sustained
from socconsole.sigma.window import Fired, Key, Losses, Window, microseconds, moment
from socconsole.sigma.window_spec import WindowSpec

MAX_GROUPS = 100_000
"""Groups one rule remembers; beyond, the tenth touched longest ago is forgotten and counted."""

_MAKERS: Mapping[str, Callable[..., Window]] = {
    "sustained": Sustained,
    "new_value": NewValue,
    "silent_source": Silent,
    "spike": Seasonal,
    "flatline": Seasonal,
}
_NUMERIC = frozenset({"value_sum", "value_avg", "value_percentile", "value_median", "sustained"})
_JOINED = "\x1f"


class _Head(Struct):
    clock: int
    rules: dict[str, tuple[str, Losses]]
    """Rule id → the revision its window's parts are of, and what the window has lost."""


class _Watcher:
    """One window rule at work."""

    def __init__(self, definition: Definition, lateness: int, max_groups: int) -> None:
        assert definition.window is not None
        self.definition = definition
        self.spec: WindowSpec = definition.window
        maker = _MAKERS.get(self.spec.type, SlidingWindow)
        self.window = maker(self.spec, lateness=lateness, max_groups=max_groups)

    def key(self, event: Event, called: Iterable[str], group: Mapping[str, str]) -> Key | None:
        """Return the group of a match by a rule `called` so; None when it lacks one."""
        key = []
        for name in self.spec.group_by:
            text = group.get(name) or _text(event, self._field(name, called))
            if text is None:
                return None
            key.append(text)
        return tuple(key)

    def _field(self, name: str, called: Iterable[str]) -> str:
        fields = self.spec.aliases.get(name)
        return next((fields[one] for one in called if one in fields), name) if fields else name

    def value(self, event: Event, rule: int, group: Mapping[str, str]) -> Value | None:
        """Return what a match by the window's rule number `rule` brings to it."""
        if self.spec.type in {"temporal", "temporal_ordered"}:
            return rule
        if not self.spec.fields:
            return 0
        texts = [group.get(name) or _text(event, name) for name in self.spec.fields]
        if None in texts:
            return None
        if self.spec.type in _NUMERIC:
            return as_number(texts[0] or "")
        return _JOINED.join(text for text in texts if text is not None)


def _text(event: Event, name: str) -> str | None:
    texts = texts_of(value_of(event, name))
    return texts[0] if texts else None


class Correlator:
    """Every window rule of a set, fed with what the rules match."""

    def __init__(
        self,
        definitions: Iterable[Definition],
        *,
        names: Mapping[str, str] = MappingProxyType({}),
        quiet: frozenset[str] = frozenset(),
        lateness: float = 60,
        ahead: timedelta | None = None,
        max_groups: int = MAX_GROUPS,
    ) -> None:
        self._ahead = ahead
        self._quiet = quiet
        self._clock = 0
        self._is_stored = False
        self._watchers: dict[str, _Watcher] = {}
        self._fed_by: dict[str, list[tuple[_Watcher, int]]] = {}
        self._called: dict[str, tuple[str, ...]] = {}
        late = int(lateness * 1_000_000)
        definitions = tuple(definitions)
        ids = {name: d.rule.id for d in definitions for name in (d.rule.id, d.name) if name}
        ids = {**ids, **names}
        for name, rule_id in ids.items():
            self._called[rule_id] = (*self._called.get(rule_id, ()), name)
        for definition in definitions:
            if definition.window is not None:
                watcher = _Watcher(definition, late, max_groups)
                self._watchers[definition.rule.id] = watcher
                fed = [ids[name] for name in definition.window.rules] or [feed_id(definition)]
                for index, rule_id in enumerate(fed):
                    self._fed_by.setdefault(rule_id, []).append((watcher, index))

    def counts(self, definition: Definition) -> bool:
        """Return whether some window counts what `definition` matches."""
        return feed_id(definition) in self._fed_by

    @property
    def clock(self) -> datetime:
        """The latest event time so far."""
        return moment(self._clock)

    def add(
        self, definition: Definition, event: Event, read_at: datetime | None
    ) -> list[Detection]:
        """Count a match in; return the windows it completes, and the windows those complete."""
        now = read_at or datetime.now(UTC)
        time = self._believed(event.time or now, now)
        return self._feed(feed_id(definition), event, time, {})

    def _believed(self, time: datetime, now: datetime) -> datetime:
        """Return `time`, or `now` for one so far ahead that a clock must be wrong.

        One such event would make every later one of its group late, and close all intervals.
        """
        is_believed = self._ahead is None or time - now <= self._ahead
        return time if is_believed else now

    def _feed(
        self,
        rule_id: str,
        event: Event,
        time: datetime,
        group: Mapping[str, str],
        *,
        at_close: bool = False,
    ) -> list[Detection]:
        """Count a match in.

        Args:
            rule_id: What matched.
            event: What it matched; of a window, what completed it.
            time: When.
            group: Of a window, the fields it groups by; they come before the event's own.
            at_close: No event made the match, but the end of a window.

        """
        found: list[Detection] = []
        at = microseconds(time)
        for watcher, index in self._fed_by.get(rule_id, ()):
            key = watcher.key(event, self._called.get(rule_id, ()), group)
            value = watcher.value(event, index, group)
            if key is None or value is None:
                watcher.window.losses.without_group += 1
                continue
            for fired in watcher.window.add(key, at, value, event):
                fired.at_close |= at_close
                found += self._told(watcher, fired)
        return found

    def advance(self, until: datetime, now: datetime) -> list[Detection]:
        """Let time pass until a moment (event time), `now` by the clock; return what became due."""
        self._clock = max(self._clock, microseconds(self._believed(until, now)))
        found: list[Detection] = []
        for watcher in self._watchers.values():
            for fired in watcher.window.advance(self._clock):
                found += self._told(watcher, fired)
        return found

    def losses(self) -> dict[str, Losses]:
        """Return the id of every rule whose windows lost something → what."""
        return {
            rule_id: watcher.window.losses
            for rule_id, watcher in self._watchers.items()
            if any(asdict(watcher.window.losses).values())
        }

    def memory(self) -> Memory:
        """Return what all windows remember."""
        parts: dict[Place, bytes | None] = {}
        for rule_id, watcher in self._watchers.items():
            parts |= written(rule_id, watcher.window.parts())
        return Memory(self._head(), parts, is_whole=True)

    def take_changes(self) -> Memory:
        """Return what changed since the last call: everything, where nothing of it is stored."""
        if not self._is_stored:
            self._is_stored = True
            for watcher in self._watchers.values():
                watcher.window.touched.take()
            return self.memory()
        parts: dict[Place, bytes | None] = {}
        for rule_id, watcher in self._watchers.items():
            parts |= written(rule_id, watcher.window.take_changes())
        return Memory(self._head(), parts)

    def restore(self, memory: Memory, *, is_stored: bool = False) -> None:
        """Take up what was remembered; a rule whose text changed since starts afresh.

        Args:
            memory: The whole of it.
            is_stored: The next changes are to be added to it where it came from.

        """
        self._is_stored = False
        try:
            head = msgspec.msgpack.decode(memory.head, type=_Head)
        except msgspec.DecodeError:
            return
        self._clock = head.clock
        by_rule = read_by_rule(memory.parts)
        strange = by_rule.keys() - head.rules.keys()
        for rule_id, (revision, losses) in head.rules.items():
            watcher = self._watchers.get(rule_id)
            if watcher is None or watcher.definition.rule.revision != revision:
                strange.add(rule_id)
                continue
            try:
                watcher.window.restore(by_rule.get(rule_id, ()))
            except msgspec.ValidationError:
                strange.add(rule_id)
            watcher.window.losses = losses
        self._is_stored = is_stored and not strange

    def _head(self) -> bytes:
        rules = {
            rule_id: (watcher.definition.rule.revision, watcher.window.losses)
            for rule_id, watcher in self._watchers.items()
        }
        return msgspec.msgpack.encode(_Head(self._clock, rules))

    def _told(self, watcher: _Watcher, fired: Fired) -> list[Detection]:
        rule = watcher.definition.rule
        group = dict(zip(watcher.spec.group_by, fired.key, strict=True))
        tree = watcher.definition.tree
        detection = Detection(
            rule=rule,
            time=moment(fired.last),
            event=fired.event,
            parts=explain(tree, fired.event) if tree is not None else (),
            window=WindowFacts(
                type=watcher.spec.type,
                group=group,
                count=fired.count,
                first=moment(fired.first),
                last=moment(fired.last),
                at_close=fired.at_close,
            ),
            evidence=fired.evidence,
        )
        further = self._feed(rule.id, fired.event, detection.time, group, at_close=fired.at_close)
        return further if rule.id in self._quiet else [detection, *further]


def feed_id(definition: Definition) -> str:
    """Return what a rule's matches are called: a window's own detection is not its firing."""
    return f"{definition.rule.id}#own" if definition.window else definition.rule.id
