"""ArcSight's Common Event Format, with or without a syslog header.

Source: https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors/pdfdoc/common-event-format-v25/common-event-format-v25.pdf
"""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext, TimeQuality
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import (
    INFORMATIONAL,
    MESSAGE_NAMES,
    WARNING,
    Program,
    Reading,
    as_integer,
    logsource_of_device,
)

_HEAD = re.compile(r"(?:CEF:\s*)?(\d+(?:\.\d+)?)\|" + r"((?:[^|\\]|\\.)*)\|" * 6, re.DOTALL)
_KEY = re.compile(r"(?:^|(?<=\s))([\w.\[\]-]{1,128})=")
_ESCAPED = re.compile(r"\\([\\=|nr])")
_PLAIN = {"n": "\n", "r": "\r"}
_HEADINGS = (
    "cef_version",
    "deviceVendor",
    "deviceProduct",
    "deviceVersion",
    "deviceEventClassId",
    "name",
    "severity",
)
NAMES: Mapping[str, str] = MappingProxyType(
    {
        **MESSAGE_NAMES,
        "event.code": "deviceEventClassId",
        "event.action": "act",
        "event.outcome": "outcome",
        "event.severity": "severity",
        "rule.name": "name",
        "observer.name": "deviceProduct",
        "host.name": "dvchost",
        "user.name": "suser",
        "source.ip": "src",
        "source.port": "spt",
        "destination.ip": "dst",
        "destination.port": "dpt",
        "network.transport": "proto",
        "process.name": "sproc",
        "file.path": "filePath",
        "url.full": "request",
        "message": "msg",
    }
)
_TARGET = MappingProxyType({**NAMES, "user.name": "duser"})
_HEADED, _HEADED_TARGET = (
    MappingProxyType({**names, "host.name": "host"}) for names in (NAMES, _TARGET)
)


def read(message: str) -> Reading:
    """Read the message of a syslog line that is a CEF record."""
    fields = _fields(message)
    if fields is None:
        return Reading("syslog", (LogSource(),), {}, INFORMATIONAL, MESSAGE_NAMES)
    names = _HEADED_TARGET if _has_target_only(fields) else _HEADED
    return Reading("cef", _logsources(fields), fields, _category(fields), names)


def parse_bare(text: str, context: ReadContext) -> Event | None:
    """Read a record that stands alone."""
    fields = _fields(text)
    if fields is None:
        return None
    time, quality = _time(fields, context)
    if "dvchost" not in fields and context.host:
        fields["dvchost"] = context.host
    names = _TARGET if _has_target_only(fields) else NAMES
    return Event("cef", _logsources(fields), fields, text, time, quality, _category(fields), names)


def _has_target_only(fields: Mapping[str, object]) -> bool:
    return "duser" in fields and "suser" not in fields


def _fields(text: str) -> dict[str, object] | None:
    head = _HEAD.match(text)
    if head is None:
        return None
    fields: dict[str, object] = {
        name: _plain(value) for name, value in zip(_HEADINGS, head.groups(), strict=True)
    }
    fields["cef_extension"] = text[head.end() :]
    fields.update(_extension(text[head.end() :]))
    for ours, theirs in (
        ("src_ip", "src"),
        ("dst_ip", "dst"),
        ("src_port", "spt"),
        ("dst_port", "dpt"),
        ("action", "act"),
    ):
        if theirs in fields:
            fields[ours] = fields[theirs]
    return fields


def _extension(text: str) -> dict[str, object]:
    """Split `key=value key=value`; a value ends where the next key begins."""
    found = list(_KEY.finditer(text))
    fields: dict[str, object] = {}
    for place, match in enumerate(found):
        end = found[place + 1].start() if place + 1 < len(found) else len(text)
        value = _plain(text[match.end() : end].strip())
        fields[match[1]] = (
            as_integer(value) if match[1] in ("spt", "dpt", "spid", "dpid", "cnt") else value
        )
    for place in range(1, 7):
        # Custom fields come in pairs: cs1Label names what cs1 holds.
        for kind in ("cs", "cn", "cfp", "c6a", "flexString"):
            label = fields.get(f"{kind}{place}Label")
            if isinstance(label, str) and f"{kind}{place}" in fields:
                fields.setdefault(label, fields[f"{kind}{place}"])
    return fields


def _plain(value: str) -> str:
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda match: _PLAIN.get(match[1], match[1]), value)


def _time(fields: dict[str, object], context: ReadContext) -> tuple[datetime | None, TimeQuality]:
    for name in ("rt", "end", "start", "deviceReceiptTime", "UNIFIutcTime"):
        found = timestamps.any_time(fields.get(name), context)
        if found is not None:
            return found
    return None, TimeQuality.NONE


def _logsources(fields: dict[str, object]) -> tuple[LogSource, ...]:
    return logsource_of_device(str(fields["deviceVendor"]))


def _category(fields: dict[str, object]) -> EventCategory:
    severity = str(fields["severity"]).lower()
    number = as_integer(severity)
    grave = number >= 5 if isinstance(number, int) else severity in ("medium", "high", "very-high")
    return WARNING if grave else INFORMATIONAL


PROGRAM = Program(
    name="cef",
    title="Common Event Format",
    tags=("cef",),
    read=read,
    bare=parse_bare,
    samples=(
        Sample(
            line="Mar  1 04:12:09 fw-1 CEF:0|a|b|1|login|Login failed|5|duser=mara src=2001:db8::7",
            names={"user.name": "mara", "source.ip": "2001:db8::7", "host.name": "fw-1"},
            category=WARNING,
        ),
        Sample(
            line="CEF:0|Vendor|Wall|1.0|100|Connection \\| blocked|7|src=203.0.113.9 spt=4433 dst=192.0.2.5 "
            "dpt=22 proto=TCP act=blocked msg=a\\=b and more rt=1772338329123 cs1Label=zone cs1=dmz",
            fields={"name": "Connection | blocked", "msg": "a=b and more", "zone": "dmz", "dst_port": 22},
            names={
                "source.ip": "203.0.113.9", "destination.port": 22, "event.action": "blocked",
                "event.code": "100", "network.transport": "TCP",
            },
            time="2026-03-01T04:12:09.123Z",
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 fw-1 CEF:0|Vendor|Wall|1.0|100|Login|3|suser=mara src=203.0.113.9",
            fields={"deviceProduct": "Wall"},
            names={"host.name": "fw-1", "user.name": "mara", "source.ip": "203.0.113.9"},
            time="2026-03-01T04:12:09Z",
        ),
        Sample(
            line="CEF:0|Fortinet|Forti\\|Gate|7|0100|login \\\\ failed|7|src=2001:db8::7 spt=5 dst=192.0.2.5 "
            "dpt=22 suser=a b msg=line one\\nline\\=two cs1Label=rule cs1=x y act=deny rt=1772338329123",
            names={'event.code': '0100', 'event.action': 'deny', 'event.severity': '7', 'user.name': 'a b', 'source.ip': '2001:db8::7', 'source.port': 5, 'destination.ip': '192.0.2.5', 'destination.port': 22, 'rule.name': 'login \\ failed'},
            time='2026-03-01T04:12:09.123000Z',
            category=WARNING,
        ),
    ),
)  # fmt: skip
