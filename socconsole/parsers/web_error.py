"""Error logs of nginx and Apache."""

import re
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext
from socconsole.parsers import timestamps
from socconsole.parsers.json_lines import category_of_level
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.phrases import (
    EXCEPTION,
    INFORMATIONAL,
    MESSAGE_NAMES,
    WARNING,
    Program,
    Reading,
    as_integer,
)
from socconsole.parsers.web_access import request_fields

_NGINX = re.compile(
    r"(?:\S+ nginx(?:\[\d+\])?: |nginx: ){0,3}(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(?P<level>\w+)\] (?P<pid>\d+)#(?P<tid>\d+): "
    r"(?:\*(?P<connection>\d+) )?(?P<message>.*)",
    re.DOTALL,
)
_NGINX_PAIR = re.compile(
    r', (client|server|request|upstream|host|referrer|login): ("(?:[^"\\]|\\.)*"|[^,]*)'
)
_NGINX_FAILED = re.compile(r'client login failed: "(?P<auth_result>[^"]*)"')
_NGINX_OPENED = re.compile(r"client (?P<client>\S+) connected to (?P<server>\S+)$")
_APACHE = re.compile(
    r"(?:\[(?P<time>[^\]]{10,40})\] )?\[(?:(?P<apache_module>[^\]:\s]*):)?(?P<level>emerg|alert|crit|error|warn|notice|info|debug|trace\d?)\]"
    r"(?: \[pid (?P<pid>\d+)(?::tid (?P<tid>\d+))?\])?"
    r"(?P<error> (?:\[[^\]]*\] )??\(\w+\)[^\[]*?:)??"
    r"(?: \[(?:remote|client) (?P<client>\[[^\]]+\](?::\d+)?|[^\]\s]+)\])?(?P<more> \[[^\]]*\])*?"
    r"(?: (?P<code>AH\d+):)? (?P<message>.*)",
    re.DOTALL,
)
_NGINX_USER = re.compile(
    r"(?:PAM: )?user ['\"](?P<user>.*?)['\"](?: was not found in |: password mismatch| - not authenticated)"
)
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
        "destination.ip": "server_ip",
        "destination.port": "server_port",
        "user.name": "user",
        "host.name": "s-computername",
        "url.full": "cs-uri",
        "process.pid": "pid",
        "event.code": "code",
        "event.severity": "level",
        "message": "message",
    }
)

_HEADED = MappingProxyType({**MESSAGE_NAMES, **NAMES, "host.name": "host"})


def parse_nginx(text: str, context: ReadContext) -> Event | None:
    """Read a line of nginx's error log."""
    match = _NGINX.match(text)
    if match is None:
        return None
    instant = timestamps.iso(match["time"], context)
    if instant is None:
        return None
    return _event("nginx_error", _NGINX_SOURCES, _nginx_fields(match), text, instant, context)


def _nginx_fields(match: re.Match[str]) -> dict[str, object]:
    fields = _groups(match)
    message = match["message"]
    fields["reason"] = _NGINX_PAIR.split(message, maxsplit=1)[0]
    for name, value in _NGINX_PAIR.findall(message):
        fields[name] = value[1:-1] if value[:1] == '"' else value
    _add_connection(fields, message)
    request = fields.get("request")
    if isinstance(request, str):
        fields.update(request_fields(request))
    user = _NGINX_USER.match(message)
    if user is not None:
        fields["user"] = user["user"]
    return fields


def _add_connection(fields: dict[str, object], message: str) -> None:
    """Add the addresses of a mail or stream proxy's two sides."""
    opened = _NGINX_OPENED.match(message)
    if opened is not None:
        fields["client"], fields["server"] = opened["client"], opened["server"]
    for side in ("client", "server", "upstream"):
        ported = _WITH_PORT.match(str(fields.get(side, "")))
        if ported is not None:
            fields[f"{side}_ip"] = ported["address"].strip("[]")
            fields[f"{side}_port"] = as_integer(ported["port"])
    client = fields.get("client")
    if isinstance(client, str):
        # A mail proxy adds how the client talks: `client: 192.0.2.1 using starttls`.
        fields["client"] = client.partition(" ")[0]
    failed = _NGINX_FAILED.match(message)
    if failed is not None:
        fields["auth_result"] = failed["auth_result"]
    if "client_ip" in fields:
        fields["client"] = fields["client_ip"]
    if "login" in fields:
        fields["user"] = fields["login"]


def parse_apache(text: str, context: ReadContext) -> Event | None:
    """Read a line of Apache's error log, 2.2 or 2.4."""
    if text[:1] != "[":
        return None
    match = _APACHE.match(text)
    if match is None or match["time"] is None:
        return None
    instant = timestamps.c_time(match["time"], context) or timestamps.iso(match["time"], context)
    if instant is None:
        return None
    return _event("apache_error", _APACHE_SOURCES, _apache_fields(match), text, instant, context)


def _apache_fields(match: re.Match[str]) -> dict[str, object]:
    fields = _groups(match)
    client = match["client"]
    if client is not None:
        ported = _WITH_PORT.match(client)
        if ported is not None:
            fields["client"] = ported["address"].strip("[]")
            fields["client_port"] = as_integer(ported["port"])
    error = fields.get("error")
    if isinstance(error, str):
        fields["error"] = error.strip().removesuffix(":")
    user = _APACHE_USER.match(match["message"])
    if user is not None:
        fields["user"] = user["quoted"] or user["user"]
    return fields


def read_apache(message: str) -> Reading:
    """Read what Apache sends to syslog: the same without the time."""
    match = _APACHE.match(message)
    fields = _apache_fields(match) if match is not None else {}
    return Reading("apache_error", _APACHE_SOURCES, fields, _category(fields), _HEADED)


def read_nginx(message: str) -> Reading:
    """Read what nginx sends to syslog."""
    match = _NGINX.match(message)
    fields = _nginx_fields(match) if match is not None else {}
    return Reading("nginx_error", _NGINX_SOURCES, fields, _category(fields), _HEADED)


def _category(fields: dict[str, object]) -> EventCategory:
    category = category_of_level(fields.get("level"))
    # What a client provokes is worth a look; the service itself is not in trouble.
    return WARNING if category is EXCEPTION and "client" in fields else category


def _groups(match: re.Match[str]) -> dict[str, object]:
    fields: dict[str, object] = {
        name: value
        for name, value in match.groupdict().items()
        if value is not None and name not in ("time", "more")
    }
    for name in ("pid", "tid"):
        value = match[name]
        if value is not None:
            fields[name] = as_integer(value)
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
    return Event(name, logsources, fields, text, *instant, _category(fields), NAMES)


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

APACHE_PROGRAM = Program(
    name="apache_syslog",
    title="Apache through syslog",
    tags=("httpd", "apache2", "apache"),
    read=read_apache,
    samples=(
        Sample(
            line="Mar  1 04:12:09 web-1 httpd[22034]: [authz_core:error] [pid 22034] [client "
            "203.0.113.9:58585] AH01630: client denied by server configuration: /x",
            fields={"apache_module": "authz_core", "code": "AH01630"},
            names={"source.ip": "203.0.113.9", "host.name": "web-1"},
            category=WARNING,
        ),
    ),
)
NGINX_PROGRAM = Program(
    name="nginx_syslog",
    title="nginx through syslog",
    tags=("nginx",),
    read=read_nginx,
    samples=(
        Sample(
            line="Mar  1 04:12:09 web-1 nginx: 2026/03/01 04:12:09 [error] 7#7: *1 access forbidden by rule, "
            'client: 203.0.113.9, server: _, request: "GET / HTTP/1.1"',
            names={"source.ip": "203.0.113.9"},
            category=WARNING,
        ),
    ),
)
