"""Error logs of nginx and Apache."""

import re
from types import MappingProxyType

from socconsole.core.event import Event, LogSource, ReadContext
from socconsole.parsers import timestamps
from socconsole.parsers.json_lines import category_of_level
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.phrases import EXCEPTION, INFORMATIONAL, WARNING
from socconsole.parsers.web_access import request_fields

_NGINX = re.compile(
    r"(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(?P<level>\w+)\] (?P<pid>\d+)#(?P<tid>\d+): "
    r"(?:\*(?P<connection>\d+) )?(?P<message>.*)",
    re.DOTALL,
)
_NGINX_PAIR = re.compile(
    r', (client|server|request|upstream|host|referrer|login): ("(?:[^"\\]|\\.)*"|[^,]*)'
)
_APACHE = re.compile(
    r"\[(?P<time>[^\]]{10,40})\] \[(?:(?P<apache_module>[^\]:\s]*):)?(?P<level>\w+)\]"
    r"(?: \[pid (?P<pid>\d+)(?::tid (?P<tid>\d+))?\])?"
    r"(?P<error> (?:\[[^\]]*\] )??\(\w+\)[^\[]*?:)??"
    r"(?: \[(?:remote|client) (?P<client>[^\]\s]+)\])?(?P<more> \[[^\]]*\])*?"
    r"(?: (?P<code>AH\d+):)? (?P<message>.*)",
    re.DOTALL,
)
_NGINX_USER = re.compile(r'user "(?P<user>.*?)"(?: was not found in |: password mismatch)')
_APACHE_USER = re.compile(
    r"(?:AH\d+: )?(?:[Cc]lient|user) (?:'(?P<quoted>.+?)'|(?P<user>\S+?)):? "
    r"(?:not found|authentication failure|in realm|denied|: |wrong|.*password)"
)
_WITH_PORT = re.compile(
    r"(?P<address>[^:\s]+|\[?[0-9a-fA-F:]*::[0-9a-fA-F:]*\]?|(?:[0-9a-fA-F]+:){7}[0-9a-fA-F]+):(?P<port>\d+)$"
)
_NGINX_SOURCES = (LogSource(service="nginx"),)
_APACHE_SOURCES = (LogSource(service="apache"),)
NAMES = MappingProxyType(
    {
        "source.ip": "client",
        "source.port": "client_port",
        "user.name": "user",
        "host.name": "s-computername",
        "url.full": "cs-uri",
        "process.pid": "pid",
        "event.code": "code",
        "event.severity": "level",
        "message": "message",
    }
)


def parse_nginx(text: str, context: ReadContext) -> Event | None:
    """Read a line of nginx's error log."""
    match = _NGINX.match(text)
    if match is None:
        return None
    instant = timestamps.iso(match["time"], context)
    if instant is None:
        return None
    fields = _groups(match)
    message = match["message"]
    for name, value in _NGINX_PAIR.findall(message):
        fields[name] = value[1:-1] if value[:1] == '"' else value
    request = fields.get("request")
    if isinstance(request, str):
        fields.update(request_fields(request))
    user = _NGINX_USER.match(message)
    if user is not None:
        fields["user"] = user["user"]
    return _event("nginx_error", _NGINX_SOURCES, fields, text, instant, context)


def parse_apache(text: str, context: ReadContext) -> Event | None:
    """Read a line of Apache's error log, 2.2 or 2.4."""
    if text[:1] != "[":
        return None
    match = _APACHE.match(text)
    if match is None:
        return None
    instant = timestamps.c_time(match["time"], context) or timestamps.iso(match["time"], context)
    if instant is None:
        return None
    fields = _groups(match)
    client = match["client"]
    if client is not None:
        ported = _WITH_PORT.match(client)
        if ported is not None:
            fields["client"] = ported["address"].strip("[]")
            fields["client_port"] = int(ported["port"])
    error = fields.get("error")
    if isinstance(error, str):
        fields["error"] = error.strip().removesuffix(":")
    user = _APACHE_USER.match(match["message"])
    if user is not None:
        fields["user"] = user["quoted"] or user["user"]
    return _event("apache_error", _APACHE_SOURCES, fields, text, instant, context)


def _groups(match: re.Match[str]) -> dict[str, object]:
    fields: dict[str, object] = {
        name: value
        for name, value in match.groupdict().items()
        if value is not None and name not in ("time", "more")
    }
    for name in ("pid", "tid"):
        value = match[name]
        if value is not None:
            fields[name] = int(value)
    return fields


def _event(
    name: str,
    logsources: tuple[LogSource, ...],
    fields: dict[str, object],
    text: str,
    instant: timestamps.Instant,
    context: ReadContext,
) -> Event:
    if context.host:
        fields["s-computername"] = context.host
    category = category_of_level(fields["level"])
    if category is EXCEPTION and "client" in fields:
        # What a client provokes is worth a look; the service itself is not in trouble.
        category = WARNING
    return Event(name, logsources, fields, text, instant[0], instant[1], category, NAMES)


NGINX = Parser(
    name="nginx_error",
    title="nginx error log",
    parse=parse_nginx,
    samples=(
        Sample(
            line='2026/03/01 04:12:09 [error] 19258#19258: *17 user "foo" was not found in "/tmp/a", '
            'client: 203.0.113.9, server: _, request: "GET /x?y HTTP/1.1", host: "localhost"',
            fields={"level": "error", "server": "_", "cs-uri-query": "y", "host": "localhost"},
            names={"source.ip": "203.0.113.9", "user.name": "foo", "process.pid": 19258},
            time="2026-03-01T04:12:09Z",
            category=WARNING,
            logsources=_NGINX_SOURCES,
        ),
        Sample(
            line="2026/03/01 04:12:09 [alert] 7#7: worker process 9 exited on signal 11",
            category=EXCEPTION,
        ),
    ),
)
APACHE = Parser(
    name="apache_error",
    title="Apache error log",
    parse=parse_apache,
    samples=(
        Sample(
            line="[Sun Mar 01 04:12:09.123456 2026] [auth_basic:error] [pid 123:tid 140] "
            '[client 203.0.113.9:5678] AH01617: user mallory: authentication failure for "/": '
            "Password Mismatch",
            fields={"apache_module": "auth_basic", "code": "AH01617"},
            names={"source.ip": "203.0.113.9", "source.port": 5678, "user.name": "mallory"},
            time="2026-03-01T04:12:09.123456Z",
            category=WARNING,
            logsources=_APACHE_SOURCES,
        ),
        Sample(
            line="[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok /etc/httpd/conf/w.properties",
            fields={"level": "notice"},
            time="2005-12-04T04:47:44Z",
            category=INFORMATIONAL,
        ),
        Sample(
            line="[Sun Mar 01 04:12:09 2026] [error] [client 2001:db8::7] File does not exist: /x",
            names={"source.ip": "2001:db8::7"},
            category=WARNING,
        ),
        Sample(
            line="[Sun Mar 01 04:12:09.1 2026] [mpm:emerg] [pid 1] (98)Address already in use: AH00072: "
            "could not bind",
            category=EXCEPTION,
        ),
    ),
)
