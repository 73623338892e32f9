"""Laurel's JSON: all records of one audit event as one object.

The records keep their names; what rules ask for stands at the top as in the kernel's own log.
Source: https://github.com/threathunters-io/laurel
"""

from collections.abc import Mapping

from socconsole.core.event import ReadContext, lookup
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Sample
from socconsole.parsers.safe_json import decode_line


def read(text: str, context: ReadContext) -> tuple[dict[str, object], timestamps.Instant] | None:
    """Return an event's fields, named as auditd names them, and its time; None when it is no such."""
    fields = decode_line(text)
    identity = fields.get("ID") if fields is not None else None
    if fields is None or not isinstance(identity, str):
        return None
    stamp, colon, serial = identity.partition(":")
    instant = timestamps.epoch(stamp)
    if not colon or instant is None:
        return None
    fields["serial"] = serial
    kinds = [
        name for name, value in fields.items() if isinstance(value, dict | list) and name.isupper()
    ]
    fields["type"] = kinds[0] if len(kinds) == 1 else kinds
    _lift(fields)
    if context.host:
        fields.setdefault("node", context.host)
    return fields, instant


def _lift(fields: dict[str, object]) -> None:
    call = fields.get("SYSCALL")
    if isinstance(call, Mapping):
        for name, value in call.items():
            if not isinstance(value, dict | list) and name != "SYSCALL":
                fields.setdefault(name, value)
        parent = lookup(call, "PPID.exe")
        if isinstance(parent, str):
            fields["ParentImage"] = parent
    words = lookup(fields, "EXECVE.ARGV")
    if isinstance(words, list):
        fields["argc"] = len(words)
        fields.update({f"a{place}": str(word) for place, word in enumerate(words)})
    directory = lookup(fields, "CWD.cwd")
    if isinstance(directory, str):
        fields["cwd"] = directory
    paths = fields.get("PATH")
    if isinstance(paths, list):
        fields["name"] = [
            item["name"] for item in paths if isinstance(item, dict) and "name" in item
        ]


SAMPLE = Sample(
    line='{"ID":"1772338329.579:33152","SYSCALL":{"syscall":59,"success":"yes","pid":13390,"comm":"base64",'
    '"exe":"/usr/bin/base64","SYSCALL":"execve","UID":"mara","PPID":{"exe":"/usr/bin/bash"}},"EXECVE":'
    '{"argc":2,"ARGV":["base64","-d"]},"PATH":[{"item":0,"name":"/usr/bin/base64"}]}',
    fields={
        "a1": "-d",
        "exe": "/usr/bin/base64",
        "ParentImage": "/usr/bin/bash",
        "SYSCALL.syscall": 59,
    },
    names={"process.command_line": "base64 -d", "process.executable": "/usr/bin/base64"},
    time="2026-03-01T04:12:09.579Z",
)
