"""One format of lnav's: a line of it → an event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from socconsole.core.event import (
    Event,
    EventCategory,
    LogSource,
    ReadContext,
    TimeQuality,
    lookup,
)
from socconsole.parsers import comma_separated, timestamps, written_times
from socconsole.parsers.json_lines import category_of_level, guess_names
from socconsole.parsers.parser import Parse
from socconsole.parsers.safe_json import decode_line
from socconsole.parsers.safe_pattern import SafePattern

_USUAL_LAYOUTS = (
    "%m%d %H:%M:%S.%f",
    "%m/%d/%Y %I:%M:%S:%L %p %Z",
    "%Y-%m-%d %H:%M:%S:%L",
    "%d %b %Y %H:%M:%S",
    "%y%m%d %H:%M:%S",
    "%m.%d %H:%M:%S",
    "+%s",
)
"""Layouts lnav knows of itself, besides those we read without being told one."""
SUBSECONDS = MappingProxyType({"milli": 1_000, "micro": 1, "nano": 0.001})
"""lnav's word → microseconds."""


_LETTERS = {
    "F": EventCategory.EXCEPTION,
    "C": EventCategory.EXCEPTION,
    "E": EventCategory.EXCEPTION,
    "W": EventCategory.WARNING,
}


@dataclass(slots=True, kw_only=True)
class LnavFormat:
    """One format of a file."""

    name: str
    title: str
    patterns: tuple[SafePattern, ...]
    """Tried in their order; none for a format of JSON lines, or of a table."""
    is_table: bool = False
    """Whether it is comma-separated, the first line naming the columns."""
    time_field: str = "timestamp"
    clock_field: str = ""
    """Has the time of day where the time field has the date alone."""
    subsecond_field: str = ""
    subsecond_micros: float = 1
    time_layouts: tuple[str, ...] = ()
    time_divisor: float = 1
    level_field: str = "level"
    levels: Mapping[EventCategory, tuple[SafePattern, ...]] = field(default_factory=dict)
    body_field: str = "body"
    numbers: frozenset[str] = frozenset()
    logsources: tuple[LogSource, ...] = (LogSource(),)
    rename: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def parse(self, text: str, context: ReadContext) -> Event | None:
        """Read one line."""
        return self._event(self._fields(text), text, context)

    def start(self, head: Sequence[str]) -> Parse:
        """Return the function that reads a table whose first lines are `head`."""
        read = comma_separated.start(head)

        def parse(text: str, context: ReadContext) -> Event | None:
            event = read(text, context)
            if event is None or event.fields.get("directive") == "columns":
                return event
            return self._event(event.fields, text, context)

        return parse

    def _event(
        self, fields: dict[str, object] | None, text: str, context: ReadContext
    ) -> Event | None:
        if fields is None:
            return None
        time, quality = self._time(fields, context)
        if time is None and not self.patterns:
            return None
        category = self._category(fields)
        for native, other in self.rename.items():
            if native in fields:
                fields[other] = fields.pop(native)
        names = {
            **guess_names(fields),
            "message": self.rename.get(self.body_field, self.body_field),
            **self.names,
        }
        return Event(
            self.name,
            self.logsources,
            fields,
            text,
            time,
            quality,
            category,
            MappingProxyType(names),
        )

    def _fields(self, text: str) -> dict[str, object] | None:
        if not self.patterns:
            return None if self.is_table else decode_line(text)
        for pattern in self.patterns:
            found = pattern.search(text)
            if found is not None:
                return {
                    name: self._value(name, value)
                    for name, value in found.items()
                    if value is not None
                }
        return None

    def _value(self, name: str, value: str) -> object:
        if name in self.numbers and len(value) < 16:
            try:
                return float(value) if "." in value else int(value)
            except ValueError:
                return value
        return value

    def _time(
        self, fields: Mapping[str, object], context: ReadContext
    ) -> tuple[datetime | None, TimeQuality]:
        found = self._instant(lookup(fields, self.time_field), fields, context)
        if found is None:
            return None, TimeQuality.NONE
        part = lookup(fields, self.subsecond_field) if self.subsecond_field else None
        if isinstance(part, int | float) and 0 <= part * self.subsecond_micros < 1_000_000:
            return found[0] + timedelta(microseconds=part * self.subsecond_micros), found[1]
        return found

    def _instant(
        self, value: object, fields: Mapping[str, object], context: ReadContext
    ) -> timestamps.Instant | None:
        if isinstance(value, int | float) and self.time_divisor != 1:
            value = value / self.time_divisor
        if isinstance(value, str):
            clock = fields.get(self.clock_field)
            value = f"{value} {clock}" if clock is not None else value.strip()
            return (
                _in_one_of(self.time_layouts, value, context)
                or timestamps.any_time(value, context)
                or _in_one_of(_USUAL_LAYOUTS, value, context)
            )
        return timestamps.any_time(value, context)

    def _category(self, fields: Mapping[str, object]) -> EventCategory:
        value = lookup(fields, self.level_field)
        if value is None:
            return EventCategory.INFORMATIONAL
        for category, patterns in self.levels.items():
            if any(pattern.search(str(value)) is not None for pattern in patterns):
                return category
        # lnav knows the letters that stand for a level.
        return _LETTERS.get(str(value)) or category_of_level(value)

    @property
    def backtracking(self) -> tuple[str, ...]:
        """Patterns RE2 refuses."""
        return tuple(one.text for one in self.patterns if not one.is_linear)


def _in_one_of(
    layouts: Sequence[str], text: str, context: ReadContext
) -> timestamps.Instant | None:
    for layout in layouts:
        found = written_times.read(text, layout, context)
        if found is not None:
            return found
    return None
