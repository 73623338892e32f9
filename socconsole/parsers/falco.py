"""Falco's JSON output. What it says of a process is put where rules on processes look.

Source: https://falco.org/docs/reference/rules/supported-fields/
"""

from collections.abc import Mapping

from socconsole.core.event import EventCategory, LogSource
from socconsole.parsers.json_lines import reader
from socconsole.parsers.parser import Parser, Sample

_FALCO = LogSource(product="falco", service="falco")
_PROCESS = LogSource(product="linux", category="process_creation")
_RENAMED = (
    ("Image", "proc.exepath"),
    ("CommandLine", "proc.cmdline"),
    ("ParentImage", "proc.pexepath"),
    ("ParentCommandLine", "proc.pcmdline"),
    ("CurrentDirectory", "proc.cwd"),
    ("User", "user.name"),
    ("ProcessId", "proc.pid"),
    ("TargetFilename", "fd.name"),
)


def _is_ours(fields: Mapping[str, object]) -> bool:
    return "rule" in fields and "priority" in fields and "output_fields" in fields


def _logsources(fields: Mapping[str, object]) -> tuple[LogSource, ...]:
    return (_FALCO, _PROCESS) if "CommandLine" in fields else (_FALCO,)


def _adapt(fields: dict[str, object]) -> None:
    inner = fields["output_fields"]
    if not isinstance(inner, dict):
        return
    for ours, theirs in _RENAMED:
        if inner.get(theirs) not in (None, ""):
            fields.setdefault(ours, inner[theirs])
    if "Image" not in fields and inner.get("proc.name"):
        fields["Image"] = inner["proc.name"]


def _category(fields: Mapping[str, object]) -> EventCategory:
    priority = str(fields["priority"]).lower()
    if priority in ("emergency", "alert", "critical", "error"):
        return EventCategory.EXCEPTION
    return EventCategory.WARNING if priority == "warning" else EventCategory.INFORMATIONAL


PARSER = Parser(
    name="falco",
    title="Falco alerts",
    parse=reader(
        "falco",
        is_ours=_is_ours,
        logsources=_logsources,
        names={
            "rule.name": "rule",
            "event.severity": "priority",
            "host.name": "hostname",
            "user.name": "User",
            "process.executable": "Image",
            "process.command_line": "CommandLine",
            "process.parent.executable": "ParentImage",
            "file.path": "TargetFilename",
            "message": "output",
        },
        times=("time", "output_fields.evt.time"),
        category=_category,
        adapt=_adapt,
    ),
    samples=(
        Sample(
            line='{"hostname":"node-1","output":"Shell in container","priority":"Warning","rule":'
            '"Terminal shell in container","source":"syscall","time":"2026-03-01T04:12:09.123456789Z",'
            '"output_fields":{"proc.exepath":"/bin/bash","proc.cmdline":"bash -i","user.name":"root"}}',
            fields={"Image": "/bin/bash", "CommandLine": "bash -i"},
            names={"rule.name": "Terminal shell in container", "user.name": "root"},
            time="2026-03-01T04:12:09.123456Z",
            category=EventCategory.WARNING,
            logsources=(_FALCO, _PROCESS),
        ),
        Sample(
            line='{"output":"04:12:09.1: Error File below /etc opened","priority":"Error","rule":"Write '
            'below etc","time":"2026-03-01T04:12:09.1Z","output_fields":{"fd.name":"/etc/x y",'
            '"proc.cmdline":"sh -c \\"a\\"","proc.exepath":null,"proc.name":"sh",'
            '"proc.pexepath":"/usr/bin/sshd","proc.pcmdline":"sshd: mara","user.name":"mara",'
            '"evt.time":1772338329100000000,"proc.pid":7,"proc.cwd":"/"}}',
            names={
                "event.severity": "Error",
                "user.name": "mara",
                "process.executable": "sh",
                "process.command_line": 'sh -c "a"',
                "process.parent.executable": "/usr/bin/sshd",
                "file.path": "/etc/x y",
                "rule.name": "Write below etc",
            },
            time="2026-03-01T04:12:09.100000Z",
            category=EventCategory.EXCEPTION,
        ),
    ),
)
