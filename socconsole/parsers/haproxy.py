"""HAProxy's HTTP and TCP logs, with or without a syslog header.

Source: https://docs.haproxy.org/3.0/configuration.html#8.2
"""

import re
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Sample
from socconsole.parsers.phrases import (
    EXCEPTION,
    INFORMATIONAL,
    MAINTENANCE,
    MESSAGE_NAMES,
    WARNING,
    Program,
    Reading,
    as_integer,
    as_signed,
)
from socconsole.parsers.web_access import category_of, request_fields

_HEAD = re.compile(
    r"(?P<ip>\S+):(?P<port>\d+) \[(?P<time>[^\]]{20,30})\] (?P<frontend>[^\s/]+)(?P<rest>.*)",
    re.DOTALL,
)
_HTTP = re.compile(
    r" (?P<backend>[^\s/]+)/(?P<server>\S+) (?P<timers>[\d+/-]+) (?P<status>-?\d+) (?P<bytes>\+?\d+) "
    r"(?P<request_cookie>\S+) (?P<response_cookie>\S+) (?P<termination>\S{4}) "
    r"(?P<connections>[\d+/]+) (?P<queues>\d+/\d+)(?P<captured>(?: \{[^}]*\}){0,2}) \"(?P<request>.*?)\"?$",
    re.DOTALL,
)
_TCP = re.compile(
    r" (?P<backend>[^\s/]+)/(?P<server>\S+) (?P<timers>[\d+/-]+) (?P<bytes>\+?\d+) (?P<termination>\S{2}) "
    r"(?P<connections>[\d+/]+) (?P<queues>\d+/\d+)"
)
_PROBLEM = re.compile(r"/(?P<bind>[^\s:]+): (?P<reason>.*)$", re.DOTALL)
_TIMERS = (
    "time_request",
    "time_queue",
    "time_backend_connect",
    "time_backend_response",
    "time_duration",
)
_COUNTS = ("actconn", "feconn", "beconn", "srvconn", "retries")
_SOURCES = (LogSource(category="webserver"), LogSource(product="haproxy", service="haproxy"))
_NAMES = MappingProxyType(
    {
        **MESSAGE_NAMES,
        "source.ip": "c-ip",
        "source.port": "c-port",
        "url.full": "cs-uri",
        "event.action": "cs-method",
        "event.code": "sc-status",
        "observer.name": "frontend_name",
    }
)


def read(message: str) -> Reading:
    """Read a request, a connection, a handshake that failed, or plain words."""
    found = _read(message)
    if found is not None:
        fields, category = found
        return Reading("haproxy", _SOURCES, fields, category, _NAMES)
    category = INFORMATIONAL
    if message.startswith(("Server ", "backend ", "Proxy ", "Stopping ", "New worker")):
        broken = " is DOWN" in message or " has no server available" in message
        category = EXCEPTION if broken else MAINTENANCE
    return Reading("haproxy", _SOURCES, {}, category, _NAMES)


def parse_bare(text: str, context: ReadContext) -> Event | None:
    """Read a line without a syslog header."""
    found = _read(text)
    if found is None:
        return None
    fields, category = found
    instant = timestamps.common_log(str(fields["accept_date"]), context)
    if instant is None:
        return None
    if context.host:
        fields["host"] = context.host
    return Event("haproxy", _SOURCES, fields, text, *instant, category, _NAMES)


def _read(message: str) -> tuple[dict[str, object], EventCategory] | None:
    head = _HEAD.match(message)
    if head is None:
        return None
    address = head["ip"]
    if address.lower().startswith("::ffff:") and "." in address:
        address = address[7:]
    fields: dict[str, object] = {
        "c-ip": address,
        "c-port": as_integer(head["port"]),
        "accept_date": head["time"],
        "frontend_name": head["frontend"],
    }
    rest = head["rest"]
    http = _HTTP.match(rest)
    if http is not None:
        return fields, _add_http(fields, http)
    tcp = _TCP.match(rest)
    if tcp is not None:
        _add_common(fields, tcp)
        return fields, INFORMATIONAL
    problem = _PROBLEM.match(rest)
    if problem is None:
        return None
    fields["server_name"], fields["reason"] = problem["bind"], problem["reason"]
    return fields, WARNING


def _add_http(fields: dict[str, object], match: re.Match[str]) -> EventCategory:
    _add_common(fields, match)
    status = as_signed(match["status"])
    fields["sc-status"] = status
    fields["request"] = match["request"]
    fields["captured_request_cookie"] = match["request_cookie"]
    fields["captured_response_cookie"] = match["response_cookie"]
    fields.update(request_fields(match["request"]))
    if match["captured"]:
        fields["captured_headers"] = match["captured"].strip()
    return category_of(status) if isinstance(status, int) else INFORMATIONAL


def _add_common(fields: dict[str, object], match: re.Match[str]) -> None:
    fields["backend_name"], fields["server_name"] = match["backend"], match["server"]
    fields["sc-bytes"] = as_integer(match["bytes"])
    fields["termination_state"] = match["termination"]
    fields["timers"] = match["timers"]
    fields.update(
        zip(
            _TIMERS if match["timers"].count("/") == 4 else _TIMERS[1:3] + _TIMERS[4:],
            match["timers"].split("/"),
            strict=False,
        )
    )
    fields.update(zip(_COUNTS, match["connections"].split("/"), strict=False))
    fields.update(zip(("srv_queue", "backend_queue"), match["queues"].split("/"), strict=False))


PROGRAM = Program(
    name="haproxy",
    title="HAProxy",
    tags=("haproxy",),
    read=read,
    bare=parse_bare,
    samples=(
        Sample(
            line="Mar  1 04:12:09 lb-1 haproxy[760]: 203.0.113.9:58444 [01/Mar/2026:04:12:08.439] main~ "
            'app/app1 1939/0/1/0/1940 403 5168 - - ---- 3/3/0/0/0 0/0 "GET /a?b=c HTTP/1.1"',
            fields={
                "frontend_name": "main~",
                "server_name": "app1",
                "sc-status": 403,
                "cs-uri-query": "b=c",
            },
            names={"source.ip": "203.0.113.9", "source.port": 58444, "host.name": "lb-1"},
            time="2026-03-01T04:12:09Z",
            category=WARNING,
            logsources=(LogSource(category="webserver"),),
        ),
        Sample(
            line="2001:db8::7:50033 [01/Mar/2026:04:12:08.439] frontend/bind: SSL handshake failure",
            fields={"reason": "SSL handshake failure"},
            names={"source.ip": "2001:db8::7"},
            time="2026-03-01T04:12:08.439Z",
            category=WARNING,
        ),
        Sample(
            line="Mar  1 04:12:09 lb-1 haproxy[9]: 2001:db8::7:50112 [01/Mar/2026:04:12:09.123] fe~ "
            'be/web-1 0/0/1/2/3 200 77 - - ---- 1/1/0/0/0 0/0 {a.example|curl/8} "GET /x?y=\\"1\\" '
            'HTTP/1.1"',
            names={
                "event.code": 200,
                "event.action": "GET",
                "host.name": "lb-1",
                "source.ip": "2001:db8::7",
                "source.port": 50112,
                "url.full": '/x?y=\\"1\\"',
            },
            time="2026-03-01T04:12:09Z",
        ),
        Sample(
            line="Mar  1 04:12:09 lb-1 haproxy[9]: Server be/web-1 is DOWN, reason: Layer4 timeout, check "
            "duration: 2001ms. 0 active and 0 backup servers left.",
            names={"host.name": "lb-1"},
            time="2026-03-01T04:12:09Z",
            category=EXCEPTION,
        ),
    ),
)
