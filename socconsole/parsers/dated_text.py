"""Text lines with a time at or near their beginning, whatever program writes them.

Time and level are taken off; of the rest only what is plain to see is named: the one address in
it, or the one that a word such as `from` points at, and a user in quotes or after `user=`.
"""

import re
from datetime import datetime, tzinfo
from functools import lru_cache
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
    rf"|\d{{1,2}}[ /.-](?:[A-Z][a-z]{{2}}|\d\d)[ /.-]\d{{4}}(?:[ :T,]{{1,2}}| - ){_CLOCK}(?: [AP]M)?{_ZONE}"
    rf"|(?:[A-Z][a-z]{{2}},? )?[A-Z][a-z]{{2}} [ \d]\d,? (?:\d{{4}} )?{_CLOCK}(?: [AP]M)?(?: \d{{4}})?{_ZONE}"
    rf"|[A-Z][a-z]{{2}}, \d{{1,2}} [A-Z][a-z]{{2}} \d{{4}} {_CLOCK}{_ZONE}"
    rf"|[A-Z][a-z]{{2}}-\d\d-\d\d {_CLOCK}|\d{{6}} [ \d]?\d:\d\d:\d\d|\d{{8}}[ T-]\d\d:\d\d:\d\d"
    r"|\d{10}(?:\.\d{1,9})?(?=[\s\]:,])"
    r")[\])>|]{0,2}[\s,:|-]{0,4}(?P<rest>.*)",
    re.DOTALL,
)
_DATES = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d-%m-%Y",
    "%d/%b/%Y",
    "%b %d, %Y",
    "%b-%d-%y",
)
_CLOCKS = ("%H:%M:%S", "%I:%M:%S %p", "%H:%M:%S %z")
_LAYOUTS = (
    # Who writes AM and PM writes the month first.
    "%m/%d/%Y %I:%M:%S %p",
    *(f"{date} {clock}" for date in _DATES for clock in _CLOCKS),
    "%y%m%d %H:%M:%S",
)
_JOINT = re.compile(r"(?<=\d\d),? ?(?:T|-|,) ?(?=\d{1,2}:\d\d:)| - ")
_FRACTION = re.compile(r"(:\d\d:\d\d)[.,:]\d+")
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
    return _read(written, context.zone, context.reference)


@lru_cache(8192)
def _read(written: str, zone: tzinfo, reference: datetime) -> timestamps.Instant | None:
    context = ReadContext(reference=reference, zone=zone)
    plain = _JOINT.sub(" ", written.replace("_", " "))
    found = timestamps.any_time(plain, context)
    if found is not None:
        return found
    if plain[4:5] == ".":
        return timestamps.iso(f"{plain[:4]}-{plain[5:7]}-{plain[8:10]}{plain[10:]}", context)
    # Of a fraction only the layouts know nothing.
    head = _FRACTION.sub(r"\1", plain)
    for layout in _LAYOUTS:
        found = written_times.read(head, layout, context)
        if found is not None:
            return found
    return None


PARSER = Parser(
    name="dated_text",
    title="text lines that begin with a time, of any program",
    parse=parse,
    is_general=True,
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
        Sample(
            line="Sun Mar  1 04:12:09 2026 login failed for (x) [203.0.113.9]:41 I=[192.0.2.5]:25 (set_id=mara)",
            names={"source.ip": "203.0.113.9", "user.name": "mara"},
            time="2026-03-01T04:12:09Z",
            category=WARNING,
        ),
        Sample(line="[20260301-04:12:09] [INFO ] up", time="2026-03-01T04:12:09Z"),
        Sample(line="260301  4:12:09 [Warning] up", time="2026-03-01T04:12:09Z", category=WARNING),
        Sample(line="[01-Mar-2026 04:12:09 +0200]: x", time="2026-03-01T02:12:09Z"),
        Sample(line="03/01/2026 04:12:09 PM version 1.2.3 started", time="2026-03-01T16:12:09Z"),
    ),
)
