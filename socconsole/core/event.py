"""Lines and the events they become."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

NO_NAMES: Mapping[str, str] = MappingProxyType({})


class EventCategory(StrEnum):
    """What kind of occurrence an event is."""

    INFORMATIONAL = "informational"
    WARNING = "warning"
    EXCEPTION = "exception"
    MAINTENANCE = "maintenance"


class TimeQuality(StrEnum):
    """How much of an event's time was written in its line."""

    EXACT = "exact"
    ZONE_ASSUMED = "zone_assumed"
    YEAR_ASSUMED = "year_assumed"
    NONE = "none"
    """The line has no readable time; the time it was read stands in for it."""


@dataclass(frozen=True, slots=True)
class LogSource:
    """Sigma's triple that says which rules look at an event."""

    product: str | None = None
    category: str | None = None
    service: str | None = None


@dataclass(slots=True)
class RawLine:
    """A line as read from a source. Read-only by custom; not frozen because millions are made."""

    source: str
    """The source's name in the settings."""
    generation: int
    """Which life of which file the bytes came from; 0 where there is no database."""
    offset: int
    """Bytes from the start of that generation to the first byte of the record."""
    data: bytes
    """The record without its line ending."""
    end: int
    """Bytes from the start of the generation to the byte after the record's line ending."""
    path: str = ""
    number: int = 0
    """1-based line number where it is known, else 0."""
    note: str = ""
    """What happened to it on the way: `truncated`, `unterminated`, `nul_hole`; empty: nothing."""


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What a parser may know of a line besides its text."""

    reference: datetime
    """What a date without a year is measured against: now, or the file's age in back-fill."""
    zone: tzinfo = UTC
    """The zone of times that name none: the source's setting, else the host's."""
    host: str | None = None
    """The source's host, for lines that name none."""


Decoded: TypeAlias = tuple[str, dict[str, object], int]
"""A text of JSON, the fields it was decoded to, with nothing changed in them, and how many."""


@dataclass(slots=True)
class Event:
    """One normalised line. Read-only by custom; not frozen because millions are made."""

    format: str
    """Name of the parser that read it."""
    logsources: tuple[LogSource, ...]
    """Every log source the event belongs to; a Sysmon process start has two."""
    fields: dict[str, object]
    """The document: the source's own names as Sigma rules expect them, nested values kept."""
    raw: str
    """The line as text; bytes that are not UTF-8 stand as U+FFFD."""
    time: datetime | None
    """Event time, aware UTC; None when the line has none that can be read."""
    time_quality: TimeQuality = TimeQuality.EXACT
    category: EventCategory = EventCategory.INFORMATIONAL
    names: Mapping[str, str] = field(default_factory=lambda: NO_NAMES)
    """ECS name → dotted path in `fields`: the envelope, resolved only when somebody looks."""
    parse_error: str | None = None
    """Why the line could be read only in part."""
    line: RawLine | None = field(default=None, compare=False)
    """Where the event came from."""
    decoded: Decoded | None = field(default=None, compare=False)
    """Said by a parser that took a line of JSON as it is."""

    @property
    def is_its_own_json(self) -> bool:
        """Whether it is certain that the fields are what the text says as JSON, and nothing else.

        Not while the text or the fields were replaced since, or a field was added.
        """
        if self.decoded is None:
            return False
        text, fields, size = self.decoded
        return text is self.raw and fields is self.fields and size == len(fields)

    def get(self, path: str) -> object:
        """Return the value at `path`: the field of that name, else by dots through mappings."""
        return lookup(self.fields, path)

    def named(self, ecs_name: str) -> object:
        """Return the envelope's value for an ECS name such as `source.ip`, or None."""
        path = self.names.get(ecs_name)
        return None if path is None else lookup(self.fields, path)


def lookup(fields: Mapping[str, object], path: str) -> object:
    """Return the value at `path`: an exact key first, else down the dots; None when absent."""
    if path in fields:
        return fields[path]
    head, dot, rest = path.partition(".")
    if not dot:
        return None
    inner = fields.get(head)
    return lookup(inner, rest) if isinstance(inner, Mapping) else None


ENVELOPE: tuple[str, ...] = (
    "event.dataset",
    "event.code",
    "event.action",
    "event.category",
    "event.outcome",
    "event.severity",
    "log.file.path",
    "host.name",
    "observer.name",
    "user.name",
    "source.ip",
    "source.port",
    "destination.ip",
    "destination.port",
    "network.transport",
    "process.name",
    "process.pid",
    "process.executable",
    "process.command_line",
    "process.parent.executable",
    "file.path",
    "file.hash.sha256",
    "url.full",
    "dns.question.name",
    "rule.name",
    "message",
)
"""The names a parser may map. Times, the raw line and the offset are attributes of the event."""


NOTHING = (None, "", "-", "?", "(null)", "N/A")
"""Ways in which logs say that there is no value."""


def envelope(event: Event) -> dict[str, object]:
    """Return the ECS names that have a value in `event`, in the order of `ENVELOPE`."""
    found = ((name, event.named(name)) for name in ENVELOPE)
    return {name: value for name, value in found if value not in NOTHING}


ENTITY_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "host": "host.name",
        "user": "user.name",
        "source_ip": "source.ip",
        "destination_ip": "destination.ip",
        "process": "process.executable",
        "file": "file.path",
        "domain": "dns.question.name",
        "url": "url.full",
        "hash": "file.hash.sha256",
    }
)
"""The entities an alert is about → their ECS names."""


def entities(event: Event) -> dict[str, str]:
    """Return the entities named in `event`, such as `{"host": "web-1", "user": "root"}`."""
    found = ((kind, event.named(name)) for kind, name in ENTITY_NAMES.items())
    return {kind: str(value) for kind, value in found if value not in NOTHING}
