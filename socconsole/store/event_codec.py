"""Turns a batch of events into blocks, column by column, and back, exactly."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import accumulate, repeat
from operator import sub

import msgspec

from socconsole.core.event import (
    ENTITY_NAMES,
    NO_NAMES,
    Event,
    EventCategory,
    LogSource,
    RawLine,
    TimeQuality,
    lookup,
)
from socconsole.store.event_payload import Packer, damaged, expand, unpack
from socconsole.store.types import from_micros, to_micros

BLOCK_EVENTS = 512
_BLOCK_TEXT = 4 << 20
"""Characters of lines at which a block ends early: it is read as a whole."""
_ENTITIES = tuple(ENTITY_NAMES.values())
_TOKEN = 200
"""Characters of a value that the index knows."""
_NO_LINE = RawLine("", 0, 0, b"", 0)
_NO_TOKENS = frozenset({"", "none"})
_NO_TOKEN_CHARACTER = re.compile(r"[^\w.\-@:/\\]")
_QUALITIES = {str(each): each for each in TimeQuality}
_CATEGORIES = {str(each): each for each in EventCategory}

_from_json = msgspec.json.Decoder().decode
_to_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Block:
    """Events of one batch of one file, as they are stored."""

    source_id: int
    generation_id: int
    offset_from: int
    offset_to: int
    time_from: int
    """Event time in microseconds; the time of reading for events that have none."""
    time_to: int
    events: int
    payload: bytes
    tokens: str
    """Distinct searchable values, separated by spaces."""


def token(value: str) -> str:
    """Return `value` as the index knows it: lower case, without what would split it."""
    return _token(value[:_TOKEN])


@lru_cache(maxsize=4096)
def _token(value: str) -> str:
    return _NO_TOKEN_CHARACTER.sub("_", value.lower())[:_TOKEN]


def blocks(
    place: tuple[int, int], events: Sequence[Event], read_at: int, packer: Packer
) -> Iterator[Block]:
    """Yield blocks of `events` in the order of their bytes.

    Args:
        place: The source and the generation that all of them come from.
        events: Some of them, or none.
        read_at: Stands in for the time of events that have none.
        packer: Makes the bytes.

    """
    start, text = 0, 0
    for end, event in enumerate(events):
        if text >= _BLOCK_TEXT or end - start == BLOCK_EVENTS:
            yield encode(place, events[start:end], read_at, packer)
            start, text = end, 0
        text += len(event.raw)
    if events:
        yield encode(place, events[start:], read_at, packer)


def encode(place: tuple[int, int], events: Sequence[Event], read_at: int, packer: Packer) -> Block:
    """Return one block of all of `events`; see `blocks`."""
    lines = [event.line or _NO_LINE for event in events]
    times = [None if event.time is None else to_micros(event.time) for event in events]
    known = [read_at if time is None else time for time in times]
    kinds = _Kinds()
    offsets, ends = [line.offset for line in lines], [line.end for line in lines]
    fields = [None if _is_its_own_json(event) else event.fields for event in events]
    columns = [
        _folded([kinds.of(*each) for each in zip(events, lines, strict=True)]),
        _folded(_steps(offsets)),
        _folded(list(map(sub, ends, offsets))),
        _folded(_steps([line.number for line in lines])),
        times if None in times else [_folded(_steps(known))],
        _folded([event.time_quality for event in events]),
        _folded([event.category for event in events]),
        [_exact(*each) for each in zip(events, lines, strict=True)],
        fields if any(each is not None for each in fields) else [None],
        _folded([event.parse_error for event in events]),
    ]
    return Block(
        *place,
        offsets[0],
        ends[-1],
        min(known),
        max(known),
        len(events),
        packer.pack([kinds.common, columns]),
        kinds.tokens(),
    )


class _Kinds:
    """What most events of a block have in common, each kind of it once."""

    def __init__(self) -> None:
        self.common: list[object] = []
        self._known: dict[object, int] = {}
        self._documents: list[tuple[list[str], list[Mapping[str, object]]]] = []
        """Of each kind the paths of its entities, and the fields of its events."""

    def of(self, event: Event, line: RawLine) -> int:
        """Return the number of the event's kind."""
        key = (event.format, id(event.logsources), id(event.names), line.source, line.path)
        kind = self._known.get(key)
        if kind is None:
            kind = self._known[key] = len(self.common)
            sources = [(each.product, each.category, each.service) for each in event.logsources]
            names = event.names
            self.common.append((event.format, sources, dict(names), line.source, line.path))
            paths = [names[name] for name in _ENTITIES if name in names]
            self._documents.append((paths, []))
        self._documents[kind][1].append(event.fields)
        return kind

    def tokens(self) -> str:
        """Return the distinct values by which the events seen can be found."""
        found: set[object] = set()
        for paths, documents in self._documents:
            for path in paths:
                found |= _values(documents, path)
        return " ".join(sorted({token(str(each)) for each in found} - _NO_TOKENS))


def _values(documents: Sequence[Mapping[str, object]], path: str) -> set[object]:
    try:
        if "." in path:
            return {lookup(each, path) for each in documents}
        return {each.get(path) for each in documents}
    except TypeError:  # a list or a mapping stands there
        return {str(lookup(each, path)) for each in documents}


def tokens_of(payload: bytes) -> str:
    """Return what a block is found by, as `encode` said of its events."""
    kinds = _Kinds()
    for event in decode(payload, "", 0):
        kinds.of(event, event.line or _NO_LINE)
    return kinds.tokens()


def mentions(payload: bytes, texts: Iterable[str]) -> bool:
    """Tell whether one of `texts` may occur in a block's events, in whatever case."""
    held = expand(payload).decode(errors="replace").casefold()
    return any(each.casefold() in held for each in texts)


def _exact(event: Event, line: RawLine) -> str | bytes:
    """Return the event's text, or the bytes it was made of where they say more."""
    raw = event.raw
    if raw.isascii():  # bytes that say more make a text with other characters in it
        return raw
    return line.data if _text_of(line.data) == raw else raw


def _text_of(data: bytes) -> str:
    """Return a line's text as readers make it: no database takes a NUL in text."""
    return data.decode(errors="replace").replace("\0", "\u2400")


def _is_its_own_json(event: Event) -> bool:
    """Tell whether the fields are just what the line says, so that they need no keeping."""
    raw, fields = event.raw, event.fields
    if not raw.startswith("{"):
        return False
    if event.is_its_own_json:
        return True
    try:
        # Most programs write JSON as it is written here, which takes a third of reading it.
        return _to_json(fields) == raw.encode() or bool(_from_json(raw) == fields)
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError, TypeError, ValueError):
        return False


def _steps(values: Sequence[int]) -> list[int]:
    return list(map(sub, values, (0, *values)))


def _folded(values: Sequence[object]) -> Sequence[object]:
    """Return one value for all where they are the same."""
    return values[:1] if values.count(values[0]) == len(values) else values


def decode(payload: bytes, source: str, generation_id: int) -> list[Event]:
    """Return the events of a block; `source` is what the source is called today.

    Raises:
        StoreError: The block is damaged.

    """
    try:
        shared, columns = unpack(payload)
        common = [_common(each) for each in shared]  # type: ignore[attr-defined]
        return [
            _event(row, common, source, generation_id)
            for row in _rows(columns)  # type: ignore[arg-type]
        ]
    except (ValueError, TypeError, LookupError, msgspec.MsgspecError) as error:
        raise damaged(error) from error


_Common = tuple[str, tuple[LogSource, ...], Mapping[str, str], str]


def _common(packed: Sequence[object]) -> _Common:
    format_name, sources, names, _, path = packed
    logsources = tuple(LogSource(*each) for each in sources)  # type: ignore[attr-defined]
    return str(format_name), logsources, names or NO_NAMES, str(path)  # type: ignore[return-value]


def _rows(columns: Sequence[list[object]]) -> Iterator[tuple[object, ...]]:
    places, offsets, sizes, numbers, times, *rest = columns
    qualities, categories, lines, fields, errors = rest
    count = len(lines)
    if len(times) == 1 and isinstance(times[0], list):
        times = _sums(times[0], count)
    return zip(
        _unfolded(places, count),
        _sums(offsets, count),
        _unfolded(sizes, count),
        _sums(numbers, count),
        times,
        _unfolded(qualities, count),
        _unfolded(categories, count),
        lines,
        _unfolded(fields, count),
        _unfolded(errors, count),
        strict=True,
    )


def _unfolded(column: list[object], count: int) -> Iterable[object]:
    return repeat(column[0], count) if len(column) == 1 else column


def _sums(column: list[object], count: int) -> list[object]:
    return list(accumulate(_unfolded(column, count)))


def _event(
    row: tuple[object, ...], common: Sequence[_Common], source: str, generation_id: int
) -> Event:
    place, offset, size, number, time, quality, category, exact, fields, error = row
    format_name, logsources, names, path = common[place]  # type: ignore[call-overload]
    if isinstance(exact, bytes):
        data, raw = exact, _text_of(exact)
    else:
        raw = str(exact)
        data = raw.encode(errors="surrogatepass")
    end = offset + size  # type: ignore[operator]
    line = RawLine(source, generation_id, offset, data, end, path, number)  # type: ignore[arg-type]
    return Event(
        format=format_name,
        logsources=logsources,
        fields=_from_json(raw) if fields is None else fields,  # type: ignore[arg-type]
        raw=raw,
        time=_moment(time),
        time_quality=_QUALITIES[quality],  # type: ignore[index]
        category=_CATEGORIES[category],  # type: ignore[index]
        names=names,
        parse_error=error,  # type: ignore[arg-type]
        line=line,
    )


def _moment(micros: object) -> datetime | None:
    return from_micros(micros) if isinstance(micros, int) else None
