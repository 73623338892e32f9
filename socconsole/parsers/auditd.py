"""Linux audit records, raw or enriched, one a line or the records of one event joined by newlines.

Values the kernel hex-encodes because they are untrusted are decoded after splitting. An execve
also fills the names that rules on process creation look at.
Source: https://github.com/linux-audit/audit-documentation/wiki
"""

import re
from collections.abc import Iterator
from types import MappingProxyType

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext
from socconsole.parsers import audit_effects, laurel, timestamps
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.phrases import INFORMATIONAL, MAINTENANCE, WARNING, as_signed

HEAD = re.compile(
    r"(?:node=(?P<node>\S+) )?type=(?P<type>[\w\[\]]+) msg=audit\((?P<time>\d+\.\d+):(?P<serial>\d+)\):\s?"
)
_PAIR = re.compile(r"(?<![\w-])([\w-]{1,128})=(\"[^\"]*\"|'[^']*'|\S*)")
_HEX = re.compile(r"(?:[0-9A-F]{2})+")
_UNTRUSTED = frozenset(
    (
        "comm",
        "exe",
        "name",
        "proctitle",
        "cmd",
        "cwd",
        "acct",
        "path",
        "data",
        "key",
        "file",
        "dir",
        "grp",
        "op",
    )
)
_ARGUMENT = re.compile(r"a\d+(?:\[\d+\])?$")
_INTEGERS = frozenset(("pid", "ppid", "syscall", "items", "exit", "argc", "ses", "item"))
_AUDITD = LogSource(product="linux", service="auditd")
_SOURCES = (_AUDITD,)
_PROCESS_SOURCES = (_AUDITD, audit_effects.PROCESS)
_NAMES = MappingProxyType(
    {
        "host.name": "node",
        "event.code": "type",
        "event.action": "op",
        "event.outcome": "res",
        "user.name": "acct",
        "source.ip": "addr",
        "process.name": "comm",
        "process.pid": "pid",
        "process.executable": "exe",
        "process.command_line": "CommandLine",
        "process.parent.executable": "ParentImage",
        "file.path": "name",
        "destination.ip": "DestinationIp",
        "destination.port": "DestinationPort",
    }
)
_NAMED_USER = MappingProxyType({**_NAMES, "user.name": "User"})
_CHANGES = frozenset(
    ("ADD_USER", "DEL_USER", "ADD_GROUP", "DEL_GROUP", "GRP_MGMT", "USER_MGMT", "CONFIG_CHANGE",
     "DAEMON_START", "DAEMON_END", "SERVICE_START", "SERVICE_STOP", "SYSTEM_BOOT", "SYSTEM_SHUTDOWN")
)  # fmt: skip


def parse(text: str, context: ReadContext) -> Event | None:
    """Read one record, or all records of one event."""
    if text[:6] == '{"ID":':
        found = laurel.read(text, context)
        return None if found is None else _event(found[0], found[1], text)
    head = HEAD.search(text, 0, 400)
    if head is None:
        return None
    instant = timestamps.epoch(head["time"])
    if instant is None:
        return None
    fields = _joined(text) if "\n" in text else _record(text, head)
    host = context.host
    if "node" not in fields and host:
        fields["node"] = host
    return _event(fields, instant, text)


def _event(fields: dict[str, object], instant: timestamps.Instant, text: str) -> Event:
    logsources = (_AUDITD, *audit_effects.describe(fields))
    names = _NAMED_USER if "User" in fields else _NAMES
    return Event("auditd", logsources, fields, text, *instant, _category(fields), names)


def _record(text: str, head: re.Match[str]) -> dict[str, object]:
    fields: dict[str, object] = {"type": head["type"], "serial": head["serial"]}
    if head["node"]:
        fields["node"] = head["node"]
    body, _, interpreted = text[head.end() :].partition("\x1d")
    in_execve = head["type"] == "EXECVE"
    for name, value in _pairs(body):
        fields[name] = _value(name, value, in_execve)
    # The enriched part names ids, in upper case: SYSCALL=execve UID="root".
    for name, value in _pairs(interpreted):
        fields[name] = value.strip("\"'")
    return fields


def _pairs(body: str) -> Iterator[tuple[str, str]]:
    for name, value in _PAIR.findall(body):
        if value[:1] == "'":
            # A program's own message: op=login acct="root" … inside quotes.
            yield from _PAIR.findall(value[1:-1])
        else:
            yield name, value


def _value(name: str, value: str, in_execve: bool) -> object:
    if value[:1] == '"':
        return value[1:-1]
    if name in _UNTRUSTED or (in_execve and _ARGUMENT.match(name)):
        if value == "(null)":
            return ""
        if _HEX.fullmatch(value) and (name not in ("key", "op") or len(value) > 6):
            return _decoded(name, value)
        return value
    return as_signed(value) if name in _INTEGERS else value


def _decoded(name: str, value: str) -> str:
    separator = " " if name == "proctitle" else "\u2400"
    return bytes.fromhex(value).decode("utf-8", "replace").replace("\0", separator)


def _joined(text: str) -> dict[str, object]:
    """Return one document for all records of an event; a field that several have is a list."""
    fields: dict[str, object] = {}
    types: list[str] = []
    created: list[object] = []
    has_words = "type=EXECVE" in text
    for line in text.split("\n"):
        head = HEAD.search(line, 0, 400)
        if head is None:
            continue
        record = _record(line, head)
        types.append(head["type"])
        if head["type"] == "SYSCALL" and has_words:
            # Pointers; the words themselves are in EXECVE.
            for name in ("a0", "a1", "a2", "a3"):
                record.pop(name, None)
        if record.get("nametype") == "CREATE" and "name" in record:
            created.append(record["name"])
        for name, value in record.items():
            if name not in fields:
                fields[name] = value
            elif name not in ("type", "serial", "node"):
                _add(fields, name, value)
    fields["type"] = types if len(types) != 1 else types[0]
    if created:
        # The folder's own record comes first; the last one is the file.
        fields["TargetFilename"] = created[-1]
    return fields


def _add(fields: dict[str, object], name: str, value: object) -> None:
    present = fields[name]
    if isinstance(present, list):
        present.append(value)
    elif present != value:
        fields[name] = [present, value]


def _category(fields: dict[str, object]) -> EventCategory:
    if fields.get("res") in ("failed", "no", "0") or fields.get("success") == "no":
        return WARNING
    kind = fields.get("type")
    if isinstance(kind, str):
        if kind in _CHANGES:
            return MAINTENANCE
        if kind.startswith(("ANOM_", "AVC", "SECCOMP")):
            return WARNING
    return INFORMATIONAL


PARSER = Parser(
    name="auditd",
    title="Linux audit log, raw or enriched",
    parse=parse,
    samples=(
        laurel.SAMPLE,
        Sample(
            line="type=SYSCALL msg=audit(1772338329.579:2996): arch=c000003e syscall=59 success=yes "
            'exit=0 a0=237f5e8 items=2 ppid=26843 pid=27031 auid=1000 uid=1000 tty=pts2 comm="base64" '
            'exe="/usr/bin/base64" key="susp"\x1dARCH=x86_64 SYSCALL=execve AUID="mara" UID="mara"',
            fields={
                "type": "SYSCALL", "exe": "/usr/bin/base64", "key": "susp", "SYSCALL": "execve",
                "Image": "/usr/bin/base64", "a0": "237f5e8", "pid": 27031,
            },
            names={"process.executable": "/usr/bin/base64", "user.name": "mara"},
            time="2026-03-01T04:12:09.579Z",
            logsources=_PROCESS_SOURCES,
        ),
        Sample(
            line='type=EXECVE msg=audit(1772338329.579:2997): argc=8 a0="nmap" a1="-sS" a2="-p" a3="1-1024" a4="-oN" '
            'a5="/tmp/x y" a6="2001:db8::/64" a7=22C3A422',
            fields={"a3": "1-1024", "a7": '"ä"', "CommandLine": 'nmap -sS -p 1-1024 -oN /tmp/x y 2001:db8::/64 "ä"'},
        ),
        Sample(
            line="type=SERVICE_STOP msg=audit(1772338329.579:41): pid=1 uid=0 auid=4294967295 ses=4294967295 "
            "msg='unit=auditd comm=\"systemd\" exe=\"/usr/lib/systemd/systemd\" hostname=? addr=? terminal=? res=success'",
            fields={"unit": "auditd", "type": "SERVICE_STOP"},
            names={"source.ip": "?"},
            category=MAINTENANCE,
        ),
        Sample(
            line='type=EXECVE msg=audit(1772338329.579:2996): argc=3 a0="sh" a1="-c" a2=6964203E202F746D70',
            fields={"a0": "sh", "a2": "id > /tmp", "CommandLine": "sh -c id > /tmp"},
            logsources=_PROCESS_SOURCES,
        ),
        Sample(
            line="node=web-1 type=USER_LOGIN msg=audit(1772338329.579:40): pid=1 uid=0 auid=4294967295 "
            "msg='op=login acct=\"root\" exe=\"/usr/sbin/sshd\" hostname=? addr=203.0.113.9 "
            "terminal=ssh res=failed'",
            fields={"op": "login", "terminal": "ssh"},
            names={
                "host.name": "web-1", "user.name": "root", "source.ip": "203.0.113.9",
                "event.outcome": "failed",
            },
            category=WARNING,
            logsources=_SOURCES,
        ),
        Sample(
            line="type=SYSCALL msg=audit(1772338329.579:7): syscall=59 success=yes a0=1 pid=9 ppid=8 "
            'comm="id" exe="/usr/bin/id"\n'
            'type=EXECVE msg=audit(1772338329.579:7): argc=2 a0="id" a1="-u"\n'
            'type=CWD msg=audit(1772338329.579:7): cwd="/srv"\n'
            'type=PATH msg=audit(1772338329.579:7): item=0 name="/usr/bin/id" nametype=NORMAL\n'
            'type=PATH msg=audit(1772338329.579:7): item=1 name="/lib64/ld.so" nametype=NORMAL',
            fields={
                "type": ["SYSCALL", "EXECVE", "CWD", "PATH", "PATH"],
                "name": ["/usr/bin/id", "/lib64/ld.so"],
                "Image": "/usr/bin/id", "CommandLine": "id -u", "CurrentDirectory": "/srv", "a0": "id",
            },
            logsources=_PROCESS_SOURCES,
        ),
        Sample(
            line="type=PATH msg=audit(1772338329.579:8): item=1 name=\"/etc/cron.d/x\" nametype=CREATE mode=0100644",
            fields={"TargetFilename": "/etc/cron.d/x"},
            names={"file.path": "/etc/cron.d/x"},
            logsources=(audit_effects.FILE,),
        ),
        Sample(
            line="type=SYSCALL msg=audit(1772338329.579:9): syscall=42 success=yes pid=9 comm=\"nc\" exe=\"/usr/bin/nc\"\n"
            "type=SOCKADDR msg=audit(1772338329.579:9): saddr=0200115CCB0071090000000000000000",
            fields={"DestinationPort": 4444, "Image": "/usr/bin/nc", "Initiated": "true"},
            names={"destination.ip": "203.0.113.9"},
            logsources=(audit_effects.NETWORK,),
        ),
    ),
)  # fmt: skip
