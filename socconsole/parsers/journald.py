"""The systemd journal as JSON, as `journalctl -o json` prints it.

The message is read like a syslog message of the same program.
Source: https://systemd.io/JOURNAL_EXPORT_FORMATS/
"""

from socconsole.core.event import Event, ReadContext, TimeQuality
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Parser, Sample
from socconsole.parsers.phrases import EXCEPTION, MAINTENANCE, WARNING, linux
from socconsole.parsers.processes import remembering
from socconsole.parsers.programs import to_event
from socconsole.parsers.safe_json import decode_line


def parse(text: str, context: ReadContext) -> Event | None:
    """Read one journal entry."""
    entry = decode_line(text)
    if entry is None or "__REALTIME_TIMESTAMP" not in entry:
        return None
    return from_entry(entry, text, context)


def from_entry(fields: dict[str, object], text: str, context: ReadContext) -> Event:
    """Return the event of an entry, however it was written."""
    entry = fields
    message = _message(entry.get("MESSAGE"))
    fields["message"] = message
    for ours, theirs in (
        ("host", "_HOSTNAME"),
        ("program", "SYSLOG_IDENTIFIER"),
        ("pid", "_PID"),
    ):
        if theirs in entry:
            fields[ours] = entry[theirs]
    if "program" not in fields and "_COMM" in entry:
        fields["program"] = entry["_COMM"]
    pid = fields.get("pid")
    if isinstance(pid, str) and pid.isascii() and pid.isdigit() and len(pid) < 12:
        fields["pid"] = int(pid)
    instant = timestamps.any_time(entry["__REALTIME_TIMESTAMP"], context) or (
        None,
        TimeQuality.NONE,
    )
    priority = entry.get("PRIORITY")
    severity = (
        int(priority) if isinstance(priority, str) and priority in "01234567" and priority else None
    )
    return to_event(text, fields, instant, severity)


def _message(value: object) -> str:
    """Return the text of a message; one that is no UTF-8 comes as a list of bytes."""
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return "\n".join(value)  # the field stands several times
        numbers = [item for item in value if isinstance(item, int) and 0 <= item < 256]
        return bytes(numbers).decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


PARSER = Parser(
    name="journald",
    title="systemd journal as JSON",
    parse=parse,
    remember=remembering,
    samples=(
        Sample(
            line='{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1772338329123456","_HOSTNAME":"web-1",'
            '"SYSLOG_IDENTIFIER":"sshd","_PID":"4321","PRIORITY":"6","_COMM":"sshd",'
            '"MESSAGE":"Failed password for root from 203.0.113.9 port 22 ssh2"}',
            fields={"pid": 4321, "__CURSOR": "s=1"},
            names={"user.name": "root", "source.ip": "203.0.113.9", "host.name": "web-1"},
            time="2026-03-01T04:12:09.123456Z",
            category=WARNING,
            logsources=linux("sshd"),
        ),
        Sample(
            line='{"__REALTIME_TIMESTAMP":"1772338329123456","_COMM":"systemd","MESSAGE":'
            "[83,116,97,114,116,101,100,32,120]}",
            fields={"message": "Started x", "unit": "x"},
            category=MAINTENANCE,
        ),
        Sample(
            line='{"__REALTIME_TIMESTAMP":"1772338329123456","_TRANSPORT":"kernel",'
            '"SYSLOG_IDENTIFIER":"kernel","MESSAGE":null,"PRIORITY":"3"}',
            time="2026-03-01T04:12:09.123456Z",
            category=EXCEPTION,
        ),
        Sample(
            line='{"__REALTIME_TIMESTAMP":"1772338329123456","_HOSTNAME":"web-1","_COMM":"app",'
            '"MESSAGE":["one","two"]}',
            names={"host.name": "web-1"},
            time="2026-03-01T04:12:09.123456Z",
        ),
    ),
)
