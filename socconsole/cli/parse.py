"""`socconsole parse`: what each line of a file becomes."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from cyclopts import Parameter

from socconsole.cli.context import Context
from socconsole.cli.output import print_jsonl, print_text, say
from socconsole.cli.records import read_records
from socconsole.core.plain import rfc3339
from socconsole.errors import UsageError

if TYPE_CHECKING:
    from socconsole.core.event import Event, RawLine
    from socconsole.parsers import Parser

Multiline: TypeAlias = Literal["auditd", "container", "stack_traces"]
"""Ways in which lines are joined that a person may ask for."""

_LOOKED_AT = 50


def parse(
    *files: Annotated[str, Parameter(allow_leading_hyphen=True)],
    format: str = "auto",
    multiline: Multiline | None = None,
    jsonl: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Print the event each line of a file becomes.

    Args:
        files: Log files: lines, JSON documents, `.gz`, `.evtx`; `-` is the standard input.
        format: A parser's name; without it the first lines decide, and stderr says why.
        multiline: How lines are joined to records; without it the way the format's lines are.
        jsonl: Print one JSON object a line.
        context: The global options.

    """
    read = 0
    for name in files or ("-",):
        if name.startswith("-") and name != "-":
            raise UsageError(f"Unknown option {name!r}.", hint="Try `socconsole parse --help`.")
        for item in _items(name, (format, multiline), context):
            read += "unparsed" not in item
            if jsonl:
                print_jsonl((item,))
            else:
                print_text((_sentence(item),))
    return 0 if read else 1


def _items(
    name: str, wanted: tuple[str, str | None], context: Context
) -> Iterator[dict[str, object]]:
    from socconsole.core.event import ReadContext
    from socconsole.parsers import open_parser
    from socconsole.parsers.multiline import joined
    from socconsole.parsers.reading import decode, read_line
    from socconsole.parsers.timestamps import host_zone

    lines = read_records(name)
    head = list(islice(lines, _LOOKED_AT))
    texts = [decode(line.data)[0] for line in head]
    format_name, multiline = wanted
    parser = _chosen(texts, name, format_name)
    parse_line = open_parser(parser, texts) if parser is not None else lambda _text, _context: None
    now = context.now()
    reference = _written_at(name) or now
    read_context = ReadContext(reference=reference, zone=host_zone())
    join = multiline or (None if parser is None else parser.name)
    for line in joined(join, chain(head, lines)):
        yield _item(line, read_line(parse_line, line, read_context))


def _written_at(name: str) -> datetime | None:
    """Return when a file was last written: what dates without a year are measured against."""
    try:
        return None if name == "-" else datetime.fromtimestamp(Path(name).stat().st_mtime, UTC)
    except OSError:
        return None


def _chosen(texts: list[str], name: str, format: str) -> "Parser | None":
    from socconsole.parsers import choose, find

    if format != "auto":
        return find(format)
    choice = choose(texts)
    say(f"{name}: {choice.reason}")
    return choice.parser


def _item(line: "RawLine", event: "Event | None") -> dict[str, object]:
    from socconsole.core.event import TimeQuality
    from socconsole.parsers.reading import decode

    item: dict[str, object] = {"line": line.number, "offset": line.offset}
    if event is None:
        text, clean = decode(line.data)
        item |= {"unparsed": True, "raw": text}
    else:
        clean = event.parse_error is None
        item |= {
            "format": event.format,
            "time": None if event.time is None else rfc3339(event.time),
            "time_assumed": event.time_quality is not TimeQuality.EXACT,
            "logsource": _logsource(event),
            "event": event.fields,
            "raw": event.raw,
        }
    if not clean:
        item["raw_b64"] = base64.b64encode(line.data).decode()
    return item


def _logsource(event: "Event") -> dict[str, str | None]:
    """Return one triple for all log sources of an event: the first word any of them has."""
    found = event.logsources
    return {
        "product": next((one.product for one in found if one.product), None),
        "category": next((one.category for one in found if one.category), None),
        "service": next((one.service for one in found if one.service), None),
    }


def _sentence(item: dict[str, object]) -> str:
    if "unparsed" in item:
        return f"{item['line']}: unparsed: {item['raw']}"
    event = item["event"]
    assert isinstance(event, dict)
    fields = " ".join(f"{name}={value}" for name, value in event.items())
    return f"{item['line']}: {item['time'] or '-'} {item['format']}: {fields}"
