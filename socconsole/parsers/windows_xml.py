"""Windows events as XML, as Event Viewer exports and forwarders send them; Sysmon for Linux too.

Document types are refused, so no entity can grow.
"""

import re
from datetime import UTC, datetime
from xml.parsers import expat

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.phrases import INFORMATIONAL, MESSAGE_NAMES, Program, Reading, linux
from socconsole.parsers.windows import add_data, add_system, to_event

_MAX_TEXT = 1 << 20
_MAX_DEPTH = 16
_MAX_ELEMENTS = 2000


class _RefusedError(ValueError):
    """The document is none of ours, or hostile."""


class _Collector:
    """Collects an event's System part and its own data while expat walks the text."""

    def __init__(self) -> None:
        self.system: dict[str, object] = {}
        self.data: dict[str, object] = {}
        self._path: list[str] = []
        self._text: list[str] = []
        self._attributes: dict[str, str] = {}
        self._unnamed: list[str] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._path) >= _MAX_DEPTH or self._count > _MAX_ELEMENTS:
            raise _RefusedError
        self._path.append(tag.rpartition(":")[2])
        self._attributes = attributes
        self._text = []
        if len(self._path) == 3 and self._path[1] == "System" and attributes:
            self.system[self._path[2]] = {"#attributes": dict(attributes)}

    def text(self, piece: str) -> None:
        self._text.append(piece)

    def end(self, _: str) -> None:
        value = "".join(self._text)
        path, self._text = self._path, []
        section = path[1] if len(path) > 2 else ""
        if section == "System" and len(path) == 3 and value.strip():
            present = self.system.get(path[2])
            self.system[path[2]] = (
                {**present, "#text": value} if isinstance(present, dict) else value
            )
        elif section in ("EventData", "UserData", "RenderingInfo") and len(path) > 2:
            self._add(path, section, value)
        path.pop()

    def _add(self, path: list[str], section: str, value: str) -> None:
        name = self._attributes.get("Name") if path[-1] == "Data" else path[-1]
        self._attributes = {}
        if section == "RenderingInfo":
            if path[-1] == "Message":
                self.data["Message"] = value
        elif path[-1] == "Data" and name is None:
            self._unnamed.append(value)
            self.data["Data"] = self._unnamed
        elif name is not None and (value.strip() or path[-1] == "Data"):
            self.data[name] = value


_HEAD = re.compile(
    r"[\s\ufeff-]*(?:<\?xml[^>]{0,200}>\s*)?(?:<Events[^>]{0,200}>\s*)?(?=<Event[\s>])"
)


def parse(text: str, context: ReadContext) -> Event | None:
    """Read one `<Event>`; what stands behind it is left aside."""
    return _read(text, context) if _HEAD.match(text) is not None else None


def _read(text: str, context: ReadContext) -> Event | None:
    begin = text.find("<Event>") if "<Event>" in text else text.find("<Event ")
    end = text.rfind("</Event>")
    if begin < 0 or end < begin or len(text) > _MAX_TEXT:
        return None
    found = _Collector()
    try:
        _walk(text[begin : end + 8], found)
    except (expat.ExpatError, _RefusedError, ValueError):
        return None
    if not found.system:
        return None
    fields: dict[str, object] = {}
    add_data(fields, found.data)
    add_system(fields, found.system)
    event = to_event(fields, text, context)
    event.format = "windows_xml"
    return event


def read(message: str) -> Reading:
    """Read what Sysmon for Linux sends to syslog."""
    now = datetime.now(UTC)
    event = _read(message, ReadContext(reference=now))
    if event is None:
        return Reading("syslog", linux("syslog"), {}, INFORMATIONAL, MESSAGE_NAMES)
    return Reading("windows_xml", event.logsources, event.fields, event.category, event.names)


def _walk(text: str, found: _Collector) -> None:
    # Event Viewer draws its folding marks into what it copies.
    text = text.replace(">- <", "><")
    reader = expat.ParserCreate()
    reader.buffer_text = True
    reader.StartElementHandler = found.start
    reader.EndElementHandler = found.end
    reader.CharacterDataHandler = found.text
    reader.StartDoctypeDeclHandler = _refuse
    reader.EntityDeclHandler = _refuse
    reader.Parse(text, True)


def _refuse(*_: object) -> None:
    raise _RefusedError


PARSER = Parser(
    name="windows_xml",
    title="Windows and Sysmon events as XML",
    parse=parse,
    samples=(
        Sample(
            line='<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider '
            'Name="Microsoft-Windows-Security-Auditing"/><EventID>4625</EventID><Level>0</Level>'
            '<TimeCreated SystemTime="2026-03-01T04:12:09.9443547Z"/><Channel>Security</Channel>'
            '<Computer>dc-1</Computer></System><EventData><Data Name="TargetUserName">admin</Data>'
            '<Data Name="IpAddress">203.0.113.9</Data></EventData></Event>',
            fields={"EventID": 4625, "Provider_Name": "Microsoft-Windows-Security-Auditing"},
            names={"user.name": "admin", "source.ip": "203.0.113.9", "host.name": "dc-1"},
            time="2026-03-01T04:12:09.944354Z",
            category=EventCategory.WARNING,
            logsources=(LogSource(product="windows", service="security"),),
        ),
        Sample(
            line="<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "
            "Name='Microsoft-Windows-Eventlog'/><EventID "
            "Qualifiers='0'>1102</EventID><Level>4</Level><TimeCreated "
            "SystemTime='2026-03-01T04:12:09.1Z'/><Channel>Security</Channel><Computer>dc-1</Computer"
            "></System><UserData><LogFileCleared "
            'xmlns="x"><SubjectUserName>mara</SubjectUserName><SubjectDomainName>A&amp;'
            "B</SubjectDomainName></LogFileCleared></UserData><RenderingInfo "
            'Culture="en-US"><Message>The audit log was cleared.</Message></RenderingInfo></Event>',
            names={"event.code": 1102, "host.name": "dc-1", "user.name": "mara"},
            time="2026-03-01T04:12:09.100000Z",
            category=EventCategory.MAINTENANCE,
        ),
        Sample(
            line='<?xml version="1.0" encoding="utf-8"?><Event><System><Provider '
            'Name="MSSQLSERVER"/><EventID>18456</EventID><Channel>Application</Channel><Computer>db-1'
            "</Computer></System><EventData><Data>sa</Data><Data>Reason: &quot;x&quot; &lt;y&gt;"
            "</Data><Binary>1848</Binary></EventData></Event>",
            names={"event.code": 18456, "host.name": "db-1"},
        ),
    ),
)

SYSMON = Program(
    name="sysmon_linux",
    title="Sysmon for Linux through syslog",
    tags=("sysmon",),
    read=read,
    samples=(
        Sample(
            line='Mar  1 04:12:09 web-1 sysmon: <Event><System><Provider Name="Linux-Sysmon"/><EventID>1</EventID>'
            "<Channel>Linux-Sysmon/Operational</Channel><Computer>web-1</Computer></System><EventData>"
            '<Data Name="Image">/usr/bin/id</Data><Data Name="CommandLine">id -u</Data></EventData></Event>',
            fields={"EventID": 1, "Image": "/usr/bin/id", "program": "sysmon"},
            names={"process.command_line": "id -u", "host.name": "web-1"},
            logsources=(LogSource(product="linux", category="process_creation"),),
        ),
        Sample(
            line='Mar  1 04:12:09 web-1 sysmon[9]: <Event><System><Provider Name="Linux-Sysmon"/><EventID>1</EventID>'
            "<Channel>Linux-Sysmon/Operational</Channel><Computer>web-1</Computer></System><EventData>"
            '<Data Name="UtcTime">2026-03-01 04:12:09.557</Data><Data Name="Image">/usr/bin/bash</Data>'
            '<Data Name="CommandLine">bash -c &quot;a &amp;&amp; b&quot;</Data><Data Name="CurrentDirectory">/srv</Data>'
            '<Data Name="User">root</Data><Data Name="LogonId">0</Data><Data Name="ParentImage">/usr/bin/sudo</Data>'
            '<Data Name="ParentCommandLine">sudo bash</Data></EventData></Event>',
            fields={"CommandLine": 'bash -c "a && b"', "ParentCommandLine": "sudo bash"},
            names={"process.parent.executable": "/usr/bin/sudo", "user.name": "root"},
        ),
        Sample(
            line='Mar  1 04:12:09 web-1 sysmon: <Event><System><Provider Name="Linux-Sysmon"/><EventID>3</EventID>'
            "<Channel>Linux-Sysmon/Operational</Channel><Computer>web-1</Computer></System><EventData>"
            '<Data Name="Image">/usr/bin/nc</Data><Data Name="Initiated">true</Data><Data Name="DestinationIp">'
            '2001:db8::9</Data><Data Name="DestinationHostname">c2.example</Data><Data Name="DestinationPort">443</Data>'
            "</EventData></Event>",
            fields={"DestinationHostname": "c2.example"},
            names={"destination.ip": "2001:db8::9"},
            logsources=(LogSource(product="linux", category="network_connection"),),
        ),
        Sample(
            line='Mar  1 04:12:09 web-1 sysmon: <Event><System><Provider Name="Linux-Sysmon"/><EventID>11</EventID>'
            "<Channel>Linux-Sysmon/Operational</Channel><Computer>web-1</Computer></System><EventData>"
            '<Data Name="Image">/usr/bin/touch</Data><Data Name="TargetFilename">/etc/cron.d/x</Data></EventData></Event>',
            fields={"Image": "/usr/bin/touch"},
            names={"file.path": "/etc/cron.d/x"},
            logsources=(LogSource(product="linux", category="file_event"),),
        ),
    ),
)
