"""Wazuh's alerts.json. A Windows event inside is unwrapped for the rules that know it.

Source: https://documentation.wazuh.com/current/user-manual/reference/ossec-conf/alerts.html
"""

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext, TimeQuality, lookup
from socconsole.parsers import timestamps
from socconsole.parsers.json_lines import decode_line
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.windows_logsources import logsources_of

_WAZUH = LogSource(product="wazuh", service="wazuh")
_NAMES = {
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


def parse(text: str, context: ReadContext) -> Event | None:
    """Read one alert."""
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
    if isinstance(event_id, str) and event_id.isdigit():
        fields["EventID"] = event_id = int(event_id)
    return logsources_of(
        str(fields.get("Channel", "")), event_id if isinstance(event_id, int) else None
    )


def _category(fields: dict[str, object]) -> EventCategory:
    level = lookup(fields, "rule.level")
    severe = isinstance(level, int) and level >= 7
    return EventCategory.WARNING if severe else EventCategory.INFORMATIONAL


PARSER = Parser(
    name="wazuh",
    title="Wazuh alerts.json",
    parse=parse,
    samples=(
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
            line='{"timestamp":"2026-03-01T04:12:09.123+0000","rule":{"level":3,"id":"1"},"agent":'
            '{"name":"ws-1"},"data":{"win":{"system":{"eventID":"1","channel":'
            '"Microsoft-Windows-Sysmon/Operational"},"eventdata":{"image":"C:\\\\a.exe",'
            '"commandLine":"a.exe"}}}}',
            fields={"EventID": 1, "Image": "C:\\a.exe"},
            names={"process.command_line": "a.exe"},
            logsources=(LogSource(product="windows", category="process_creation"),),
        ),
    ),
)
