"""key=value lines: logfmt, and the like of FortiGate."""

import re
from datetime import datetime

from socconsole.core.event import Event, LogSource, ReadContext, TimeQuality
from socconsole.parsers import timestamps
from socconsole.parsers.json_lines import category_of_level, find_time, guess_names
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.phrases import EXCEPTION, WARNING, logsource_of_device

_PAIR = re.compile(r'([A-Za-z_@][\w.@/-]{0,127})=("(?:[^"\\]|\\.)*"|[^\s"]*)(?:\s+|,\s*|$)')
_FLAG = re.compile(r"([A-Za-z_][\w.-]{0,63})(?:\s+|$)")
_ESCAPED = re.compile(r'\\(["\\])')
_LEVELS = ("level", "lvl", "severity", "crlevel")
_NO_SOURCE = (LogSource(),)
_MOST_FIELDS = 500


def parse(text: str, context: ReadContext) -> Event | None:
    """Read a line that is nothing but pairs, at least two of them."""
    fields: dict[str, object] = {}
    place = 0
    start = text.find(">") + 1 if text[:1] == "<" else 0
    place = start
    flags = 0
    while len(fields) <= _MOST_FIELDS:
        match = _PAIR.match(text, place)
        if match is not None:
            fields[match[1]] = _unquoted(match[2])
        elif (match := _FLAG.match(text, place)) is not None:
            fields[match[1]] = True
            flags += 1
        else:
            break
        place = match.end()
    # A word alone is true; more of them than pairs is a sentence.
    if len(fields) - flags < max(2, 2 * flags) or place < len(text.rstrip()):
        return None
    time, quality = _time(fields, context)
    level = next((fields[name] for name in _LEVELS if name in fields), None)
    is_fortigate = "logid" in fields and ("devid" in fields or "vd" in fields)
    names = dict(guess_names(fields))
    if is_fortigate:
        names |= _FORTIGATE
        if "srcip" not in fields and "remip" in fields:
            names["source.ip"] = "remip"
    category = category_of_level(level)
    if fields.get("status") == "failed" or fields.get("action") in (
        "deny",
        "blocked",
        "ssl-login-fail",
    ):
        category = WARNING
    logsources = logsource_of_device("fortinet") if is_fortigate else _NO_SOURCE
    return Event("logfmt", logsources, fields, text, time, quality, category, names)


def _unquoted(value: str) -> str:
    return _ESCAPED.sub(r"\1", value[1:-1]) if value[:1] == '"' else value


_FORTIGATE = {
    "host.name": "devname",
    "source.ip": "srcip",
    "source.port": "srcport",
    "destination.ip": "dstip",
    "destination.port": "dstport",
    "event.action": "action",
    "event.code": "logid",
}


def _time(fields: dict[str, object], context: ReadContext) -> tuple[datetime | None, TimeQuality]:
    date, clock = fields.get("date"), fields.get("time")
    if isinstance(date, str) and isinstance(clock, str):
        zone = fields.get("tz", "")
        found = timestamps.any_time(f"{date} {clock}{zone}", context)
        if found is not None:
            return found
    return find_time(fields, context)


PARSER = Parser(
    name="logfmt",
    title="key=value lines (logfmt, FortiGate)",
    parse=parse,
    is_general=True,
    samples=(
        Sample(
            line='date=2026-03-01 time=04:12:09 devname="fw-1" devid="FG1" logid="0100044546" type="event" subtype="system" '
            'level="information" vd="root" logdesc="Attribute configured" user="admin" ui="https(203.0.113.9)" '
            'action="Edit" cfgpath="system.admin" cfgobj="x" msg="Edit \\"x\\" done"',
            fields={"cfgpath": "system.admin", "action": "Edit", "msg": 'Edit "x" done'},
            names={"user.name": "admin", "host.name": "fw-1"},
            logsources=(LogSource(product="fortigate", service="event"),),
        ),
        Sample(
            line='time=2026-03-01T04:12:09Z level=error msg="disk \\"a\\" full" user=mara remote_ip=203.0.113.9',
            fields={"msg": 'disk "a" full'},
            names={"user.name": "mara", "source.ip": "203.0.113.9", "message": 'disk "a" full'},
            time="2026-03-01T04:12:09Z",
            category=category_of_level("error"),
        ),
        Sample(
            line='date=2026-03-01 time=04:12:09 devname="fw-1" devid="FG1" logid="0100032002" type="event" '
            'level="alert" srcip=203.0.113.9 user="admin" action="login" status="failed" tz="+0100"',
            names={"host.name": "fw-1", "source.ip": "203.0.113.9", "user.name": "admin"},
            time="2026-03-01T03:12:09Z",
            category=WARNING,
            logsources=(LogSource(product="fortigate", service="event"),),
        ),
        Sample(
            line='ts=2026-03-01T04:12:09Z level=error msg="a \\"b\\" c" user=mara src_ip=2001:db8::7 empty= flag',
            names={"user.name": "mara", "source.ip": "2001:db8::7"},
            time="2026-03-01T04:12:09Z",
            category=EXCEPTION,
        ),
    ),
)
