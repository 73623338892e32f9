"""Windows events as JSON: winlogbeat, nxlog and other flat forms, evtx_dump; Sysmon among them.

The document is flat, with EventID, Channel, Provider_Name, Computer and every name of the event's
own data, spaces taken out, which is what Sigma rules name.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext, TimeQuality
from socconsole.parsers import timestamps, windows_samples
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.safe_json import decode_flat, decode_line, is_whole
from socconsole.parsers.web_access import NAMES as W3C_NAMES
from socconsole.parsers.web_access import category_of, join_uri
from socconsole.parsers.windows_logsources import logsources_of

_COMMON = {
    "event.code": "EventID",
    "host.name": "Computer",
    "observer.name": "Channel",
    "event.action": "Task",
    "message": "Message",
    "rule.name": "ThreatName",
    "file.path": "TargetFilename",
}
_SYSMON_NAMES = MappingProxyType(
    {
        **_COMMON,
        "user.name": "User",
        "source.ip": "SourceIp",
        "source.port": "SourcePort",
        "destination.ip": "DestinationIp",
        "destination.port": "DestinationPort",
        "network.transport": "Protocol",
        "process.executable": "Image",
        "process.pid": "ProcessId",
        "process.command_line": "CommandLine",
        "process.parent.executable": "ParentImage",
        "dns.question.name": "QueryName",
    }
)
_ACCESS_NAMES = MappingProxyType(
    {**_SYSMON_NAMES, "process.executable": "SourceImage", "user.name": "SourceUser"}
)
_SECURITY_NAMES = MappingProxyType(
    {
        **_COMMON,
        "user.name": "TargetUserName",
        "source.ip": "IpAddress",
        "source.port": "IpPort",
        "destination.ip": "DestAddress",
        "destination.port": "DestPort",
        "process.executable": "ProcessName",
        "process.pid": "ProcessId",
        "process.command_line": "CommandLine",
        "process.parent.executable": "ParentProcessName",
        "file.path": "ObjectName",
    }
)
_SUBJECT_NAMES = MappingProxyType(
    {**_SECURITY_NAMES, "user.name": "SubjectUserName", "source.ip": "SourceAddress"}
)
_CLIENT_NAMES = MappingProxyType({**_SECURITY_NAMES, "user.name": "SubjectUserName"})
_PROCESS_NAMES = MappingProxyType(
    {**_SUBJECT_NAMES, "process.executable": "NewProcessName", "process.pid": "NewProcessId"}
)
_OTHER_NAMES = MappingProxyType({**_SYSMON_NAMES, "user.name": "UserName", "file.path": "Path"})

_IIS = (LogSource(category="webserver"), LogSource(product="windows", service="iis"))
_IIS_NAMES = MappingProxyType({**W3C_NAMES, "host.name": "Computer"})
_DEFENDER = "Microsoft-Windows-Windows Defender/Operational"
_SETUP_IDS = frozenset(
    (1102, 104, 4697, 7045, 4720, 4722, 4725, 4726, 4738, 4728, 4732, 4756, 6005, 6006, 1074)
)
_FAILED_IDS = frozenset((4625, 4771, 4776, 4740, 1116, 1117, 5001, 5157))


def parse(text: str, context: ReadContext) -> Event | None:
    """Read one event of any of the shapes."""
    document = decode_flat(text)
    is_flat = document is not None
    if document is None:
        document = decode_line(text, check_keys=False)
        if document is None:
            return None
    count, number = len(document), document.get("EventID")
    if number is not None and "Channel" in document:
        event: Event | None = to_event(document, text, context)
    else:
        event = from_document(document, text, context)
    if (
        event is not None
        and event.fields is document
        and len(document) == count
        and document["EventID"] is number
        and event.names is not _IIS_NAMES  # those two rename fields
        and document.get("Channel") != _DEFENDER
        and (is_flat or is_whole(text))
    ):
        event.decoded = text, document, count
    return event


def from_document(document: dict[str, object], text: str, context: ReadContext) -> Event | None:
    """Return the event that a decoded document is, or None when it is not a Windows event."""
    if "Channel" in document and "EventID" in document:
        fields: dict[str, object] | None = document
    elif "winlog" in document:
        fields = _from_winlog(document)
    elif "event_data" in document and "event_id" in document:
        fields = _from_winlog({**document, "winlog": document})
    elif "Event" in document:
        fields = _from_dump(document["Event"])
    elif "EventID" in document and ("SourceName" in document or "ProviderGuid" in document):
        fields = document
    else:
        return None
    return None if fields is None else to_event(fields, text, context)


def to_event(fields: dict[str, object], text: str, context: ReadContext) -> Event:
    """Return the event of a flat document."""
    event_id = fields.get("EventID")
    if type(event_id) is not int:
        event_id = _integer(event_id)
        if event_id is not None:
            fields["EventID"] = event_id
    if "Provider_Name" not in fields or "Computer" not in fields:
        _complete(fields, context)
    if "cs-method" in fields and "c-ip" in fields:
        return _iis_event(fields, text, context)
    channel, kind = fields.get("Channel"), fields.get("EventType") if event_id == 12 else ""
    logsources, names, category, plain = _kind(
        channel if isinstance(channel, str) else "",
        event_id,
        kind if isinstance(kind, str) else "",
    )
    if not plain:
        names = _completed(fields, event_id, names)
    if category is None:
        level = fields.get("Level")
        category = EventCategory.INFORMATIONAL if level is None else _category(level)
    time, quality = _time(fields, context)
    return Event("windows", logsources, fields, text, time, quality, category, names)


@lru_cache(4096)
def _kind(
    channel: str, event_id: int | None, event_type: str
) -> tuple[tuple[LogSource, ...], Mapping[str, str], EventCategory | None, bool]:
    """Return what all events of a kind have in common.

    That is their log sources, names, category unless the level tells it, and whether their fields
    are complete as they are.
    """
    names = _names(channel, event_id)
    category = None
    if event_id in _SETUP_IDS:
        category = EventCategory.MAINTENANCE
    elif event_id in _FAILED_IDS:
        category = EventCategory.WARNING
    special = channel == _DEFENDER or event_id in (1116, 1117)
    plain = not special and names is not _SECURITY_NAMES and names is not _PROCESS_NAMES
    return logsources_of(channel, event_id, event_type), names, category, plain


def _completed(
    fields: dict[str, object], event_id: int | None, names: Mapping[str, str]
) -> Mapping[str, str]:
    """Add the fields rules expect of an event; return the names that fit it."""
    if fields.get("Channel") == _DEFENDER:
        # Of all channels this one names its data with blanks; rules leave them out.
        for name in [name for name in fields if " " in name]:
            fields[name.replace(" ", "")] = fields.pop(name)
    if names is _SECURITY_NAMES and fields.get("TargetUserName") in (None, "", "-"):
        names = _CLIENT_NAMES if "IpAddress" in fields else _SUBJECT_NAMES
    if names is _PROCESS_NAMES:
        _describe_process(fields)
    elif event_id in (1116, 1117) and "ThreatName" in fields:
        fields.setdefault("Signature", fields["ThreatName"])
        fields.setdefault("Filename", fields.get("Path"))
    return names


def _iis_event(fields: dict[str, object], text: str, context: ReadContext) -> Event:
    """Return the event of a request that IIS logged as a Windows event."""
    for name in [name for name, value in fields.items() if value == "-"]:
        del fields[name]
    for ours, theirs in (
        ("cs-user-agent", "csUser-Agent"),
        ("cs-referer", "csReferer"),
        ("cs-cookie", "csCookie"),
    ):
        if theirs in fields:
            fields[ours] = fields[theirs]
    join_uri(fields)
    fields["sc-status"] = status = _integer(fields.get("sc-status")) or 0
    time, quality = _time(fields, context)
    return Event("windows", _IIS, fields, text, time, quality, category_of(status), _IIS_NAMES)


def _complete(fields: dict[str, object], context: ReadContext) -> None:
    """Fill the names Sigma's rules rely on from their flat relatives."""
    if "Provider_Name" not in fields and "SourceName" in fields:
        fields["Provider_Name"] = fields["SourceName"]
    if "Computer" not in fields:
        host = fields.get("Hostname") or fields.get("ComputerName") or context.host
        if host:
            fields["Computer"] = host


def _names(channel: str, event_id: int | None) -> Mapping[str, str]:
    lowered = channel.lower()
    if lowered == "security":
        if event_id == 4688:
            return _PROCESS_NAMES
        return _SECURITY_NAMES
    if lowered.endswith("sysmon/operational"):
        return _ACCESS_NAMES if event_id in (8, 10) else _SYSMON_NAMES
    return _OTHER_NAMES


def _describe_process(fields: dict[str, object]) -> None:
    """Add to an event 4688 the names rules on process creation look at."""
    for ours, theirs in (
        ("Image", "NewProcessName"),
        ("ParentImage", "ParentProcessName"),
        ("User", "SubjectUserName"),
        ("LogonId", "SubjectLogonId"),
    ):
        if theirs in fields:
            fields.setdefault(ours, fields[theirs])


_TIME_FIELDS = (
    "TimeCreated",
    "@timestamp",
    "SystemTime",
    "EventTime",
    "UtcTime",
    "EventReceivedTime",
)


def _time(
    fields: Mapping[str, object], context: ReadContext
) -> timestamps.Instant | tuple[None, TimeQuality]:
    for name in _TIME_FIELDS:
        value = fields.get(name)
        if value is not None:
            found = timestamps.any_time(value, context)
            if found is not None:
                return found
    return None, TimeQuality.NONE


def _category(level: object) -> EventCategory:
    number = _integer(level)
    if number in (1, 2):
        return EventCategory.EXCEPTION
    return EventCategory.WARNING if number == 3 else EventCategory.INFORMATIONAL


def _integer(value: object) -> int | None:
    if type(value) is int:
        return value
    if isinstance(value, str) and len(value) < 12 and value.isascii() and value.isdigit():
        return int(value)
    return None


def _from_winlog(document: Mapping[str, object]) -> dict[str, object] | None:
    """Flatten winlogbeat's and Elastic Agent's form."""
    winlog = document["winlog"]
    if not isinstance(winlog, dict):
        return None
    fields: dict[str, object] = {}
    for section in ("event_data", "user_data"):
        data = winlog.get(section)
        if isinstance(data, dict):
            add_data(fields, data)
    for ours, theirs in (
        ("EventID", "event_id"),
        ("Channel", "channel"),
        ("Provider_Name", "provider_name"),
        ("Computer", "computer_name"),
        ("Task", "task"),
        ("Opcode", "opcode"),
        ("EventRecordID", "record_id"),
        ("Channel", "log_name"),
        ("Provider_Name", "source_name"),
    ):
        if theirs in winlog:
            fields[ours] = winlog[theirs]
    event_id = fields.get("EventID")
    if isinstance(event_id, dict):
        fields["EventID"] = event_id.get("id")
    for name in ("@timestamp", "message", "host", "agent", "event"):
        if name in document:
            fields["Message" if name == "message" else name] = document[name]
    return fields if "EventID" in fields else None


def _from_dump(event: object) -> dict[str, object] | None:
    """Flatten the form of evtx_dump, a translation of the event's XML."""
    if not isinstance(event, dict) or not isinstance(event.get("System"), dict):
        return None
    fields: dict[str, object] = {}
    for section in ("EventData", "UserData", "ProcessingErrorData"):
        data = event.get(section)
        if isinstance(data, dict):
            add_data(fields, data)
        elif isinstance(data, str):
            fields["Data"] = data
    add_system(fields, event["System"])
    return fields if "EventID" in fields else None


def add_system(fields: dict[str, object], system: Mapping[str, object]) -> None:
    """Add the System part under the names Sigma uses; they win over the event's own data."""
    for name, value in system.items():
        attributes = value.get("#attributes") if isinstance(value, dict) else None
        if not isinstance(attributes, dict):
            if value is not None:
                fields[name] = value
        elif name == "Provider":
            fields["Provider_Name"] = attributes.get("Name")
            fields["ProviderGuid"] = attributes.get("Guid")
        elif name == "TimeCreated":
            fields["TimeCreated"] = attributes.get("SystemTime")
        elif name == "EventID":
            fields["EventID"] = (
                value["#text"] if isinstance(value, dict) and "#text" in value else None
            )
        elif name == "Execution":
            fields["ExecutionProcessID"] = attributes.get("ProcessID")
            fields["ExecutionThreadID"] = attributes.get("ThreadID")
        elif name == "Security":
            fields["SecurityUserID"] = attributes.get("UserID")


def add_data(fields: dict[str, object], data: Mapping[str, object]) -> None:
    """Add the event's own data, spaces taken out of the names, wrapped sections unwrapped."""
    for name, value in data.items():
        if name[:1] == "#":
            continue
        if name == "Data":
            _add_unnamed(fields, value)
        elif isinstance(value, dict):
            add_data(fields, value)
        else:
            fields[name.replace(" ", "")] = value


def _add_unnamed(fields: dict[str, object], value: object) -> None:
    """Add data without names as `Data`, one text or a list of them."""
    if isinstance(value, dict):
        value = value.get("#text")
    if isinstance(value, list):
        value = [item.get("#text") if isinstance(item, dict) else item for item in value]
        if len(value) == 1:
            value = value[0]
    if value is not None:
        fields["Data"] = value


PARSER = Parser(
    name="windows",
    title="Windows and Sysmon events as JSON (winlogbeat, nxlog, evtx_dump)",
    parse=parse,
    samples=(
        Sample(
            line='{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Hostname":"ws-1",'
            '"SourceName":"Microsoft-Windows-Sysmon","Image":"C:\\\\Windows\\\\System32\\\\whoami.exe",'
            '"CommandLine":"whoami /all","User":"CORP\\\\mara","@timestamp":"2026-03-01T04:12:09.557Z"}',
            fields={"EventID": 1, "Provider_Name": "Microsoft-Windows-Sysmon", "Computer": "ws-1"},
            names={
                "process.command_line": "whoami /all",
                "user.name": "CORP\\mara",
                "host.name": "ws-1",
                "event.code": 1,
            },
            time="2026-03-01T04:12:09.557Z",
            logsources=(
                LogSource(product="windows", service="sysmon"),
                LogSource(product="windows", category="process_creation"),
            ),
        ),
        Sample(
            line='{"@timestamp":"2026-03-01T04:12:09.557Z","message":"An account failed to log on.",'
            '"winlog":{"event_id":4625,"channel":"Security","computer_name":"dc-1",'
            '"provider_name":"Microsoft-Windows-Security-Auditing","event_data":'
            '{"TargetUserName":"admin","IpAddress":"203.0.113.9","LogonType":"3"}}}',
            fields={"EventID": 4625, "LogonType": "3", "Message": "An account failed to log on."},
            names={"user.name": "admin", "source.ip": "203.0.113.9", "host.name": "dc-1"},
            category=EventCategory.WARNING,
            logsources=(LogSource(product="windows", service="security"),),
        ),
        Sample(
            line='{"@timestamp":"2026-03-01T04:12:09.557Z","event_id":4624,"log_name":"Security",'
            '"computer_name":"dc-1","event_data":{"TargetUserName":"mara","IpAddress":"192.0.2.7"}}',
            fields={"EventID": 4624, "Channel": "Security"},
            names={"user.name": "mara", "source.ip": "192.0.2.7", "host.name": "dc-1"},
            logsources=(LogSource(product="windows", service="security"),),
        ),
        Sample(
            line='{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":{"Name":'
            '"Microsoft-Windows-Windows Defender"}},"EventID":{"#attributes":{"Qualifiers":0},'
            '"#text":1116},"Level":3,"TimeCreated":{"#attributes":{"SystemTime":'
            '"2026-03-01T04:12:09.165324Z"}},"Channel":'
            '"Microsoft-Windows-Windows Defender/Operational","Computer":"ws-1"},'
            '"EventData":{"Threat Name":"EICAR","Path":"C:\\\\x"}}}',
            fields={"EventID": 1116, "ThreatName": "EICAR", "Signature": "EICAR"},
            names={"rule.name": "EICAR", "file.path": "C:\\x"},
            time="2026-03-01T04:12:09.165324Z",
            category=EventCategory.WARNING,
            logsources=(
                LogSource(product="windows", service="windefend"),
                LogSource(category="antivirus"),
            ),
        ),
        Sample(
            line='{"EventID":4688,"Channel":"security","Computer":"ws-1","NewProcessName":"C:\\\\a.exe",'
            '"CommandLine":"a.exe -x","SubjectUserName":"mara","TimeCreated":"2026-03-01T04:12:09Z"}',
            fields={"Image": "C:\\a.exe", "User": "mara"},
            names={"process.executable": "C:\\a.exe", "user.name": "mara"},
            logsources=(LogSource(product="windows", category="process_creation"),),
        ),
        *windows_samples.SAMPLES,
    ),
)
