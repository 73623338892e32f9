"""Squid's native access log.

Source: https://wiki.squid-cache.org/Features/LogFormat
"""

import re
from types import MappingProxyType

from socconsole.core.event import Event, LogSource, ReadContext
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.phrases import WARNING, as_integer, as_signed
from socconsole.parsers.web_access import category_of, extension_of

_LINE = re.compile(
    r"(?P<time>\d{9,11}\.\d{3})\s+(?P<duration>-?\d+) (?P<ip>\S+) (?P<result>[A-Z_]+)/(?P<status>\d{3}) "
    r"(?P<size>\d+) (?P<method>\S+) (?P<url>\S+) (?P<user>\S+) (?P<hierarchy>[A-Z_]+)/(?P<peer>\S+) "
    r"(?P<type>\S+)"
)
_HOST = re.compile(
    r"(?:\w+://)?(?:[^/@]*@)?(?P<host>\[[^\]]+\]|[^/:?]+)(?::\d+)?(?P<path>/[^?]*)?(?:\?(?P<query>.*))?"
)
_SOURCES = (LogSource(category="proxy"), LogSource(product="squid"))
_NAMES = MappingProxyType(
    {
        "source.ip": "c-ip",
        "user.name": "cs-username",
        "destination.ip": "dst_ip",
        "url.full": "c-uri",
        "event.action": "cs-method",
        "event.outcome": "result",
        "event.code": "sc-status",
        "host.name": "s-computername",
    }
)


def parse(text: str, context: ReadContext) -> Event | None:
    """Read one request."""
    match = _LINE.match(text)
    instant = timestamps.epoch(match["time"]) if match is not None else None
    if match is None or instant is None:
        return None
    status = int(match["status"])
    fields: dict[str, object] = {
        "c-ip": match["ip"],
        "cs-method": match["method"],
        "c-uri": match["url"],
        "sc-status": status,
        "sc-bytes": as_integer(match["size"]),
        "time-taken": as_signed(match["duration"]),
        "result": match["result"],
        "hierarchy": match["hierarchy"],
        "cs-mime-type": match["type"],
    }
    place = _HOST.match(match["url"])
    if place is not None:
        fields["cs-host"] = place["host"]
        fields["c-uri-stem"] = place["path"] or ""
        fields["c-uri-query"] = place["query"] or ""
        extension = extension_of(place["path"] or "")
        if extension:
            fields["c-uri-extension"] = extension
    if match["user"] != "-":
        fields["cs-username"] = match["user"]
    if match["peer"] != "-":
        fields["dst_ip"] = match["peer"]
    if context.host:
        fields["s-computername"] = context.host
    category = WARNING if "DENIED" in match["result"] else category_of(status)
    return Event("squid", _SOURCES, fields, text, *instant, category, _NAMES)


PARSER = Parser(
    name="squid",
    title="Squid access log",
    parse=parse,
    samples=(
        Sample(
            line="1772338329.125    113 192.0.2.5 TCP_TUNNEL/200 4410 CONNECT evil.example:443 mara "
            "HIER_DIRECT/203.0.113.9 -",
            fields={"cs-host": "evil.example", "cs-method": "CONNECT", "dst_ip": "203.0.113.9"},
            names={"source.ip": "192.0.2.5", "user.name": "mara", "url.full": "evil.example:443"},
            time="2026-03-01T04:12:09.125Z",
            logsources=(LogSource(category="proxy"),),
        ),
        Sample(
            line="1772338329.125      0 192.0.2.5 TCP_DENIED/403 3800 GET http://a.example/x.exe?y=1 - "
            "HIER_NONE/- text/html",
            fields={"c-uri-query": "y=1", "c-uri-stem": "/x.exe", "c-uri-extension": "exe"},
            category=WARNING,
        ),
        Sample(
            line="1772338329.125      0 2001:db8::7 TCP_MISS/200 12 GET "
            "http://user:pw@[2001:db8::9]:8080/a%20b.exe?c=d - HIER_DIRECT/2001:db8::9 "
            "application/x-msdownload",
            names={
                "event.code": 200,
                "event.action": "GET",
                "event.outcome": "TCP_MISS",
                "source.ip": "2001:db8::7",
                "destination.ip": "2001:db8::9",
                "url.full": "http://user:pw@[2001:db8::9]:8080/a%20b.exe?c=d",
            },
            time="2026-03-01T04:12:09.125000Z",
        ),
    ),
)
