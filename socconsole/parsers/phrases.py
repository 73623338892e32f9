"""Messages told apart by their first word, then by pattern."""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from socconsole.core.event import EventCategory, LogSource
from socconsole.parsers.parser import Parse, Sample

INFORMATIONAL = EventCategory.INFORMATIONAL
WARNING = EventCategory.WARNING
EXCEPTION = EventCategory.EXCEPTION
MAINTENANCE = EventCategory.MAINTENANCE

MAX_MESSAGE = 16 << 10
"""Characters of a message that patterns look at."""


class Reading(NamedTuple):
    """What a message adds to the event its header began."""

    format: str
    logsources: tuple[LogSource, ...]
    fields: dict[str, object]
    category: EventCategory
    names: Mapping[str, str]


class Phrase(NamedTuple):
    """One sentence a program writes."""

    pattern: re.Pattern[str]
    action: str
    outcome: str
    category: EventCategory
    first: tuple[str, ...]
    """First words it may start with; empty: any."""
    names: tuple[str, ...]
    """The pattern's groups, in order; it has no others."""
    integers: tuple[str, ...]
    """Those of them that are numbers."""

    def fields(self, match: re.Match[str]) -> dict[str, object]:
        """Return the groups that matched; a peer's address or name each under its own name."""
        fields: dict[str, object] = {
            name: value
            for name, value in zip(self.names, match.groups(), strict=True)
            if value is not None
        }
        if "source" in fields:
            source = str(fields.pop("source"))
            fields["source_ip" if is_address(source) else "source_host"] = source
        for name in self.integers:
            if name in fields:
                fields[name] = as_integer(str(fields[name]))
        return fields


_INTEGERS = frozenset(("source_port", "destination_port", "port", "uid", "gid", "count"))


def phrase(
    pattern: str,
    action: str,
    outcome: str = "",
    category: EventCategory = INFORMATIONAL,
    *,
    first: str = "",
) -> Phrase:
    """Return a phrase whose first words are read off the pattern, or named in `first`.

    Raises:
        ValueError: The pattern has a group without a name.

    """
    words = tuple(first.split())
    if not words:
        literal = re.match(r"[A-Za-z_-]+(?= |\\ )", pattern)
        words = (literal[0],) if literal else ()
    compiled = re.compile(pattern)
    names = tuple(compiled.groupindex)
    if compiled.groups != len(names):
        raise ValueError(f"a group of {pattern!r} has no name")
    integers = tuple(name for name in names if name in _INTEGERS)
    return Phrase(compiled, action, outcome, category, words, names, integers)


class Phrases:
    """The sentences of one program."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        everything = list(phrases)
        words = {word for item in everything for word in item.first}
        self._by_word: Mapping[str, tuple[Phrase, ...]] = {
            word: tuple(item for item in everything if not item.first or word in item.first)
            for word in words
        }
        self._others = tuple(item for item in everything if not item.first)

    def find(self, message: str) -> tuple[Phrase, dict[str, object]] | None:
        """Return the first phrase that `message` is, and the fields in it."""
        if len(message) > MAX_MESSAGE:
            message = message[:MAX_MESSAGE]
        for item in self._by_word.get(message.partition(" ")[0], self._others):
            match = item.pattern.match(message)
            if match is not None:
                return item, item.fields(match)
        return None


def as_integer(text: str) -> int | str:
    """Return the number that `text` is, or `text`: also where it has more digits than any number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text


def as_signed(text: str) -> int | str:
    """Return the number that `text` is, which may be negative, or `text`."""
    return int(text) if isinstance(as_integer(text.removeprefix("-")), int) else text


def is_address(text: str) -> bool:
    """Whether `text` looks like an IPv4 or IPv6 address rather than a host name."""
    if ":" in text:
        return True
    last = text.rpartition(".")[2]
    return last.isascii() and last.isdigit()


class Program(NamedTuple):
    """A program whose messages after a syslog header we know."""

    name: str
    title: str
    tags: tuple[str, ...]
    """Its names in the header, lower case, without a path."""
    read: Callable[[str], Reading]
    samples: tuple[Sample, ...]
    bare: Parse | None = None
    """Reads a line that has no syslog header; None when the program never writes such."""


class Read:
    """Reads a program's messages by its phrases."""

    def __init__(
        self,
        name: str,
        logsources: tuple[LogSource, ...],
        phrases: Iterable[Phrase],
        names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._name = name
        self._logsources = logsources
        self._phrases = Phrases(phrases)
        self._names = MappingProxyType({**MESSAGE_NAMES, **names})

    def __call__(self, message: str) -> Reading:
        """Return what `message` says; only its source and format when no phrase fits."""
        found = self._phrases.find(message)
        if found is None:
            return Reading(self._name, self._logsources, {}, INFORMATIONAL, self._names)
        item, fields = found
        fields["action"] = item.action
        if item.outcome:
            fields["outcome"] = item.outcome
        return Reading(self._name, self._logsources, fields, item.category, self._names)


MESSAGE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "host.name": "host",
        "process.name": "program",
        "process.pid": "pid",
        "message": "message",
        "event.action": "action",
        "event.outcome": "outcome",
        "user.name": "user",
        "source.ip": "source_ip",
        "source.port": "source_port",
        "destination.ip": "destination_ip",
        "destination.port": "destination_port",
    }
)
"""What the envelope finds in an event that came with a syslog header."""


def linux(*services: str) -> tuple[LogSource, ...]:
    """Return Sigma's log sources for these services of Linux."""
    return tuple(LogSource(product="linux", service=service) for service in services)


_DEVICES: Mapping[str, tuple[LogSource, ...]] = MappingProxyType(
    {
        "cisco": (LogSource(product="cisco", service="syslog"), LogSource(category="firewall")),
        "fortinet": (
            LogSource(product="fortigate", service="event"),
            LogSource(category="firewall"),
        ),
        "palo alto networks": (LogSource(product="paloalto"), LogSource(category="firewall")),
        "check point": (LogSource(product="checkpoint"), LogSource(category="firewall")),
        "ubiquiti": (LogSource(product="ubiquiti"), LogSource(category="firewall")),
        "zscaler": (LogSource(product="zscaler"), LogSource(category="proxy")),
        "blue coat": (LogSource(product="bluecoat"), LogSource(category="proxy")),
        "mcafee": (LogSource(category="antivirus"),),
        "trend micro": (LogSource(category="antivirus"),),
        "symantec": (LogSource(category="antivirus"),),
    }
)


_UNKNOWN_DEVICE = (LogSource(),)


def logsource_of_device(vendor: str) -> tuple[LogSource, ...]:
    """Return the log sources of a device that names its maker, as CEF and LEEF do.

    A fixed list: a line must not be able to invent one.
    """
    return _DEVICES.get(vendor.lower(), _UNKNOWN_DEVICE)


def grouped(programs: Iterable[Program]) -> Mapping[str, Program]:
    """Return tag → program."""
    table: dict[str, Program] = {}
    for program in programs:
        for tag in program.tags:
            table[tag] = program
    return MappingProxyType(table)
