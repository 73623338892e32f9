"""Access logs of nginx and Apache: common, combined, with a virtual host in front or extras behind.

Source: https://httpd.apache.org/docs/2.4/mod/mod_log_config.html; field names of W3C, as Sigma's.
"""

import re
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.phrases import as_integer

_LINE = re.compile(
    r"(?:(?P<vhost>[^\s\"\[]+) (?=[\da-fA-F]*[.:][\da-fA-F.:]* ))?(?P<ip>[^\s\"\[]+) (?P<ident>\S+) (?P<user>\"[^\"\[]*\"|[^\[\"]*?) "
    r"\[(?P<time>[^\]]{1,40})\] (?:[^\s\"]+ )?\"(?P<request>(?:[^\"\\]|\\.)*)\" (?P<status>\d{3}|-) "
    r"(?P<bytes>\d+|-)"
    r"(?: \"(?P<referer>(?:[^\"\\]|\\.)*)\" \"(?P<agent>(?:[^\"\\]|\\.)*)\")?(?P<rest>.*)",
    re.DOTALL,
)
_TIMED = re.compile(
    r"\[(?P<time>[^\]]{1,40})\] (?P<vhost>\S+) (?P<ip>[^\s\"]+) (?P<duration>[\d.]+|-) \"(?P<request>(?:[^\"\\]|\\.)*)\" "
    r"(?P<status>\d{3}) (?P<bytes>\d+)(?: (?P<length>\d+))?(?: (?P<referer>\S+) (?P<agent>.*))?$"
)
LOGSOURCES = (LogSource(category="webserver"),)
NAMES = MappingProxyType(
    {
        "source.ip": "c-ip",
        "user.name": "cs-username",
        "host.name": "s-computername",
        "url.full": "cs-uri",
        "event.action": "cs-method",
        "event.code": "sc-status",
        "message": "request",
    }
)


def parse(text: str, context: ReadContext) -> Event | None:
    """Read one request."""
    match = _LINE.match(text)
    if match is None:
        return _parse_timed(text, context) if text[:1] == "[" else None
    vhost, address, _, user, time, request, status, size, referer, agent, rest = match.groups()
    instant = timestamps.common_log(time.strip(), context) or timestamps.iso(time, context)
    if instant is None:
        return None
    fields: dict[str, object] = {"c-ip": address, "request": request}
    fields.update(request_fields(request))
    if user not in ("-", '""', ""):
        fields["cs-username"] = user.strip('"')
    if vhost is not None:
        fields["cs-host"] = vhost
    code = int(status) if status != "-" else 0
    fields["sc-status"] = code
    fields["sc-bytes"] = 0 if size == "-" else int(size) if len(size) < 19 else size
    if referer is not None:
        fields["cs-referer"] = referer
        fields["cs-user-agent"] = agent
    if context.host:
        fields["s-computername"] = context.host
    if rest and not rest.isspace():
        fields["extra"] = rest.strip()
    return Event(
        "web_access", LOGSOURCES, fields, text, instant[0], instant[1], category_of(code), NAMES
    )


def _parse_timed(text: str, context: ReadContext) -> Event | None:
    """Read the form with the time in front and the host before the client."""
    match = _TIMED.match(text)
    instant = timestamps.common_log(match["time"], context) if match is not None else None
    if match is None or instant is None:
        return _parse_proxy_manager(text, context)
    status = int(match["status"])
    fields: dict[str, object] = {
        "c-ip": match["ip"],
        "cs-host": match["vhost"],
        "request": match["request"],
        "sc-status": status,
        "sc-bytes": as_integer(match["bytes"]),
        "time-taken": match["duration"],
        **request_fields(match["request"]),
    }
    if match["length"]:
        fields["cs-bytes"] = as_integer(match["length"])
    if match["agent"] is not None:
        fields["cs-referer"] = match["referer"]
        fields["cs-user-agent"] = match["agent"].strip('"')
    if context.host:
        fields["s-computername"] = context.host
    return Event("web_access", LOGSOURCES, fields, text, *instant, category_of(status), NAMES)


_PROXY_MANAGER = re.compile(
    r"\[(?P<time>[^\]]{1,40})\] (?:(?P<cache>\S+) )??(?:(?P<upstream_status>\d{3}|-) )?(?P<status>\d{3}) - (?P<method>\S+) "
    r"(?P<scheme>\S+) (?P<vhost>\S+) \"(?P<uri>(?:[^\"\\]|\\.)*)\" \[Client (?P<ip>[^\]]+)\] \[Length (?P<bytes>\d+|-)\] "
    r"\[Gzip (?P<gzip_ratio>[^\]]+)\](?: \[Sent-to (?P<target_server>[^\]]+)\])? \"(?P<agent>(?:[^\"\\]|\\.)*)\" "
    r"\"(?P<referer>(?:[^\"\\]|\\.)*)\""
)


def _parse_proxy_manager(text: str, context: ReadContext) -> Event | None:
    """Read the form of nginx proxy manager."""
    match = _PROXY_MANAGER.match(text)
    instant = timestamps.common_log(match["time"], context) if match is not None else None
    if match is None or instant is None:
        return None
    status = int(match["status"])
    stem, _, query = match["uri"].partition("?")
    fields: dict[str, object] = {
        "c-ip": match["ip"],
        "cs-host": match["vhost"],
        "cs-method": match["method"],
        "cs-uri": match["uri"],
        "cs-uri-stem": stem,
        "cs-uri-query": query,
        "sc-status": status,
        "sc-bytes": match["bytes"],
        "cs-user-agent": match["agent"],
        "cs-referer": match["referer"],
    }
    for name in ("cache", "upstream_status", "scheme", "gzip_ratio", "target_server"):
        if match[name] not in (None, "-"):
            fields[name] = match[name]
    if context.host:
        fields["s-computername"] = context.host
    return Event("web_access", LOGSOURCES, fields, text, *instant, category_of(status), NAMES)


def request_fields(request: str) -> dict[str, object]:
    """Return method, path, query and version of a request line; nothing when it is none."""
    method, _, rest = request.partition(" ")
    uri, _, version = rest.rpartition(" ")
    if not version.startswith("HTTP/"):
        uri, version = rest, ""
    if not uri or not method.isascii() or not method.replace("-", "").replace("_", "").isalnum():
        return {}
    stem, _, query = uri.partition("?")
    fields: dict[str, object] = {
        "cs-method": method,
        "cs-uri": uri,
        "cs-uri-stem": stem,
        "cs-uri-query": query,
    }
    if version:
        fields["cs-version"] = version
    return fields


def join_uri(fields: dict[str, object]) -> None:
    """Give a request that has path and query apart the two in one, as rules may look for either."""
    stem, query = fields.get("cs-uri-stem"), fields.get("cs-uri-query")
    if stem is not None and "cs-uri" not in fields:
        fields["cs-uri"] = stem if query is None else f"{stem}?{query}"


def extension_of(path: str) -> str:
    """Return what follows the last dot of a path's last part, without the dot."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


def category_of(status: int) -> EventCategory:
    """Return the category a status code stands for."""
    if status >= 500:
        return EventCategory.EXCEPTION
    return EventCategory.WARNING if status >= 400 else EventCategory.INFORMATIONAL


PARSER = Parser(
    name="web_access",
    title="nginx and Apache access logs (common, combined, vhost)",
    parse=parse,
    samples=(
        Sample(
            line='203.0.113.9 - mara [01/Mar/2026:04:12:09 +0100] "GET /cgi-bin/x.php?id=1%27 HTTP/1.1" '
            '404 153 "https://example.org/" "sqlmap/1.8"',
            fields={
                "cs-method": "GET",
                "cs-uri-stem": "/cgi-bin/x.php",
                "cs-uri-query": "id=1%27",
                "sc-status": 404,
                "sc-bytes": 153,
                "cs-referer": "https://example.org/",
                "cs-user-agent": "sqlmap/1.8",
            },
            names={"source.ip": "203.0.113.9", "user.name": "mara"},
            time="2026-03-01T03:12:09Z",
            category=EventCategory.WARNING,
            logsources=LOGSOURCES,
        ),
        Sample(
            line='www.example.org:443 2001:db8::7 - - [01/Mar/2026:04:12:09 +0000] "\\x16\\x03\\x01" 400 '
            '0 "-" "a \\"quoted\\" agent"',
            fields={
                "cs-host": "www.example.org:443",
                "request": "\\x16\\x03\\x01",
                "cs-user-agent": 'a \\"quoted\\" agent',
            },
            names={"source.ip": "2001:db8::7"},
            category=EventCategory.WARNING,
        ),
        Sample(
            line='[01/Mar/2026:04:12:09 +0000] www.example.org 203.0.113.9 0.227 "GET /x HTTP/2.0" 207 125 440 - '
            "Mozilla/5.0 (X)",
            fields={"cs-host": "www.example.org", "cs-user-agent": "Mozilla/5.0 (X)"},
            names={"source.ip": "203.0.113.9"},
        ),
        Sample(
            line='203.0.113.9 - - [01/Mar/2026:04:12:09 +0000] "POST /login HTTP/1.0" 503 -',
            fields={"sc-bytes": 0, "cs-version": "HTTP/1.0"},
            category=EventCategory.EXCEPTION,
        ),
        Sample(
            line='203.0.113.9 - "a b" [01/Mar/2026:04:12:09 +0000] "GET /x HTTP/1.1" 200 5 "-" "-" '
            '"192.0.2.1, 203.0.113.9" rt=0.1',
            fields={"extra": '"192.0.2.1, 203.0.113.9" rt=0.1'},
            names={"user.name": "a b", "source.ip": "203.0.113.9"},
        ),
        Sample(
            line='- - - [01/Mar/2026:04:12:09 +0000] "-" 408 - "-" "-"',
            names={"event.code": 408},
            time="2026-03-01T04:12:09Z",
            category=EventCategory.WARNING,
        ),
    ),
)
