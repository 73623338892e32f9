"""OpenCanary's alerts: somebody touched what nobody has any business with.

Source: https://opencanary.readthedocs.io/en/latest/alerts/
"""

from collections.abc import Mapping

from socconsole.core.event import EventCategory, LogSource
from socconsole.parsers.json_lines import reader
from socconsole.parsers.parser import Parser, Sample

_SOURCES = (LogSource(product="opencanary", category="application"),)
_OWN = 1999
"""Up to this number a kind of message is about the canary itself."""


def _is_ours(fields: Mapping[str, object]) -> bool:
    return "logtype" in fields and "node_id" in fields and "src_host" in fields


def _adapt(fields: dict[str, object]) -> None:
    written = fields.get("utc_time", fields.get("local_time"))
    if isinstance(written, str):
        # Both are in UTC, whatever the older one's name says; neither names a zone.
        fields["time"] = f"{written}Z"


def _category(fields: Mapping[str, object]) -> EventCategory:
    kind = fields["logtype"]
    own = isinstance(kind, int) and kind <= _OWN
    return EventCategory.INFORMATIONAL if own else EventCategory.WARNING


PARSER = Parser(
    name="opencanary",
    title="OpenCanary alerts",
    parse=reader(
        "opencanary",
        is_ours=_is_ours,
        logsources=_SOURCES,
        names={
            "event.code": "logtype",
            "host.name": "node_id",
            "user.name": "logdata.USERNAME",
            "source.ip": "src_host",
            "source.port": "src_port",
            "destination.ip": "dst_host",
            "destination.port": "dst_port",
            "url.full": "logdata.PATH",
            "message": "logdata.msg",
        },
        times=("time",),
        category=_category,
        adapt=_adapt,
    ),
    samples=(
        Sample(
            line='{"dst_host":"192.0.2.5","dst_port":21,"local_time":"2026-03-01 04:12:09.123456",'
            '"local_time_adjusted":"2026-03-01 05:12:09.123456","logdata":{"PASSWORD":"x\\"y","USERNAME":"a b"},'
            '"logtype":2000,"node_id":"canary-1","src_host":"2001:db8::7","src_port":50112,'
            '"utc_time":"2026-03-01 04:12:09.123456"}',
            fields={"logtype": 2000},
            names={"user.name": "a b", "source.ip": "2001:db8::7", "host.name": "canary-1"},
            time="2026-03-01T04:12:09.123456Z",
            category=EventCategory.WARNING,
            logsources=_SOURCES,
        ),
        Sample(
            line='{"dst_host":"","dst_port":-1,"local_time":"2026-03-01 04:12:09.1","logdata":{"msg":'
            '"Canary running!!!"},"logtype":1001,"node_id":"canary-1","src_host":"","src_port":-1}',
            names={"message": "Canary running!!!"},
            time="2026-03-01T04:12:09.1Z",
        ),
    ),
)
