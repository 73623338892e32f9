"""Suricata's and Snort's one-line alerts (fast.log)."""

import re

from socconsole.core.event import Event, LogSource, ReadContext
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.phrases import WARNING, as_integer

_LINE = re.compile(
    r"(?P<month>\d\d)/(?P<day>\d\d)/(?P<year>\d{4})-(?P<clock>\d\d:\d\d:\d\d\.\d+)\s+(?:\[(?P<verdict>\w+)\]\s+)?"
    r"\[\*\*\] \[(?P<gid>\d+):(?P<sid>\d+):(?P<rev>\d+)\] (?P<signature>.*?) \[\*\*\] "
    r"(?:\[Classification: (?P<classification>[^\]]*)\] )?\[Priority: (?P<priority>\d+)\] "
    r"\{(?P<proto>[^}]*)\} (?P<src_ip>[^\s]+?)(?::(?P<src_port>\d+))? -> (?P<dst_ip>\S+?)(?::(?P<dst_port>\d+))?$"
)
_SOURCES = (LogSource(product="suricata", service="alert"),)
_NAMES = {
    "source.ip": "src_ip",
    "source.port": "src_port",
    "destination.ip": "dst_ip",
    "destination.port": "dst_port",
    "network.transport": "proto",
    "rule.name": "signature",
    "event.code": "sid",
    "event.category": "classification",
    "event.severity": "priority",
    "event.action": "verdict",
    "message": "signature",
    "host.name": "host",
}


def parse(text: str, context: ReadContext) -> Event | None:
    """Read one alert."""
    match = _LINE.match(text)
    if match is None:
        return None
    written = f"{match['year']}-{match['month']}-{match['day']}T{match['clock']}"
    instant = timestamps.iso(written, context)
    if instant is None:
        return None
    fields: dict[str, object] = {
        name: as_integer(value)
        if name in ("src_port", "dst_port", "priority", "sid", "gid", "rev")
        else value
        for name, value in match.groupdict().items()
        if value is not None and name not in ("year", "month", "day", "clock")
    }
    if context.host:
        fields["host"] = context.host
    return Event("suricata_fast", _SOURCES, fields, text, *instant, WARNING, _NAMES)


PARSER = Parser(
    name="suricata_fast",
    title="Suricata and Snort fast.log",
    parse=parse,
    samples=(
        Sample(
            line="03/01/2026-04:12:09.602492  [**] [1:2034125:4] ET EXPLOIT Traversal M2 [**] [Classification: "
            "Attempted Admin] [Priority: 1] {TCP} 203.0.113.9:36288 -> 192.0.2.5:80",
            fields={"sid": 2034125, "priority": 1},
            names={
                "source.ip": "203.0.113.9",
                "destination.port": 80,
                "rule.name": "ET EXPLOIT Traversal M2",
            },
            time="2026-03-01T04:12:09.602492Z",
            category=WARNING,
        ),
        Sample(
            line='03/01/2026-04:12:09.123456  [**] [1:2001219:20] ET SCAN "Potential" SSH [**] '
            "[Classification: Attempted Information Leak] [Priority: 2] {TCP} "
            "2001:0db8:0000:0000:0000:0000:0000:0007:50112 -> 2001:db8::9:22",
            names={
                "event.code": 2001219,
                "event.category": "Attempted Information Leak",
                "event.severity": 2,
                "source.ip": "2001:0db8:0000:0000:0000:0000:0000:0007",
                "source.port": 50112,
                "destination.ip": "2001:db8::9",
                "destination.port": 22,
                "network.transport": "TCP",
                "rule.name": 'ET SCAN "Potential" SSH',
            },
            time="2026-03-01T04:12:09.123456Z",
            category=WARNING,
        ),
        Sample(
            line="03/01/2026-04:12:09.123456  [Drop] [**] [1:1:1] x [**] [Priority: 3] {ICMP} "
            "203.0.113.9:8 -> 192.0.2.5:0",
            names={
                "event.code": 1,
                "event.action": "Drop",
                "event.severity": 3,
                "source.ip": "203.0.113.9",
                "source.port": 8,
                "destination.ip": "192.0.2.5",
                "destination.port": 0,
                "network.transport": "ICMP",
                "rule.name": "x",
            },
            time="2026-03-01T04:12:09.123456Z",
            category=WARNING,
        ),
    ),
)
