"""Parsers: line → event. One file a format, its sample lines inside, and this explicit list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import lru_cache

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext, TimeQuality
from socconsole.core.home import at_home
from socconsole.errors import SettingsError
from socconsole.parsers import (
    auditd,
    azure,
    cloudtrail,
    comma_separated,
    containers,
    dated_text,
    falco,
    gcp_audit,
    gelf,
    github_audit,
    journal_export,
    journald,
    json_lines,
    kubernetes_audit,
    logfmt,
    m365,
    metrics,
    okta,
    opencanary,
    osquery,
    safe_json,
    squid,
    suricata,
    suricata_fast,
    syslog,
    user_formats,
    w3c,
    wazuh,
    web_access,
    web_error,
    windows,
    windows_xml,
    zeek,
)
from socconsole.parsers.parser import Parse, Parser, Sample, open_parser
from socconsole.parsers.windows_logsources import usual_logsources

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
    "usual_logsources",
]


def _readers_of(line: str) -> tuple[Parse, ...]:
    """Return who may read what another line holds: JSON or text, never a file with a header."""
    return _JSON_READERS if line[:1] == "{" else _TEXT_READERS


_READERS: tuple[Parser, ...] = (
    windows.PARSER,
    windows_xml.PARSER,
    suricata.PARSER,
    journald.PARSER,
    cloudtrail.PARSER,
    kubernetes_audit.PARSER,
    okta.PARSER,
    m365.PARSER,
    azure.PARSER,
    github_audit.PARSER,
    gcp_audit.PARSER,
    falco.PARSER,
    osquery.PARSER,
    opencanary.PARSER,
    wazuh.parser(_readers_of),
    gelf.PARSER,
    metrics.PARSER,
    zeek.PARSER,
    auditd.PARSER,
    journal_export.PARSER,
    web_access.PARSER,
    web_error.NGINX,
    web_error.APACHE,
    squid.PARSER,
    suricata_fast.PARSER,
    syslog.PARSER,
    *syslog.PROGRAM_PARSERS,
    w3c.PARSER,
    logfmt.PARSER,
    json_lines.PARSER,
    dated_text.PARSER,
    comma_separated.PARSER,
)


_JSON_FORMATS = _READERS[: _READERS.index(auditd.PARSER)]
_JSON_READERS = (*(one.parse for one in _JSON_FORMATS if one.start is None), json_lines.parse)
_TEXT_READERS = tuple(
    one.parse
    for one in _READERS
    if one.automatic and one.start is None and one not in (*_JSON_FORMATS, json_lines.PARSER)
)

PARSERS: tuple[Parser, ...] = (containers.parser(_readers_of), *_READERS)
"""Every format, the particular before the general: of two that read equally well, the first wins."""


def find(name: str) -> Parser:
    """Return the parser called `name`, or the one in the format file at that path.

    `path.json` is the only format of that file, `path.json#name` one of several.

    Raises:
        SettingsError: There is none; the nearest name is in the hint.

    """
    if ".json" in name:
        return _of_file(name)
    everything = (*PARSERS, *user_formats.installed())
    for parser in everything:
        if parser.name == name:
            return parser
    raise _no_format(name, everything)


@lru_cache(64)
def _of_file(name: str) -> Parser:
    path, _, wanted = name.partition("#")
    found = [parser for parser, _ in user_formats.load(at_home(path))]
    for parser in found:
        if parser.name == wanted or (not wanted and len(found) == 1):
            return parser
    raise _no_format(name, found)


def _no_format(name: str, parsers: Sequence[Parser]) -> SettingsError:
    names = [parser.name for parser in parsers]
    near = get_close_matches(name, names, 1)
    hint = f"Did you mean {near[0]}?" if near else "`socconsole help formats` lists the formats."
    if "#" in name or ".json" in name:
        hint = f"The file has {', '.join(names)}: write {name.partition('#')[0]}#{names[0]}."
    return SettingsError(f"There is no format {name!r}.", hint=hint)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which parser `format = "auto"` took, and why."""

    parser: Parser | None
    """None when no parser reads even one of the lines."""
    reason: str
    """One sentence for the Sources screen."""


def choose(lines: Sequence[str], *, among: Sequence[Parser] | None = None) -> Choice:
    """Return the parser that reads most of `lines`, the first lines of a file.

    One that reads lines of many formats is taken only when no other reads half as many. Empty lines
    do not count. Any 50 lines are plenty. Without `among` the user's own formats come first, then
    all of ours.
    """
    wanted = [line for line in lines if line.strip()]
    if not wanted:
        return Choice(None, "there is no line to look at yet")
    best: dict[bool, tuple[int, Parser | None]] = {False: (0, None), True: (0, None)}
    for parser in (*user_formats.installed(), *PARSERS) if among is None else among:
        count = _count_read(parser, wanted) if parser.automatic else 0
        if count > best[parser.is_general][0]:
            best[parser.is_general] = count, parser
        if best[False][0] == len(wanted):
            break  # of two that read equally well the first wins
    (most, chosen), (general_most, general) = best[False], best[True]
    beside = ""
    if chosen is None or 2 * most < general_most:
        beside = "" if chosen is None else f", {chosen.name} {most}"
        most, chosen = general_most, general
    if chosen is None:
        return Choice(None, f"no parser reads any of the first {len(wanted)} lines")
    return Choice(chosen, f"{chosen.name} reads {most} of the first {len(wanted)} lines{beside}")


def _count_read(parser: Parser, lines: Sequence[str]) -> int:
    now = datetime.now(UTC)
    context = ReadContext(reference=now)
    parse = open_parser(parser, lines)
    return sum(parse(line, context) is not None for line in lines)


_NO_SOURCE = (LogSource(),)


def unparsed(text: str) -> Event:
    """Return the event of a line that no parser reads: its text, no time, and why if that is known."""
    return Event(
        format="unparsed",
        logsources=_NO_SOURCE,
        fields={"message": text},
        raw=text,
        time=None,
        time_quality=TimeQuality.NONE,
        category=EventCategory.INFORMATIONAL,
        names={"message": "message"},
        parse_error=safe_json.complaint(text),
    )
