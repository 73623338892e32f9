"""Wazuh's alerts.json. What it alerts on is read again, for the rules that know it.

A Windows event inside is unwrapped; any other line in `full_log` is read by whichever format it is
of. What the alert says itself comes first.

Source: https://documentation.wazuh.com/current/user-manual/reference/ossec-conf/alerts.html
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext, TimeQuality, lookup
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Parse, Parser, Sample
from socconsole.parsers.phrases import as_integer
from socconsole.parsers.safe_json import decode_line
from socconsole.parsers.windows_logsources import logsources_of

_WAZUH = LogSource(product="wazuh", service="wazuh")
_NOTHING = LogSource()
_NAMES: Mapping[str, str] = {
    "rule.name": "rule.description",
    "event.code": "rule.id",
    "event.severity": "rule.level",
    "event.action": "decoder.name",
    "host.name": "agent.name",
    "observer.name": "manager.name",
    "log.file.path": "location",
    "user.name": "user",
    "source.ip": "source_ip",
    "source.port": "data.srcport",
    "destination.ip": "data.dstip",
    "process.executable": "Image",
    "process.command_line": "CommandLine",
    "process.parent.executable": "ParentImage",
    "file.path": "syscheck.path",
    "url.full": "data.url",
    "message": "full_log",
}
_SYSTEM = (
    ("EventID", "eventID"),
    ("Channel", "channel"),
    ("Computer", "computer"),
    ("Provider_Name", "providerName"),
)


def reader(inner: Callable[[str], tuple[Parse, ...]]) -> Parse:
    """Return the function that reads alerts; `inner` names who may read what they are about."""

    def parse(text: str, context: ReadContext) -> Event | None:
        event = _alert(text, context)
        line = None if event is None else event.fields.get("full_log")
        if event is None or not isinstance(line, str) or lookup(event.fields, "data.win"):
            return event
        for read in inner(line):
            found = read(line, context)
            if found is not None:
                _add(event, found)
                break
        return event

    return parse


def _alert(text: str, context: ReadContext) -> Event | None:
    fields = decode_line(text)
    if fields is None or not isinstance(fields.get("rule"), dict) or "agent" not in fields:
        return None
    logsources = (_WAZUH, *_unwrap_windows(fields))
    for ours, paths in (
        ("user", ("data.dstuser", "data.srcuser", "data.win.eventdata.targetUserName")),
        ("source_ip", ("data.srcip", "data.win.eventdata.ipAddress")),
    ):
        value = next((found for path in paths if (found := lookup(fields, path))), None)
        if value is not None:
            fields[ours] = value
    time, quality = timestamps.any_time(fields.get("timestamp"), context) or (
        None,
        TimeQuality.NONE,
    )
    return Event("wazuh", logsources, fields, text, time, quality, _category(fields), _NAMES)


def _add(event: Event, inner: Event) -> None:
    """Add to an alert what the line it is about says."""
    for name, value in inner.fields.items():
        event.fields.setdefault(name, value)
    known = tuple(one for one in inner.logsources if one != _NOTHING)
    event.logsources = (*event.logsources, *known)
    present = frozenset(name for name in _NAMES if event.named(name) is not None)
    event.names = _names(present, tuple(inner.names.items()))
    if event.category is EventCategory.INFORMATIONAL:
        event.category = inner.category


@lru_cache(512)
def _names(present: frozenset[str], inner: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Return the alert's names; the line's where the alert has no value for them."""
    return MappingProxyType({**_NAMES, **{ecs: path for ecs, path in inner if ecs not in present}})


def _unwrap_windows(fields: dict[str, object]) -> tuple[LogSource, ...]:
    """Lift a Windows event's names to the top, with the capital Wazuh took from them."""
    system, data = lookup(fields, "data.win.system"), lookup(fields, "data.win.eventdata")
    if not isinstance(system, dict):
        return ()
    if isinstance(data, dict):
        for name, value in data.items():
            fields[name[:1].upper() + name[1:]] = value
    for ours, theirs in _SYSTEM:
        if theirs in system:
            fields[ours] = system[theirs]
    event_id = fields.get("EventID")
    if isinstance(event_id, str):
        fields["EventID"] = event_id = as_integer(event_id)
    return logsources_of(
        str(fields.get("Channel", "")), event_id if isinstance(event_id, int) else None
    )


def _category(fields: dict[str, object]) -> EventCategory:
    level = lookup(fields, "rule.level")
    severe = isinstance(level, int) and level >= 7
    return EventCategory.WARNING if severe else EventCategory.INFORMATIONAL


def parser(inner: Callable[[str], tuple[Parse, ...]]) -> Parser:
    """Return the parser of alerts."""
    return Parser(name="wazuh", title="Wazuh alerts.json", parse=reader(inner), samples=_SAMPLES)


_SAMPLES = (
    Sample(
        line='{"timestamp":"2026-03-01T04:12:09.123+0000","rule":{"level":10,"description":'
        '"sshd: brute force","id":"5763"},"agent":{"id":"001","name":"web-1"},"manager":'
        '{"name":"m"},"data":{"srcip":"203.0.113.9","dstuser":"root"},"full_log":"x",'
        '"location":"/var/log/auth.log"}',
        names={
            "rule.name": "sshd: brute force",
            "source.ip": "203.0.113.9",
            "user.name": "root",
            "host.name": "web-1",
        },
        time="2026-03-01T04:12:09.123Z",
        category=EventCategory.WARNING,
        logsources=(_WAZUH,),
    ),
    Sample(
        line='{"timestamp":"2026-03-01T04:12:09.123+0000","rule":{"level":3,"id":"5501","description":'
        '"PAM: session"},"agent":{"name":"web-1"},"full_log":"Mar  1 04:12:09 db-1 sudo[9]:     mara : '
        'TTY=pts/0 ; PWD=/srv ; USER=root ; COMMAND=/usr/bin/id","location":"/var/log/auth.log"}',
        fields={"USER": "root", "agent.name": "web-1", "program": "sudo"},
        names={"host.name": "web-1", "user.name": "mara", "rule.name": "PAM: session"},
        logsources=(_WAZUH, LogSource(product="linux", service="sudo")),
    ),
    Sample(
        line='{"timestamp":"2026-03-01T04:12:09.123+0000","rule":{"level":3,"id":"1"},"agent":'
        '{"name":"ws-1"},"data":{"win":{"system":{"eventID":"1","channel":'
        '"Microsoft-Windows-Sysmon/Operational"},"eventdata":{"image":"C:\\\\a.exe",'
        '"commandLine":"a.exe"}}}}',
        fields={"EventID": 1, "Image": "C:\\a.exe"},
        names={"process.command_line": "a.exe"},
        logsources=(LogSource(product="windows", category="process_creation"),),
    ),
)
