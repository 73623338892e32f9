"""Text lines with a time at or near their beginning, whatever program writes them.

Time and level are taken off; of the rest only what is plain to see is named: the one address in
it, or the one that a word such as `from` points at, and a user in quotes or after `user=`.
"""

import re
from types import MappingProxyType

from socconsole.core.event import Event, LogSource, ReadContext
from socconsole.parsers import peers, timestamps, written_times
from socconsole.parsers.json_lines import category_of_level
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.phrases import WARNING

_CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,:]\d{1,9})?"
_ZONE = r"(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?"
_STAMP = re.compile(
    r"(?P<lead>[^\n]{0,40}?)(?<!\d)[\[(<*|]{0,2}(?P<time>"
    rf"\d{{4}}[-/.]\d\d[-/.]\d\d[T _-]{_CLOCK}{_ZONE}"
    rf"|\d{{1,2}}[ /.-](?:[A-Z][a-z]{{2}}|\d\d)[ /.-]\d{{4}}[ :T,]{{1,2}}{_CLOCK}(?: [AP]M)?{_ZONE}"
    rf"|(?:[A-Z][a-z]{{2}},? )?[A-Z][a-z]{{2}} [ \d]\d,? (?:\d{{4}} )?{_CLOCK}(?: [AP]M)?(?: \d{{4}})?{_ZONE}"
    rf"|[A-Z][a-z]{{2}}, \d{{1,2}} [A-Z][a-z]{{2}} \d{{4}} {_CLOCK}{_ZONE}"
    r"|\d{10}(?:\.\d{1,9})?(?=[\s\]:,])"
    r")[\])>|]{0,2}[\s,:|-]{0,4}(?P<rest>.*)",
    re.DOTALL,
)
_LAYOUTS = (
    "%d.%m.%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y, %I:%M:%S %p",
    "%d-%b-%Y %H:%M:%S",
    "%d %b %Y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%d/%b/%Y %H:%M:%S",
    "%b %d, %Y %H:%M:%S",
    "%b %d, %Y %I:%M:%S %p",
)
_LEVEL = re.compile(
    r"[\[(<|\s]{0,3}\b(TRACE|DEBUG|INFO(?:RMATION)?|NOTICE|WARN(?:ING)?|ERR(?:OR)?|FATAL|CRIT(?:ICAL)?|ALERT|EMERG|"
    r"trace|debug|info|notice|warn(?:ing)?|err(?:or)?|fatal|crit(?:ical)?|Info|Warn(?:ing)?|Error|Fatal|Debug)\b"
)
_SOURCES = (LogSource(),)
_NAMES = MappingProxyType(
    {
        "message": "message",
        "user.name": "user",
        "source.ip": "source_ip",
        "source.port": "source_port",
        "event.severity": "level",
        "event.action": "action",
        "event.outcome": "outcome",
        "host.name": "host",
    }
)


def parse(text: str, context: ReadContext) -> Event | None:
    """Read a line that begins with a time."""
    match = _STAMP.match(text)
    if match is None:
        return None
    instant = _instant(match["time"], context)
    if instant is None:
        return None
    lead = match["lead"].strip()
    rest = f"{lead} {match['rest']}" if lead else match["rest"]
    fields: dict[str, object] = {"message": rest}
    level = _LEVEL.match(rest) or _LEVEL.match(match["rest"])
    if level is not None:
        fields["level"] = level[1].lower()
    if context.host:
        fields["host"] = context.host
    category = peers.describe(rest, fields, category_of_level(fields.get("level")))
    return Event("dated_text", _SOURCES, fields, text, *instant, category, _NAMES)


def _instant(written: str, context: ReadContext) -> timestamps.Instant | None:
    plain = written.replace("_", " ")
    found = timestamps.any_time(plain, context)
    if found is not None:
        return found
    head, _, fraction = (
        plain.partition(",") if plain.count(",") == 1 and "," in plain[12:] else (plain, "", "")
    )
    for layout in _LAYOUTS:
        found = written_times.read(head.replace("T", " "), layout, context)
        if found is not None:
            return found
    shaped = f"{plain[:4]}-{plain[5:7]}-{plain[8:10]}{plain[10:]}" if plain[4:5] in "./" else ""
    return timestamps.iso(shaped, context) if shaped and not fraction else None


PARSER = Parser(
    name="dated_text",
    title="text lines that begin with a time, of any program",
    parse=parse,
    samples=(
        Sample(
            line="[2026-03-01 04:12:09,125] WARN [app.auth] Login failed for user 'admin' from 203.0.113.9:5522",
            fields={"level": "warn", "action": "login", "outcome": "failure", "source_port": 5522},
            names={"source.ip": "203.0.113.9", "user.name": "admin"},
            time="2026-03-01T04:12:09.125Z",
            category=WARNING,
        ),
        Sample(
            line="01.03.2026 04:12:09 desk 7: 192.0.2.5 talks to 203.0.113.9",
            fields={"source_ip": None},
            time="2026-03-01T04:12:09Z",
        ),
        Sample(
            line="Sun, 01 Mar 2026 04:12:09 +0100 | INFO | peer 2001:db8::7 says hello",
            names={"source.ip": "2001:db8::7"},
            time="2026-03-01T03:12:09Z",
        ),
        Sample(line="03/01/2026 04:12:09 PM version 1.2.3 started", time="2026-03-01T16:12:09Z"),
    ),
)
