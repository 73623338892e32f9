"""Lines wrapped by a container runtime: CRI, and Docker's json-file.

The line inside is read by whichever format it is of; how it was wrapped stands beside it.
"""

import re
from collections.abc import Callable

from socconsole.core.event import Event, EventCategory, LogSource, ReadContext, TimeQuality
from socconsole.parsers import timestamps
from socconsole.parsers.parser import Parse, Parser, Sample
from socconsole.parsers.safe_json import decode_line

_CRI = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\S{9,26}) (?P<stream>stdout|stderr) (?P<tag>[FP])(?::\S*)? (?P<log>.*)",
    re.DOTALL,
)
_DOCKER_KEYS = frozenset(("log", "stream", "time", "attrs"))
_SOURCES = (LogSource(product="linux", service="container"),)
_NAMES = {"message": "message", "host.name": "host"}


def unwrap(text: str) -> tuple[str, dict[str, object]] | None:
    """Return the line inside a wrapper and what the wrapper says, or None when there is none."""
    if text[:1] == "{":
        return _unwrap_docker(text)
    match = _CRI.match(text)
    if match is None:
        return None
    return match["log"], {
        "container_time": match["time"],
        "container_stream": match["stream"],
        "container_tag": match["tag"],
    }


def _unwrap_docker(text: str) -> tuple[str, dict[str, object]] | None:
    if '"log"' not in text:
        return None
    entry = decode_line(text)
    if entry is None or not _DOCKER_KEYS.issuperset(entry) or not isinstance(entry.get("log"), str):
        return None
    wrapper: dict[str, object] = {
        f"container_{name}": entry[name] for name in ("time", "stream", "attrs") if name in entry
    }
    return str(entry["log"]).rstrip("\r\n"), wrapper


def is_partial(text: str) -> bool:
    """Whether a wrapped line goes on in the next one of its stream."""
    if text[:1] != "{":
        match = _CRI.match(text)
        return match is not None and match["tag"] == "P"
    entry = decode_line(text)
    log = entry.get("log") if entry is not None else None
    return isinstance(log, str) and not log.endswith("\n")


def reader(inner: Callable[[str], tuple[Parse, ...]]) -> Parse:
    """Return the function that reads wrapped lines; `inner` names who may read what is inside."""

    def parse(text: str, context: ReadContext) -> Event | None:
        found = unwrap(text)
        if found is None:
            return None
        log, wrapper = found
        outer = timestamps.any_time(wrapper.get("container_time"), context)
        for read in inner(log):
            event = read(log, context)
            if event is not None:
                break
        else:
            event = Event("container", _SOURCES, {"message": log}, log, None, TimeQuality.NONE,
                          _category(wrapper), _NAMES)  # fmt: skip
        event.raw = text
        event.fields.update(wrapper)
        event.fields.setdefault("message", log)
        if outer is not None and event.time_quality is not TimeQuality.EXACT:
            event.time, event.time_quality = outer
        return event

    return parse


def _category(wrapper: dict[str, object]) -> EventCategory:
    noisy = wrapper.get("container_stream") == "stderr"
    return EventCategory.WARNING if noisy else EventCategory.INFORMATIONAL


def parser(inner: Callable[[str], tuple[Parse, ...]]) -> Parser:
    """Return the parser of wrapped lines."""
    return Parser(
        name="container",
        title="container logs (CRI, Docker json-file) around any other format",
        parse=reader(inner),
        samples=_SAMPLES,
    )


_SAMPLES = (
    Sample(
        line='2026-03-01T04:12:09.413656027Z stdout F 203.0.113.9 - - [01/Mar/2026:04:12:09 +0000] "GET / '
        'HTTP/1.1" 200 13 "-" "curl/8"',
        fields={"container_stream": "stdout", "cs-method": "GET"},
        names={"source.ip": "203.0.113.9"},
        time="2026-03-01T04:12:09Z",
        logsources=(LogSource(category="webserver"),),
    ),
    Sample(
        line='{"log":"oh dear\\n","stream":"stderr","time":"2026-03-01T04:12:09.20764059Z"}',
        fields={"message": "oh dear"},
        time="2026-03-01T04:12:09.207640Z",
        category=EventCategory.WARNING,
    ),
)
