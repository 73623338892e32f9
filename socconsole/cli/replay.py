"""Match rules against files, without a database."""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from socconsole.cli import rule_paths
from socconsole.cli.context import Context
from socconsole.cli.output import print_text, say
from socconsole.cli.parse import Multiline
from socconsole.cli.records import read_records
from socconsole.core.event import Event, LogSource, ReadContext
from socconsole.core.plain import rfc3339
from socconsole.errors import FileError, UsageError

if TYPE_CHECKING:
    from socconsole.core.detection import Detection
    from socconsole.parsers.parser import Parse
    from socconsole.sigma.match import Matcher

_HEAD = 64
"""Lines a format is chosen by."""

_BATCH = 32
"""Events read and matched together: few enough that their lines stay near the processor."""


def _context() -> ReadContext:
    from socconsole.parsers.timestamps import host_zone

    now = datetime.now(UTC)
    return ReadContext(now, zone=host_zone())


@dataclass(slots=True)
class _Run:
    """What one replay counts."""

    matcher: "Matcher"
    emit: "Callable[[Detection], None]"
    logsources: tuple[LogSource, ...] | None
    events: int = 0
    unparsed: int = 0
    detections: int = 0
    context: ReadContext = field(default_factory=_context)


def replay(
    files: Annotated[list[str], Parameter(help="Files to read; - is standard input.")],
    *,
    format: str = "auto",
    multiline: Multiline | None = None,
    rules: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    logsource: str | None = None,
    jsonl: bool = False,
    stats: Path | None = None,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Print what the rules find in files; touches no database.

    Args:
        files: Files of lines, JSON, gzip or Windows event logs.
        format: A parser's name; `auto` chooses by the first lines.
        multiline: How lines are joined to records; without it the way the format's lines are.
        rules: Rule files or folders to use instead of the shipped and configured ones.
        logsource: What the events are, such as product=windows,service=sysmon.
        jsonl: Print one JSON object a line.
        stats: File to write the run's figures to.
        context: The global options.

    """
    from socconsole.parsers import usual_logsources
    from socconsole.sigma.match import Matcher

    started = time.perf_counter()
    policy = context.settings().rules
    ruleset = rule_paths.load(policy, rules or ())
    for error in ruleset.errors:
        say(str(error))
    emit = _print_json if jsonl else _print_line
    matcher = Matcher(ruleset, lateness_secs=policy.lateness_secs, expected=usual_logsources())
    run = _Run(matcher, emit, parse_logsource(logsource))
    rule_paths.settle()
    load_seconds = time.perf_counter() - started
    started = time.perf_counter()
    for path in files:
        _replay_file(run, read_events(path, format, run.context, run.logsources, multiline))
    _report(run, run.matcher.finish())
    sys.stdout.flush()
    seconds = time.perf_counter() - started
    if stats is not None:
        figures = {
            "events": run.events,
            "detections": run.detections,
            "seconds": seconds,
            "events_per_second": run.events / seconds if seconds else 0.0,
            "rules_loaded": len(ruleset.rules),
            "rules_refused": len(ruleset.errors),
            "unparsed": run.unparsed,
            "peak_rss_bytes": peak_rss_bytes(),
            "load_seconds": load_seconds,
        }
        _write(stats, json.dumps(figures, indent=2) + "\n")
    return 0


def peak_rss_bytes() -> int:
    """Return the most memory this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _replay_file(run: _Run, batches: Iterator[list[Event]]) -> None:
    for events in batches:
        run.events += len(events)
        run.unparsed += [event.format for event in events].count("unparsed")
        _report(run, run.matcher.match_all(events))


def read_events(
    path: str,
    format_name: str,
    context: ReadContext,
    logsources: tuple[LogSource, ...] | None = None,
    multiline: Multiline | None = None,
) -> Iterator[list[Event]]:
    """Yield the events of a file in batches, each with its line; lines are joined as in collecting.

    `format_name` is a parser's name or `auto`; `logsources` replace those the parser tells.
    """
    from socconsole.parsers import unparsed
    from socconsole.parsers.multiline import joined
    from socconsole.parsers.reading import decode, read_line

    records = read_records(path)
    head = list(islice(records, _HEAD))
    parse, name = _parser(format_name, [decode(line.data)[0] for line in head])
    waiting = joined(multiline or name, chain(head, records))
    while batch := list(islice(waiting, _BATCH)):
        events = []
        for line in batch:
            event = read_line(parse, line, context)
            if event is None:
                event = unparsed(decode(line.data)[0])
                event.line = line
            if logsources is not None:
                event.logsources = logsources
            events.append(event)
        yield events


def _parser(format_name: str, head: list[str]) -> "tuple[Parse, str | None]":
    from socconsole.parsers import choose, find
    from socconsole.parsers.parser import open_parser

    parser = choose(head).parser if format_name == "auto" else find(format_name)
    if parser is None:
        return (lambda _text, _context: None), None
    return open_parser(parser, head), parser.name


def _report(run: _Run, detections: "list[Detection]") -> None:
    for detection in detections:
        run.detections += 1
        run.emit(detection)


def _print_json(detection: "Detection") -> None:
    document = detection_document(detection)
    line = msgspec.json.encode(document, enc_hook=str)
    # A terminal may take a sign beyond ASCII for a command; those are escaped the slow way.
    text = line.decode() if line.isascii() else json.dumps(document, default=str)
    sys.stdout.write(text + "\n")


def detection_document(detection: "Detection") -> dict[str, object]:
    """Return a detection in the shape `replay --jsonl` promises."""
    rule, line = detection.rule, detection.event.line
    document: dict[str, object] = {
        "rule_id": rule.id,
        "rule_title": rule.title,
        "rule_author": rule.author,
        "level": rule.severity.label,
        "tags": list(rule.tags),
        "source": line.path if line else "",
        "line": line.number if line else 0,
        "offset": line.offset if line else 0,
        "time": rfc3339(detection.time) if detection.event.time or detection.window else None,
        "event": msgspec.to_builtins(detection.event.fields, enc_hook=str),
    }
    window = detection.window
    if window is not None:
        document["correlation"] = {
            "type": window.type,
            "group": dict(window.group),
            "count": window.count,
            "first": rfc3339(window.first),
            "last": rfc3339(window.last),
        }
    return document


def _print_line(detection: "Detection") -> None:
    line = detection.event.line
    place = f"{line.path}:{line.number}" if line else "-"
    when = rfc3339(detection.time) if detection.event.time else "-"
    print_text([f"{when}  {detection.rule.severity.label:<13}  {place}  {detection.rule.title}"])


def parse_logsource(text: str | None) -> tuple[LogSource, ...] | None:
    """Return what `product=…,category=…,service=…` says; None when nothing is said."""
    if text is None:
        return None
    given: Mapping[str, str] = dict(
        pair.split("=", 1) for pair in text.split(",") if "=" in pair and pair.split("=", 1)[1]
    )
    unknown = set(given) - {"product", "category", "service"}
    if unknown or not given:
        raise UsageError(
            f"{text!r} is no log source.", hint="Write product=windows,service=sysmon."
        )
    return (LogSource(**given),)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError as error:
        raise FileError(f"Cannot write: {error.strerror}.", where=str(path)) from None
