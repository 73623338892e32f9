"""JSON lines: any JSON object is an event; and what the JSON formats have in common."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext, TimeQuality, lookup
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Parse, Parser, Sample
from socconsole.parsers.safe_json import decode_line

_TIMES = (
    "@timestamp",
    "timestamp",
    "time",
    "ts",
    "datetime",
    "eventTime",
    "date",
    "Timestamp",
    "t",
)
_LEVELS = ("level", "severity", "log.level", "levelname", "loglevel", "lvl", "Level")
_WORSE: Mapping[str, EventCategory] = MappingProxyType(
    {
        "warn": EventCategory.WARNING,
        "warning": EventCategory.WARNING,
        "err": EventCategory.EXCEPTION,
        "error": EventCategory.EXCEPTION,
        "fatal": EventCategory.EXCEPTION,
        "crit": EventCategory.EXCEPTION,
        "critical": EventCategory.EXCEPTION,
        "alert": EventCategory.EXCEPTION,
        "emerg": EventCategory.EXCEPTION,
        "emergency": EventCategory.EXCEPTION,
        "severe": EventCategory.EXCEPTION,
        "panic": EventCategory.EXCEPTION,
        "exception": EventCategory.EXCEPTION,
    }
)


def category_of_level(level: object) -> EventCategory:
    """Return the category that a log level such as `warn` or `ERROR` stands for."""
    if not isinstance(level, str):
        return EventCategory.INFORMATIONAL
    return _WORSE.get(level.lower(), EventCategory.INFORMATIONAL)


_CANDIDATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "host.name": ("host.name", "hostname", "host", "Hostname", "computer"),
        "user.name": ("user.name", "username", "user", "userName", "user_name", "login"),
        "source.ip": (
            "source.ip",
            "src_ip",
            "source_ip",
            "client_ip",
            "clientip",
            "remote_addr",
            "remote_ip",
            "ip",
            "client_addr",
            "ClientHost",
            "clientIp",
            "sourceIp",
            "request.remote_ip",
            "request.client_ip",
            "client.ip",
            "remote.ip",
        ),
        "source.port": ("source.port", "src_port", "source_port"),
        "destination.ip": ("destination.ip", "dest_ip", "dst_ip", "destination_ip"),
        "destination.port": ("destination.port", "dest_port", "dst_port"),
        "network.transport": ("network.transport", "proto", "protocol"),
        "process.name": ("process.name", "program", "process", "logger", "app"),
        "process.pid": ("process.pid", "pid"),
        "event.action": ("event.action", "action", "eventName", "operation"),
        "event.outcome": ("event.outcome", "outcome", "result"),
        "url.full": ("url.full", "url", "uri", "path", "request.uri", "request_uri"),
        "event.code": ("event.code", "status", "status_code", "code"),
        "message": ("message", "msg", "log", "text"),
    }
)


def parse(text: str, context: ReadContext) -> Event | None:
    """Read any JSON object; names that are in wide use fill the envelope."""
    fields = decode_line(text)
    if fields is None:
        return None
    time, quality = find_time(fields, context)
    level = next((fields[name] for name in _LEVELS if name in fields), None)
    return Event(
        format="json_lines",
        logsources=_NO_SOURCES,
        fields=fields,
        raw=text,
        time=time,
        time_quality=quality,
        category=category_of_level(level),
        names=guess_names(fields),
    )


def find_time(
    fields: Mapping[str, object], context: ReadContext
) -> tuple[datetime | None, TimeQuality]:
    """Return the time under the first of the usual names that holds one."""
    for name in _TIMES:
        if name in fields:
            found = timestamps.any_time(fields[name], context)
            if found is not None:
                return found
    return None, TimeQuality.NONE


def guess_names(fields: Mapping[str, object]) -> Mapping[str, str]:
    """Return ECS name → path for the names in wide use that `fields` has."""
    inner = frozenset(key for key, value in fields.items() if isinstance(value, dict | list))
    return _guess(tuple(fields), inner)


@lru_cache(1024)
def _guess(keys: tuple[str, ...], inner: frozenset[str]) -> Mapping[str, str]:
    """Decide by the shape alone, so that one shape is looked at once."""
    flat = frozenset(keys) - inner
    names = {}
    for ecs, candidates in _CANDIDATES.items():
        for path in candidates:
            if path in flat or (path.partition(".")[0] in inner and "." in path):
                names[ecs] = path
                break
    return MappingProxyType(names)


def reader(  # noqa: PLR0913 – one argument for each thing in which JSON formats differ
    name: str,
    *,
    is_ours: Callable[[Mapping[str, object]], bool],
    logsources: tuple[LogSource, ...] | Callable[[Mapping[str, object]], tuple[LogSource, ...]],
    names: Mapping[str, str],
    times: tuple[str, ...],
    category: Callable[[Mapping[str, object]], EventCategory] | None = None,
    adapt: Callable[[dict[str, object]], None] | None = None,
) -> Parse:
    """Return the function that reads a JSON format.

    Args:
        name: The format's name.
        is_ours: Whether a document is of the format.
        logsources: Its log sources, or how to tell them from the document.
        names: ECS name → dotted path.
        times: Dotted paths of the time, the best first.
        category: How to tell the category; informational without it.
        adapt: Adds names that rules expect.

    """
    names = MappingProxyType(dict(names))

    def parse(text: str, context: ReadContext) -> Event | None:
        fields = decode_line(text)
        if fields is None or not is_ours(fields):
            return None
        if adapt is not None:
            adapt(fields)
        time, quality = _first_time(fields, times, context)
        sources = logsources(fields) if callable(logsources) else logsources
        kind = category(fields) if category is not None else EventCategory.INFORMATIONAL
        return Event(name, sources, fields, text, time, quality, kind, names)

    return parse


def _first_time(
    fields: Mapping[str, object], paths: tuple[str, ...], context: ReadContext
) -> tuple[datetime | None, TimeQuality]:
    for path in paths:
        found = timestamps.any_time(lookup(fields, path), context)
        if found is not None:
            return found
    return None, TimeQuality.NONE


_NO_SOURCES: tuple[LogSource, ...] = (LogSource(),)

PARSER = Parser(
    name="json_lines",
    title="one JSON object a line, of any kind",
    parse=parse,
    is_general=True,
    samples=(
        Sample(
            line='{"time":"2026-03-01T04:12:09Z","level":"error","msg":"no disk","user":"mara",'
            '"big":18446744073709551616}',
            fields={"msg": "no disk", "big": 18446744073709551616},
            names={"message": "no disk", "user.name": "mara"},
            time="2026-03-01T04:12:09Z",
            category=EventCategory.EXCEPTION,
        ),
        Sample(
            line='{"ts":1772338329.5,"host":{"name":"web-1"},"src_ip":"192.0.2.7"}',
            fields={"host.name": "web-1"},
            names={"source.ip": "192.0.2.7"},
            time="2026-03-01T04:12:09.500000Z",
        ),
    ),
)
