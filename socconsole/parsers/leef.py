"""QRadar's Log Event Extended Format 1.0 and 2.0, with or without a syslog header.

Source: https://www.ibm.com/docs/en/dsm?topic=leef-overview
"""

import re
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

_HEAD = re.compile(
    r"(?:LEEF:\s*)?(?P<version>[12]\.0)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|(.*)", re.DOTALL
)
_NAMES = MappingProxyType(
    {
        **MESSAGE_NAMES,
        "event.code": "eventId",
        "event.category": "cat",
        "event.severity": "sev",
        "event.action": "action",
        "observer.name": "deviceProduct",
        "user.name": "usrName",
        "source.ip": "src",
        "source.port": "srcPort",
        "destination.ip": "dst",
        "destination.port": "dstPort",
        "network.transport": "proto",
        "url.full": "url",
        "message": "msg",
    }
)


def read(message: str) -> Reading:
    """Read the message of a syslog line that is a LEEF record."""
    fields = _fields(message)
    if fields is None:
        return Reading("syslog", (LogSource(),), {}, INFORMATIONAL, MESSAGE_NAMES)
    return Reading("leef", _logsources(fields), fields, _category(fields), _NAMES)


def parse_bare(text: str, context: ReadContext) -> Event | None:
    """Read a record that stands alone."""
    fields = _fields(text)
    if fields is None:
        return None
    if context.host:
        fields.setdefault("host", context.host)
    time, quality = timestamps.any_time(fields.get("devTime"), context) or (None, TimeQuality.NONE)
    return Event(
        "leef", _logsources(fields), fields, text, time, quality, _category(fields), _NAMES
    )


def _fields(text: str) -> dict[str, object] | None:
    head = _HEAD.match(text)
    if head is None:
        return None
    version, vendor, product, device_version, event_id, rest = head.groups()
    delimiter = "\t"
    if version == "2.0":
        mark, bar, after = rest.partition("|")
        if bar and (len(mark) <= 1 or re.fullmatch(r"0?x[0-9A-Fa-f]{1,4}", mark)):
            delimiter, rest = _delimiter(mark), after
    fields: dict[str, object] = {
        "leef_version": version,
        "deviceVendor": vendor,
        "deviceProduct": product,
        "deviceVersion": device_version,
        "eventId": event_id,
    }
    for item in rest.split(delimiter):
        name, sign, value = item.partition("=")
        if sign and name:
            name = name.strip()
            fields[name] = as_integer(value) if name in ("srcPort", "dstPort") else value
    for ours, theirs in (("src_ip", "src"), ("dst_ip", "dst"), ("dst_port", "dstPort")):
        if theirs in fields:
            fields[ours] = fields[theirs]
    return fields


def _delimiter(mark: str) -> str:
    return chr(int(mark.lower().lstrip("0x") or "9", 16)) if len(mark) > 1 else mark or "\t"


def _logsources(fields: dict[str, object]) -> tuple[LogSource, ...]:
    return logsource_of_device(str(fields["deviceVendor"]))


def _category(fields: dict[str, object]) -> EventCategory:
    severity = as_integer(str(fields.get("sev", "")))
    return WARNING if isinstance(severity, int) and severity >= 5 else INFORMATIONAL


PROGRAM = Program(
    name="leef",
    title="Log Event Extended Format",
    tags=("leef",),
    read=read,
    bare=parse_bare,
    samples=(
        Sample(
            line="LEEF:1.0|Vendor|Wall|4.0|block|src=203.0.113.9\tdst=192.0.2.5\tdstPort=22\tsev=7\t"
            "usrName=mara\tdevTime=Mar 01 2026 04:12:09",
            fields={"eventId": "block", "dst_port": 22},
            names={"source.ip": "203.0.113.9", "user.name": "mara"},
            time="2026-03-01T04:12:09Z",
            category=WARNING,
        ),
        Sample(
            line="<13>Mar  1 04:12:09 fw-1 LEEF:2.0|Vendor|Wall|4.0|login|^|src=203.0.113.9^usrName=mara",
            names={"host.name": "fw-1", "source.ip": "203.0.113.9", "event.code": "login"},
            time="2026-03-01T04:12:09Z",
        ),
        Sample(
            line="LEEF:2.0|Vendor|Product|1|login|^|src=2001:db8::7^usrName=mara^devTime=Mar 01 2026 "
            "04:12:09^sev=7",
            names={
                "event.code": "login",
                "event.severity": "7",
                "user.name": "mara",
                "source.ip": "2001:db8::7",
            },
            time="2026-03-01T04:12:09Z",
            category=WARNING,
        ),
    ),
)
