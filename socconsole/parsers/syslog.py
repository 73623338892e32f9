"""Syslog headers, RFC 3164 and RFC 5424, with or without priority.

A header is a claim of the sender: host and program are what the line says.
"""

import re

from socconsole.core.event import Event, ReadContext, TimeQuality
from socconsole.parsers import json_messages, netfilter, timestamps
from socconsole.parsers.parser import Parse, Parser, Sample
from socconsole.parsers.phrases import EXCEPTION, INFORMATIONAL, as_integer, linux
from socconsole.parsers.processes import remembering
from socconsole.parsers.programs import PROGRAMS, category_of_severity, to_event

_NO_TIME = (None, TimeQuality.NONE)

_FAST = re.compile(
    r"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]{0,10}(?:Z|[+-]\d\d:?\d\d))"
    r" ([^\s:\[\]()]+) ([^\s\[(:]+)(?:\[(\d+)\])?: ?(.*)",
    re.DOTALL,
)
_TIME = re.compile(
    r"(?P<time>[A-Z][a-z]{2}\s+\d{1,2}(?:\s+\d{4})?,? \d\d:\d\d:\d\d(?:[.,]\d+)?(?: (?:19|20)\d\d(?!\S))?"
    r"|\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d)(?=[\s:]))?)"
    r"(?:\s[A-Z]{3,4}(?=[ :]))?:?\s+"
)
_LEVEL_WORDS = frozenset(
    ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL"]
)
_ISO_SENDER = re.compile(
    r"(?!(?i:trace|debug|info|notice|warn|warning|error|fatal|critical)\b)(?:[\w.:-]+ )?"
    r"(?:[^\s\[\](){}:,=\"']+(?:\([^()\s]*\))?(?:\[\w*\])?:(?=\s|$)|\S+ %[A-Z]|%[A-Z]|CEF:|LEEF:)"
)
_PRIORITY = re.compile(r"<(\d{1,3})>")
_VERSION_1 = re.compile(
    r"1 (?P<time>\S+) (?P<host>\S+) (?P<program>\S+) (?P<pid>\S+) (?P<msgid>\S+) (?=-|\[)"
)
_TAG = re.compile(
    # A name may hold spaces only where a process id tells where it ends.
    r"(?P<program>[^\s\[\](){}:][^\[\](){}:]{0,63}?(?=\[)|[^\s\[\](){}:]{1,64})"
    r"(?:\((?P<module>[^()\s]{1,48})\))?(?:\[(?P<pid>[^\]\s]{0,32})\])?"
    r"(?::\s*|(?<=\])\s+)(?P<message>.*)",
    re.DOTALL,
)
_BRACKET_TAG = re.compile(
    r"\[(?P<program>[^\s\[\]:]+)(?::(?P<module>\w+))?\]:?\s+(?P<message>.*)", re.DOTALL
)
_SOLARIS = re.compile(r"\[ID \d+ (?P<priority>\w+\.\w+)\]\s+")
_BSD = re.compile(r"<(?P<priority>\w+\.\w+)>\s+")


def parse(text: str, context: ReadContext) -> Event | None:
    """Read a line with a syslog header; the message by the program that wrote it."""
    return _parse_usual(text, context) or _parse_slowly(text, context)


def _parse_usual(text: str, context: ReadContext) -> Event | None:
    """Read the header nearly every line has, without priority."""
    match = _FAST.match(text)
    if match is None:
        return None
    time, host, program, pid, message = match.groups()
    if message[:4] == "[ID " or host in _LEVEL_WORDS:
        return None
    fields: dict[str, object] = {"host": host, "program": program, "message": message}
    if pid is not None:
        fields["pid"] = int(pid) if len(pid) < 12 else pid
    instant = (
        timestamps.without_year(time, context) if time[3] == " " else timestamps.iso(time, context)
    )
    if instant is None:
        return None
    return to_event(text, fields, instant, None)


def _parse_slowly(text: str, context: ReadContext) -> Event | None:
    rest, severity = text, None
    fields: dict[str, object] = {}
    priority = _PRIORITY.match(rest)
    if priority is not None:
        value = int(priority[1])
        if value > 191:
            return None
        severity = value & 7
        fields["priority"], fields["facility"], fields["severity"] = value, value >> 3, severity
        rest = rest[priority.end() :]
        if rest[:2] == "1 ":
            return _parse_5424(text, rest, fields, context)
        event = _parse_usual(rest, context)
        if event is not None:
            return _with_priority(event, text, fields)
    elif rest[:2] == "1 ":
        return _parse_5424(text, rest, fields, context)
    return _parse_3164(text, rest, fields, severity, context)


def _with_priority(event: Event, text: str, priority: dict[str, object]) -> Event:
    event.raw = text
    event.fields.update(priority)
    if event.category is INFORMATIONAL:
        event.category = category_of_severity(priority["severity"])
    return event


def _parse_3164(
    text: str, rest: str, fields: dict[str, object], severity: int | None, context: ReadContext
) -> Event | None:
    stamp = _TIME.match(rest)
    instant = None
    if stamp is not None:
        written = stamp["time"]
        instant = timestamps.iso(written, context) or timestamps.without_year(written, context)
    if stamp is None or instant is None:
        # Only a priority tells a line without a time from plain text.
        if severity is None:
            return None
        fields["message"] = rest
        return to_event(text, fields, _NO_TIME, severity)
    sender = rest[stamp.end() :]
    # Many programs begin their lines with an ISO date; only a host and a tag make it syslog.
    if severity is None and written[0].isdigit() and not _ISO_SENDER.match(sender):
        return None
    _split_sender(sender, fields, context)
    return to_event(text, fields, instant, severity)


def _split_sender(rest: str, fields: dict[str, object], context: ReadContext) -> None:
    """Take host, program and pid off `rest`; either may be missing."""
    extra = _BSD.match(rest)
    if extra is not None:
        fields["level"], rest = extra["priority"], rest[extra.end() :]
    host, _, after = rest.partition(" ")
    after = after.lstrip()
    # "sshd[8148]: …" stands where a host should: the sender left its name out.
    if host[-1:] == ":" or host[-1:] == "]" or not after:
        host, after = context.host or "", rest
    if host:
        fields["host"] = host
        # Some gateways write their name twice.
        after = after.removeprefix(f"{host} ")
    _split_tag(after.removeprefix(": "), fields)


def _split_tag(text: str, fields: dict[str, object]) -> None:
    """Take program and pid off `text`; without them it is all message."""
    tag = None
    if text[:1] == "[" and netfilter.UNIFI_RULE.match(text):
        fields["program"] = "kernel"
    elif text[:1] != "%":
        tag = _BRACKET_TAG.match(text) or _TAG.match(text)
    if tag is None:
        fields["message"] = text
        return
    groups = tag.groupdict()
    fields["program"] = groups["program"]
    if groups.get("pid"):
        fields["pid"] = as_integer(groups["pid"])
    if groups.get("module"):
        fields["module"] = groups["module"]
    message = groups["message"]
    solaris = _SOLARIS.match(message)
    if solaris is not None:
        fields["level"], message = solaris["priority"], message[solaris.end() :]
    fields["message"] = message


def _parse_5424(
    text: str, rest: str, fields: dict[str, object], context: ReadContext
) -> Event | None:
    match = _VERSION_1.match(rest)
    if match is None:
        return None
    fields["version"] = 1
    for name in ("host", "program", "pid", "msgid"):
        if match[name] != "-":
            fields[name] = match[name]
    if "pid" in fields:
        fields["pid"] = as_integer(match["pid"])
    elements, message = _structured_data(rest[match.end() :])
    if elements:
        fields["structured_data"] = elements
    fields["message"] = message.removeprefix("\ufeff")
    instant = timestamps.any_time(match["time"], context) or _NO_TIME
    severity = fields.get("severity")
    return to_event(text, fields, instant, severity if isinstance(severity, int) else None)


_ELEMENT = re.compile(r'\[([^\s=\]"]{1,64})((?: [^\s=\]"]{1,64}="(?:[^"\\]|\\.)*")*)\]')
_PARAMETER = re.compile(r' ([^\s=\]"]{1,64})="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r'\\(["\\\]])')


def _structured_data(rest: str) -> tuple[dict[str, object], str]:
    if rest[:1] == "-":
        return {}, rest[2:]
    elements: dict[str, object] = {}
    place = 0
    while (match := _ELEMENT.match(rest, place)) is not None:
        elements[match[1]] = {
            name: _ESCAPED.sub(r"\1", value) for name, value in _PARAMETER.findall(match[2])
        }
        place = match.end()
    return elements, rest[place:].removeprefix(" ")


PARSER = Parser(
    name="syslog",
    title="syslog, RFC 3164 and 5424, with the programs below",
    parse=parse,
    remember=remembering,
    samples=(
        *json_messages.SAMPLES,
        Sample(
            line="<34>Oct 11 22:14:15 mymachine ntpd[311]: kernel reports TIME_ERROR",
            fields={
                "host": "mymachine",
                "program": "ntpd",
                "pid": 311,
                "severity": 2,
                "priority": 34,
            },
            names={"host.name": "mymachine", "message": "kernel reports TIME_ERROR"},
            time="2025-10-11T22:14:15Z",
            category=EXCEPTION,
            logsources=linux("syslog"),
        ),
        Sample(
            line='<165>1 2026-03-01T04:12:09.003Z db-1 evntslog - ID47 [ex@32473 iut="3" '
            'note="a \\"b\\" c"] An application event',
            fields={
                "host": "db-1",
                "program": "evntslog",
                "msgid": "ID47",
                "structured_data": {"ex@32473": {"iut": "3", "note": 'a "b" c'}},
                "message": "An application event",
            },
            time="2026-03-01T04:12:09.003Z",
        ),
        Sample(
            line="Mar  1 04:12:09 vsftpd: started without a host",
            fields={"program": "vsftpd", "message": "started without a host"},
            time="2026-03-01T04:12:09Z",
            logsources=linux("syslog", "vsftpd"),
        ),
        Sample(
            line="Mar  1 04:12:09 web-1 Microsoft Word[77]: a program with a space",
            fields={"host": "web-1", "program": "Microsoft Word", "pid": 77},
        ),
        Sample(
            line="<13>no time at all",
            fields={"message": "no time at all", "facility": 1, "severity": 5},
        ),
    ),
)


def _either(bare: Parse) -> Parse:
    def parse_either(text: str, context: ReadContext) -> Event | None:
        return bare(text, context) or parse(text, context)

    return parse_either


PROGRAM_PARSERS: tuple[Parser, ...] = tuple(
    Parser(
        name=program.name,
        title=program.title,
        parse=parse if program.bare is None else _either(program.bare),
        remember=remembering,
        samples=program.samples,
        automatic=program.bare is not None,
    )
    for program in PROGRAMS
)
"""Each program by its own name; they read every syslog line, as such files hold several."""
