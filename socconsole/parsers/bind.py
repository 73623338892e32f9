"""BIND's query, security and transfer messages, in its own log or through syslog."""

import re
from types import MappingProxyType

from socconsole.core.event import Event, LogSource, ReadContext, TimeQuality
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import (
    INFORMATIONAL,
    MESSAGE_NAMES,
    WARNING,
    Program,
    Reading,
    as_integer,
)

_SOURCES = (LogSource(category="dns"), LogSource(product="linux", service="named"))
_NAMES = MappingProxyType({**MESSAGE_NAMES, "dns.question.name": "query"})
_LINE = re.compile(
    r"(?:(?P<time>\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d+)?) )?"
    r"(?P<more>(?:[a-z-]+: ){0,3})(?P<message>client (?:@0x[0-9a-f]+ )?\S+#\d+.*)$"
)
_MESSAGE = re.compile(
    r"(?:[a-z-]+: ){0,3}client (?:@0x[0-9a-f]+ )?(?P<address>\S+?)#(?P<port>\d+)(?: \((?P<zone>[^)]*)\))?: (?P<rest>.*)"
)
_QUERY = re.compile(r"query: (?P<query>\S+) (?P<class>IN|CH|HS|ANY) (?P<type>\S+)")
_QUOTED = re.compile(r"'(?P<query>[^/']*)(?:/(?P<type>[\w-]+))?/(?P<class>\w+)'")
_TIME = re.compile(r"(\d\d)-([A-Z][a-z]{2})-(\d{4}) (.*)")


def read(message: str) -> Reading:
    """Read what named says of a client."""
    match = _MESSAGE.match(message)
    if match is None:
        return Reading("bind", _SOURCES, {}, INFORMATIONAL, _NAMES)
    rest = match["rest"]
    fields: dict[str, object] = {
        "source_ip": match["address"],
        "source_port": as_integer(match["port"]),
        "text": rest,
    }
    question = _QUERY.search(rest) or _QUOTED.search(rest)
    if question is not None:
        fields["query"] = question["query"]
        fields["query_class"] = question["class"]
        if question["type"]:
            fields["record_type"] = question["type"]
    elif match["zone"]:
        fields["query"] = match["zone"]
    # What is asked for is a stranger's to choose: its words say nothing of the answer.
    said = rest if question is None else rest[: question.start()] + rest[question.end() :]
    denied = "denied" in said or "bad zone transfer" in said or "limit" in said
    if denied:
        fields["outcome"] = "failure"
    fields["action"] = "transfer" if "zone transfer" in said else "query"
    return Reading("bind", _SOURCES, fields, WARNING if denied else INFORMATIONAL, _NAMES)


def parse_bare(text: str, context: ReadContext) -> Event | None:
    """Read a line of BIND's own log files."""
    match = _LINE.match(text)
    if match is None:
        return None
    reading = read(match["message"])
    fields: dict[str, object] = {"message": match["message"]}
    if match["more"]:
        fields["category"] = match["more"].strip().rstrip(":")
    if context.host:
        fields["host"] = context.host
    fields.update(reading.fields)
    time, quality = None, TimeQuality.NONE
    stamp = _TIME.match(match["time"]) if match["time"] else None
    if stamp is not None:
        written = f"{stamp[2]} {stamp[1]} {stamp[3]} {stamp[4]}"
        time, quality = timestamps.without_year(written, context) or (None, TimeQuality.NONE)
    return Event("bind", _SOURCES, fields, text, time, quality, reading.category, _NAMES)


PROGRAM = Program(
    name="bind",
    title="BIND",
    tags=("named", "bind", "bind9"),
    read=read,
    bare=parse_bare,
    samples=(
        Sample(
            line="01-Mar-2026 04:12:09.425 queries: info: client @0x7f65 192.0.2.5#3076 (a.example): query: "
            "a.example IN TXT +E(0)K (192.0.2.1)",
            fields={"query": "a.example", "record_type": "TXT"},
            names={"source.ip": "192.0.2.5", "dns.question.name": "a.example", "source.port": 3076},
            time="2026-03-01T04:12:09.425Z",
            logsources=(LogSource(category="dns"),),
        ),
        Sample(
            line="Mar  1 04:12:09 ns-1 named[7]: client @0x7f 2001:db8::7#3076 (a.example): zone transfer "
            "'a.example/AXFR/IN' denied",
            fields={"record_type": "AXFR", "outcome": "failure"},
            names={"source.ip": "2001:db8::7", "event.action": "transfer"},
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 ns-1 named[9]: client @0x7f 2001:db8::7#50112 (a.example): view "
            "internal: query: a.example IN AAAA +E(0)K (192.0.2.1)",
            names={
                "event.action": "query",
                "host.name": "ns-1",
                "source.ip": "2001:db8::7",
                "source.port": 50112,
                "dns.question.name": "a.example",
            },
            time="2026-03-01T04:12:09Z",
        ),
        Sample(
            line="Mar  1 04:12:09 ns-1 named[9]: client @0x7f 192.0.2.5#5 (denied.limit.example): query: "
            "denied.limit.example IN A + (192.0.2.1)",
            fields={
                "query": "denied.limit.example",
                "record_type": "A",
                "text": "query: denied.limit.example IN A + (192.0.2.1)",
            },
            names={"event.action": "query"},
        ),
        Sample(
            line="01-Mar-2026 04:12:09.123 client 203.0.113.9#4: zone transfer 'example.org/AXFR/IN' denied",
            names={
                "event.action": "transfer",
                "event.outcome": "failure",
                "source.ip": "203.0.113.9",
                "source.port": 4,
                "dns.question.name": "example.org",
            },
            time="2026-03-01T04:12:09.123000Z",
            category=WARNING,
        ),
    ),
)
