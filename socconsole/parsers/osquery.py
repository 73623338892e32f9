"""osquery's result log; columns stand at the top level too.

Source: https://osquery.readthedocs.io/en/stable/deployment/logging/
"""

from collections.abc import Mapping

from socconsole.core.event import LogSource, lookup
from socconsole.parsers.json_lines import reader
from socconsole.parsers.parser import Parser, Sample

_OSQUERY = LogSource(product="osquery", service="osquery")
_PRODUCTS = {"darwin": "macos", "windows": "windows"}
_CATEGORIES = (("CommandLine", "process_creation"), ("TargetFilename", "file_event"))


def _is_ours(fields: Mapping[str, object]) -> bool:
    return (
        "hostIdentifier" in fields
        and "name" in fields
        and ("columns" in fields or "snapshot" in fields)
    )


def _logsources(fields: Mapping[str, object]) -> tuple[LogSource, ...]:
    category = next((name for field, name in _CATEGORIES if field in fields), None)
    if category is None:
        return (_OSQUERY,)
    platform = lookup(fields, "decorations.platform") or fields.get("platform")
    # Only macOS has Endpoint Security's events.
    if platform is None and "es_process" in str(fields["name"]):
        platform = "darwin"
    return _OSQUERY, LogSource(product=_PRODUCTS.get(str(platform), "linux"), category=category)


def _adapt(fields: dict[str, object]) -> None:
    columns = fields.get("columns")
    if not isinstance(columns, dict):
        return
    if "process" in str(fields["name"]) and "cmdline" in columns:
        for ours, theirs in (
            ("CommandLine", "cmdline"),
            ("Image", "path"),
            ("CurrentDirectory", "cwd"),
            ("ParentImage", "parent_path"),
            ("ParentCommandLine", "parent_cmdline"),
            ("User", "username"),
        ):
            if theirs in columns:
                fields[ours] = columns[theirs]
    elif "file_events" in str(fields["name"]):
        _describe_file(fields, columns)
    for name in ("username", "remote_address", "path", "pid"):
        if name in columns:
            fields.setdefault(name, columns[name])


def _describe_file(fields: dict[str, object], columns: Mapping[str, object]) -> None:
    """Add the file that was written, and by which program where that is known."""
    target = columns.get("target_path") or columns.get("filename")
    if target:
        fields["TargetFilename"] = target
        if "filename" in columns and "path" in columns:
            fields["Image"] = columns["path"]


PARSER = Parser(
    name="osquery",
    title="osquery results",
    parse=reader(
        "osquery",
        is_ours=_is_ours,
        logsources=_logsources,
        names={
            "host.name": "hostIdentifier",
            "event.code": "name",
            "event.action": "action",
            "user.name": "username",
            "source.ip": "remote_address",
            "process.executable": "Image",
            "process.command_line": "CommandLine",
            "process.pid": "pid",
            "file.path": "TargetFilename",
        },
        times=("unixTime", "calendarTime"),
        adapt=_adapt,
    ),
    samples=(
        Sample(
            line='{"name":"es_process_file_events","hostIdentifier":"mac-1","unixTime":1772338329,"action":"added",'
            '"columns":{"event_type":"write","path":"/bin/cp","filename":"/Library/LaunchDaemons/x.plist"}}',
            fields={"Image": "/bin/cp"},
            names={"file.path": "/Library/LaunchDaemons/x.plist"},
            logsources=(LogSource(product="macos", category="file_event"),),
        ),
        Sample(
            line='{"name":"pack_mac_es_process_events","hostIdentifier":"mac-1","unixTime":1772338329,"action":"added",'
            '"columns":{"path":"/usr/bin/osascript","cmdline":"osascript -e \'x \\"y\\"\'","parent_path":"/bin/zsh",'
            '"username":"mara","pid":"77"}}',
            fields={"CommandLine": "osascript -e 'x \"y\"'", "ParentImage": "/bin/zsh"},
            names={"process.executable": "/usr/bin/osascript", "user.name": "mara"},
            logsources=(LogSource(product="macos", category="process_creation"),),
        ),
        Sample(
            line='{"name":"pack_it_process_events","hostIdentifier":"ws-1","calendarTime":'
            '"Sun Mar  1 04:12:09 2026 UTC","unixTime":1772338329,"columns":{"cmdline":"nc -l 4444",'
            '"path":"/usr/bin/nc","username":"mara"},"action":"added"}',
            fields={"columns.path": "/usr/bin/nc", "Image": "/usr/bin/nc"},
            names={"host.name": "ws-1", "process.command_line": "nc -l 4444", "user.name": "mara"},
            time="2026-03-01T04:12:09Z",
            logsources=(_OSQUERY, LogSource(product="linux", category="process_creation")),
        ),
    ),
)
