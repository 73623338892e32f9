"""What a parser is: a name, a function, and lines that prove it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext

Parse: TypeAlias = Callable[[str, ReadContext], Event | None]
"""One line in, its event out; None when the line is of another format. Never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A line and what must come out of it. Keys that are not named are not looked at."""

    line: str
    fields: Mapping[str, object] = field(default_factory=dict)
    """Dotted path → value."""
    names: Mapping[str, object] = field(default_factory=dict)
    """ECS name → value."""
    time: str | None = None
    """Event time in RFC 3339, read on 2026-03-02 in a source whose zone is UTC."""
    logsources: tuple[LogSource, ...] = ()
    """Log sources the event has, perhaps among others."""
    category: EventCategory = EventCategory.INFORMATIONAL
    before: tuple[str, ...] = ()
    """Lines that stand above it in its file, such as a header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser:
    """Reads one format."""

    name: str
    """What `format = "…"` says."""
    title: str
    """What it reads, in a few words."""
    parse: Parse
    samples: tuple[Sample, ...]
    start: Callable[[Sequence[str]], Parse] | None = None
    """For a format whose header explains its lines: takes the first lines of a file and returns
    the function that reads that file. It may be given lines that are no header."""
    remember: Callable[[Parse], Parse] | None = None
    """For a format whose lines may need what an earlier line of their file said: returns the
    function that reads one file, given the one that reads a line."""
    is_general: bool = False
    """Whether it reads lines of many formats: it is chosen only where no other reads half of them."""
    automatic: bool = True
    """Whether `format = "auto"` may choose it."""


def open_parser(parser: Parser, head: Sequence[str] = ()) -> Parse:
    """Return the function that reads one file of `parser`'s format, whose first lines are `head`.

    A reader that resumes in the middle of a file passes the file's first lines again.
    """
    parse = parser.parse if parser.start is None else parser.start(head)
    return parse if parser.remember is None else parser.remember(parse)
