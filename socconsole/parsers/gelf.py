"""Graylog's GELF as JSON text.

Source: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
"""

from collections.abc import Mapping

from socconsole.core.event import EventCategory, LogSource
from socconsole.parsers.json_lines import reader
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.phrases import as_integer


def _is_ours(fields: Mapping[str, object]) -> bool:
    return "short_message" in fields and "version" in fields and "host" in fields


def _adapt(fields: dict[str, object]) -> None:
    """Give added fields their names without the underscore too, where those are free."""
    for name in [name for name in fields if name[:1] == "_" and len(name) > 1]:
        fields.setdefault(name[1:], fields[name])


def _category(fields: Mapping[str, object]) -> EventCategory:
    level = as_integer(str(fields.get("level")))
    if not isinstance(level, int):
        return EventCategory.INFORMATIONAL
    if level <= 3:
        return EventCategory.EXCEPTION
    return EventCategory.WARNING if level == 4 else EventCategory.INFORMATIONAL


PARSER = Parser(
    name="gelf",
    title="GELF",
    parse=reader(
        "gelf",
        is_ours=_is_ours,
        logsources=(LogSource(),),
        names={
            "host.name": "host",
            "message": "short_message",
            "event.severity": "level",
            "user.name": "user",
            "source.ip": "src_ip",
            "process.name": "application_name",
        },
        times=("timestamp",),
        category=_category,
        adapt=_adapt,
    ),
    samples=(
        Sample(
            line='{"version":"1.1","host":"web-1","short_message":"disk full","level":2,"timestamp":'
            '1772338329.125,"_user":"mara","_facility":"app"}',
            fields={"_user": "mara"},
            names={"host.name": "web-1", "user.name": "mara", "message": "disk full"},
            time="2026-03-01T04:12:09.125Z",
            category=EventCategory.EXCEPTION,
        ),
        Sample(
            line='{"version":"1.1","host":"web-1","short_message":"a \\"b\\"","full_message":"x\\ny",'
            '"timestamp":"1772338329.5","level":"4","_src_ip":"2001:db8::7","_user":null}',
            names={"event.severity": "4", "host.name": "web-1", "source.ip": "2001:db8::7"},
            time="2026-03-01T04:12:09.500000Z",
            category=EventCategory.WARNING,
        ),
    ),
)
