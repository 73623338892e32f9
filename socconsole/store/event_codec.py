"""Turns a batch of events into a compressed block and back, exactly."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from socconsole.core.event import (
    NO_NAMES,
    Event,
    EventCategory,
    LogSource,
    RawLine,
    TimeQuality,
    entities,
)
from socconsole.store.types import from_micros, to_micros

CODEC = 1
_LEVEL = 1
_BIG_INTEGER = 1
_ODD_TEXT = 2
_LIMIT = 2**63

_encode = msgspec.msgpack.Encoder().encode


def _from_extension(code: int, data: memoryview) -> object:
    if code == _BIG_INTEGER:
        return int(bytes(data))
    return bytes(data).decode(errors="surrogatepass")


_decode = msgspec.msgpack.Decoder(list[object], ext_hook=_from_extension).decode


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
    return "".join(c if c.isalnum() or c in "._-@:/\\" else "_" for c in value.lower())[:200]


def encode(source_id: int, generation_id: int, events: Sequence[Event], read_at: int) -> Block:
    """Return the block of `events`, which come from one generation in the order of their bytes."""
    shared: list[object] = []
    places: dict[object, int] = {}
    rows: list[object] = []
    seen: set[str] = set()
    low, high = None, None
    for event in events:
        time = read_at if event.time is None else to_micros(event.time)
        low = time if low is None or time < low else low
        high = time if high is None or time > high else high
        rows.append(_row(event, _shared(event, shared, places)))
        seen.update(entities(event).values())
    first, last = events[0].line, events[-1].line
    return Block(
        source_id,
        generation_id,
        first.offset if first else 0,
        last.end if last else 0,
        low or 0,
        high or 0,
        len(events),
        zlib.compress(_packed([shared, rows]), _LEVEL),
        " ".join(sorted({token(value) for value in seen})),
    )


def _shared(event: Event, shared: list[object], places: dict[object, int]) -> int:
    """Return the place of what most events of a block have in common."""
    line = event.line
    key = (
        event.format,
        event.logsources,
        id(event.names),
        line.source if line else "",
        line.path if line else "",
    )
    place = places.get(key)
    if place is None:
        place = places[key] = len(shared)
        sources = [(each.product, each.category, each.service) for each in event.logsources]
        shared.append((event.format, sources, dict(event.names), key[3], key[4]))
    return place


def _row(event: Event, place: int) -> tuple[object, ...]:
    line = event.line
    raw = event.raw
    exact: object = raw
    if line is not None and not line.data.isascii():
        exact = line.data if line.data.decode(errors="replace") == raw else raw
    return (
        place,
        line.offset if line else 0,
        line.end if line else 0,
        line.number if line else 0,
        None if event.time is None else to_micros(event.time),
        event.time_quality.value,
        event.category.value,
        exact,
        event.fields,
        event.parse_error,
    )


def _packed(document: object) -> bytes:
    try:
        return _encode(document)
    except (OverflowError, UnicodeEncodeError, TypeError, ValueError):
        return _encode(_tame(document))


def _tame(value: object) -> object:
    """Return `value` with what MessagePack cannot hold wrapped so that it comes back."""
    if isinstance(value, str):
        return _tame_text(value)
    if isinstance(value, int) and not -_LIMIT <= value < 2 * _LIMIT:
        return msgspec.msgpack.Ext(_BIG_INTEGER, str(value).encode())
    if isinstance(value, int | float | bytes | None):
        return value
    if isinstance(value, Mapping):
        return {_tame(key): _tame(inner) for key, inner in value.items()}
    return [_tame(inner) for inner in value] if isinstance(value, Iterable) else str(value)


def _tame_text(value: str) -> object:
    try:
        value.encode()
    except UnicodeEncodeError:
        return msgspec.msgpack.Ext(_ODD_TEXT, value.encode(errors="surrogatepass"))
    return value


def decode(payload: bytes, source: str, generation_id: int) -> list[Event]:
    """Return the events of a block; `source` is what the source is called today."""
    shared, rows = _decode(zlib.decompress(payload))
    common = [_common(each) for each in shared]  # type: ignore[attr-defined]
    return [_event(row, common, source, generation_id) for row in rows]  # type: ignore[attr-defined]


_Common = tuple[str, tuple[LogSource, ...], Mapping[str, str], str]


def _common(packed: Sequence[object]) -> _Common:
    format_name, sources, names, _, path = packed
    logsources = tuple(LogSource(*each) for each in sources)  # type: ignore[attr-defined]
    return str(format_name), logsources, names or NO_NAMES, str(path)  # type: ignore[return-value]


def _event(
    row: Sequence[object], common: Sequence[_Common], source: str, generation_id: int
) -> Event:
    place, offset, end, number, time, quality, category, exact, fields, error = row
    format_name, logsources, names, path = common[place]  # type: ignore[call-overload]
    if isinstance(exact, bytes):
        data, raw = exact, exact.decode(errors="replace")
    else:
        raw = str(exact)
        data = raw.encode(errors="surrogatepass")
    line = RawLine(source, generation_id, offset, data, end, path, number)  # type: ignore[arg-type]
    return Event(
        format=format_name,
        logsources=logsources,
        fields=fields,  # type: ignore[arg-type]
        raw=raw,
        time=_moment(time),
        time_quality=TimeQuality(str(quality)),
        category=EventCategory(str(category)),
        names=names,
        parse_error=error,  # type: ignore[arg-type]
        line=line,
    )


def _moment(micros: object) -> datetime | None:
    return from_micros(micros) if isinstance(micros, int) else None
