"""Metrics as JSON lines: Telegraf's serializer and collectd's write_http, one sample a line."""

from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext, TimeQuality
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.safe_json import decode_line

_SOURCES = (LogSource(category="metric"),)
_NAMES = MappingProxyType(
    {
        "host.name": "host",
        "event.action": "name",
        "message": "name",
    }
)


def parse(text: str, context: ReadContext) -> Event | None:
    """Read one sample: `name`, `fields`, `tags`, `timestamp`, or collectd's `plugin`, `values`."""
    fields = decode_line(text)
    if fields is None:
        return None
    if isinstance(fields.get("fields"), dict) and isinstance(fields.get("name"), str):
        _flatten_telegraf(fields)
    elif isinstance(fields.get("values"), list) and isinstance(fields.get("plugin"), str):
        _flatten_collectd(fields)
    else:
        return None
    if "host" not in fields and context.host:
        fields["host"] = context.host
    stamp = fields.get("timestamp", fields.get("time"))
    time, quality = timestamps.any_time(stamp, context) or (None, TimeQuality.NONE)
    return Event(
        "metrics", _SOURCES, fields, text, time, quality, EventCategory.INFORMATIONAL, _NAMES
    )


def _flatten_telegraf(fields: dict[str, object]) -> None:
    tags = fields.get("tags")
    if isinstance(tags, dict):
        for name, value in tags.items():
            fields.setdefault(name, value)
    values = fields["fields"]
    assert isinstance(values, dict)
    for name, value in values.items():
        fields.setdefault(name, value)


def _flatten_collectd(fields: dict[str, object]) -> None:
    kind = "_".join(str(fields[part]) for part in ("plugin", "type") if fields.get(part))
    fields.setdefault("name", kind)
    names, values = fields.get("dsnames"), fields["values"]
    assert isinstance(values, list)
    if isinstance(names, list):
        for name, value in zip(names, values, strict=False):
            fields.setdefault(str(name), value)


PARSER = Parser(
    name="metrics",
    title="metrics as JSON lines (Telegraf, collectd)",
    parse=parse,
    samples=(
        Sample(
            line='{"fields":{"usage_active":97.5,"usage_idle":2.5},"name":"cpu","tags":'
            '{"cpu":"cpu-total","host":"db-1"},"timestamp":1772338329}',
            fields={"usage_active": 97.5, "fields.usage_idle": 2.5, "cpu": "cpu-total"},
            names={"host.name": "db-1", "event.action": "cpu"},
            time="2026-03-01T04:12:09Z",
            logsources=_SOURCES,
        ),
        Sample(
            line='{"values":[0.5,0.4],"dstypes":["gauge","gauge"],"dsnames":["shortterm","midterm"],'
            '"time":1772338329.25,"interval":10.0,"host":"db-1","plugin":"load","type":"load"}',
            fields={"name": "load_load", "shortterm": 0.5, "midterm": 0.4},
            time="2026-03-01T04:12:09.250000Z",
        ),
        Sample(
            line='{"values":[98.5,1e-7],"dstypes":["gauge","gauge"],"dsnames":["rx","tx"],'
            '"time":1772338329.123,"interval":10.0,"host":"web-1","plugin":"interface",'
            '"plugin_instance":"eth0","type":"if_octets","type_instance":""}',
            names={"event.action": "interface_if_octets", "host.name": "web-1"},
            time="2026-03-01T04:12:09.123000Z",
        ),
    ),
)
