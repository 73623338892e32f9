"""Parsers: line → event. One file a format, its sample lines inside, and this explicit list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext, TimeQuality
from socconsole.errors import SettingsError
from socconsole.parsers import (
    auditd,
    json_lines,
    metrics,
    suricata,
    syslog,
    web_access,
    web_error,
    windows,
)
from socconsole.parsers.parser import Parse, Parser, Sample, open_parser

__all__ = [
    "PARSERS",
    "Choice",
    "Parse",
    "Parser",
    "Sample",
    "choose",
    "find",
    "open_parser",
    "unparsed",
]

PARSERS: tuple[Parser, ...] = (
    windows.PARSER,
    suricata.PARSER,
    metrics.PARSER,
    auditd.PARSER,
    web_access.PARSER,
    web_error.NGINX,
    web_error.APACHE,
    syslog.PARSER,
    *syslog.PROGRAM_PARSERS,
    json_lines.PARSER,
)
"""Every format, the particular before the general: of two that read equally well, the first wins."""


def find(name: str) -> Parser:
    """Return the parser called `name`.

    Raises:
        SettingsError: There is none; the nearest name is in the hint.

    """
    for parser in PARSERS:
        if parser.name == name:
            return parser
    near = get_close_matches(name, [parser.name for parser in PARSERS], 1)
    hint = f"Did you mean {near[0]}?" if near else "`socconsole help formats` lists the formats."
    raise SettingsError(f"There is no format {name!r}.", hint=hint)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which parser `format = "auto"` took, and why."""

    parser: Parser | None
    """None when no parser reads even one of the lines."""
    reason: str
    """One sentence for the Sources screen."""


def choose(lines: Sequence[str], *, among: Sequence[Parser] = PARSERS) -> Choice:
    """Return the parser that reads most of `lines`, the first lines of a file.

    Empty lines do not count. Any 50 lines are plenty.
    """
    wanted = [line for line in lines if line.strip()]
    if not wanted:
        return Choice(None, "there is no line to look at yet")
    best, most = None, 0
    for parser in among:
        count = _count_read(parser, wanted) if parser.automatic else 0
        if count > most:
            best, most = parser, count
    if best is None:
        return Choice(None, f"no parser reads any of the first {len(wanted)} lines")
    return Choice(best, f"{best.name} reads {most} of the first {len(wanted)} lines")


def _count_read(parser: Parser, lines: Sequence[str]) -> int:
    now = datetime.now(UTC)
    context = ReadContext(source="auto", read_at=now, reference=now)
    parse = open_parser(parser, lines)
    return sum(parse(line, context) is not None for line in lines)


_NO_SOURCE = (LogSource(),)


def unparsed(text: str) -> Event:
    """Return the event of a line that no parser reads: its text, and no time."""
    return Event(
        format="unparsed",
        logsources=_NO_SOURCE,
        fields={"message": text},
        raw=text,
        time=None,
        time_quality=TimeQuality.NONE,
        category=EventCategory.INFORMATIONAL,
        names={"message": "message"},
    )
