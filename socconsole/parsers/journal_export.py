"""The systemd journal in its export format, as `journalctl -o export` prints it.

An entry is many lines, one for each field; it begins with its cursor. A field that is no plain text
has its name alone on a line, then its length in eight bytes, then its bytes.
Source: https://systemd.io/JOURNAL_EXPORT_FORMATS/
"""

import re
from collections.abc import Sequence

from socconsole.core.event import Event, ReadContext, TimeQuality
from socconsole.parsers import journald
from socconsole.parsers.parser import Parse, Parser, Sample
from socconsole.parsers.phrases import WARNING, linux
from socconsole.parsers.processes import remembering

FIRST = "__CURSOR="
_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_NEXT = re.compile(r"\n(?=[A-Z_][A-Z0-9_]{0,63}(?:=|\n))")
_LENGTH = 8
# Less than 16 MiB: at least five of its bytes are NUL. One that is a line feed split the line.
_SIZE = re.compile(r"[^\u2400]{0,3}\u2400{5,8}")
_MAX_FIELDS = 1000


def start(head: Sequence[str]) -> Parse:
    """Return the function that reads a file whose first lines are `head`."""
    return _parse_any if head and head[0].startswith(FIRST) else parse


def parse(text: str, context: ReadContext) -> Event | None:
    """Read one entry."""
    if not text.startswith(FIRST):
        return None
    entry = _fields(text)
    if "__REALTIME_TIMESTAMP" not in entry:
        return None
    return journald.from_entry(entry, text, context)


def _parse_any(text: str, context: ReadContext) -> Event | None:
    """Read an entry, or a line of one that could not be put together."""
    event = parse(text, context)
    if event is not None:
        return event
    name, equals, value = text.partition("=")
    if not equals or _NAME.fullmatch(name) is None:
        return None
    fields: dict[str, object] = {name: value, "message": text}
    found = Event("journal_export", linux("syslog"), fields, text, None, TimeQuality.NONE)
    found.parse_error = "a line of a journal entry without the others"
    return found


def _fields(text: str) -> dict[str, object]:
    """Return an entry's fields; of one that stands several times, all values."""
    fields: dict[str, object] = {}
    rest = text
    for _ in range(_MAX_FIELDS):
        line, newline, after = rest.partition("\n")
        name, equals, value = line.partition("=")
        if _NAME.fullmatch(name) is None:
            break
        if not equals:
            value, after = _binary(after)
        _add(fields, name, value)
        rest = after
        if not rest or not (newline or equals):
            break
    return fields


def _binary(after: str) -> tuple[str, str]:
    """Return a value that follows its length, and what follows the value.

    A length or a value that suffered as lines of text ends where the next field begins.
    """
    length = _SIZE.match(after)
    content = after[length.end() :] if length is not None else after
    if (
        length is not None
        and len(length[0]) == _LENGTH
        and length[0].replace("\u2400", "").isascii()
    ):
        size = int.from_bytes(length[0].replace("\u2400", "\0").encode(), "little")
        data = content.encode(errors="replace")
        if size <= len(data) and data[size : size + 1] in (b"\n", b""):
            return data[:size].decode(errors="replace"), data[size + 1 :].decode(errors="replace")
    value, *others = _NEXT.split(content, maxsplit=1)
    return value, others[0] if others else ""


def _add(fields: dict[str, object], name: str, value: str) -> None:
    present = fields.get(name)
    if present is None:
        fields[name] = value
    elif isinstance(present, list):
        present.append(value)
    else:
        fields[name] = [present, value]


PARSER = Parser(
    name="journal_export",
    title="systemd journal in its export format",
    parse=parse,
    start=start,
    remember=remembering,
    samples=(
        Sample(
            line="__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1772338329123456\n_HOSTNAME=web-1\nPRIORITY=6\n"
            "SYSLOG_IDENTIFIER=sshd\n_PID=4321\n"
            "MESSAGE=Failed password for root from 203.0.113.9 port 22 ssh2",
            fields={"pid": 4321, "__CURSOR": "s=1;i=2"},
            names={"user.name": "root", "source.ip": "203.0.113.9", "host.name": "web-1"},
            time="2026-03-01T04:12:09.123456Z",
            category=WARNING,
            logsources=linux("sshd"),
        ),
        Sample(
            line="__CURSOR=s=1\n__REALTIME_TIMESTAMP=1772338329123456\n_COMM=app\nMESSAGE\n"
            "\x0b" + "\u2400" * 7 + "one\nA=b\ntwo\n_PID=7",
            fields={"message": "one\nA=b\ntwo", "pid": 7},
        ),
    ),
)
