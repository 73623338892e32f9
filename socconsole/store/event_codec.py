"""Turns a batch of events into a compressed block and back, exactly."""

import lzma
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

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
from socconsole.store.types import from_micros, to_micros

BLOCK_EVENTS = 512
_LEVEL = 1
_LONG_LINES = 1_000
"""Bytes an event above which a block needs a longer memory than zlib's 32 kB."""
_BIG_INTEGER = 1
_ODD_TEXT = 2
_LIMIT = 2**63

UNREADABLE = (zlib.error, lzma.LZMAError, msgspec.MsgspecError, ValueError, EOFError)
"""What a block raises whose bytes are not the ones that were stored."""
_ENTITIES = tuple(ENTITY_NAMES.values())
_NO_TOKENS = frozenset({"", "none"})

_encode = msgspec.msgpack.Encoder().encode
_from_json = msgspec.json.Decoder().decode


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
    places: dict[object, tuple[int, tuple[str, ...]]] = {}
    rows: list[object] = []
    seen: set[str] = set()
    low, high = None, None
    for event in events:
        time = read_at if event.time is None else to_micros(event.time)
        low = time if low is None or time < low else low
        high = time if high is None or time > high else high
        place, paths = _shared(event, shared, places)
        rows.append(_row(event, place, time))
        fields = event.fields
        for path in paths:
            seen.add(str(fields[path] if path in fields else lookup(fields, path)))
    first, last = events[0].line, events[-1].line
    return Block(
        source_id,
        generation_id,
        first.offset if first else 0,
        last.end if last else 0,
        low or 0,
        high or 0,
        len(events),
        _compressed(_packed([shared, rows]), len(events)),
        _tokens(seen),
    )


def _tokens(values: Iterable[str]) -> str:
    return " ".join(sorted({token(value) for value in values} - _NO_TOKENS))


def tokens_of(payload: bytes) -> str:
    """Return what a block is found by, as `encode` said of its events."""
    seen = set()
    for event in decode(payload, "", 0):
        for path in (event.names[name] for name in _ENTITIES if name in event.names):
            seen.add(str(lookup(event.fields, path)))
    return _tokens(seen)


def mentions(payload: bytes, texts: Iterable[str]) -> bool:
    """Tell whether one of `texts` may occur in a block's events, in whatever case."""
    held = _expanded(payload).decode(errors="replace").casefold()
    return any(each.casefold() in held for each in texts)


def _shared(
    event: Event, shared: list[object], places: dict[object, tuple[int, tuple[str, ...]]]
) -> tuple[int, tuple[str, ...]]:
    """Return the place of what most events of a block share, and the paths of their entities."""
    line = event.line
    key = (
        event.format,
        id(event.logsources),
        id(event.names),
        line.source if line else "",
        line.path if line else "",
    )
    known = places.get(key)
    if known is None:
        paths = tuple(event.names[name] for name in _ENTITIES if name in event.names)
        known = places[key] = (len(shared), paths)
        sources = [(each.product, each.category, each.service) for each in event.logsources]
        shared.append((event.format, sources, dict(event.names), key[3], key[4]))
    return known


def _row(event: Event, place: int, time: int) -> tuple[object, ...]:
    line = event.line
    raw = event.raw
    exact: object = raw
    if line is not None and (not line.data.isascii() or b"\0" in line.data):
        exact = line.data if _text_of(line.data) == raw else raw
    return (
        place,
        line.offset if line else 0,
        line.end if line else 0,
        line.number if line else 0,
        None if event.time is None else time,
        event.time_quality,
        event.category,
        exact,
        None if _is_its_own_json(event) else event.fields,
        event.parse_error,
    )


def _text_of(data: bytes) -> str:
    """Return a line's text as readers make it: no database takes a NUL in text."""
    return data.decode(errors="replace").replace("\0", "\u2400")


def _is_its_own_json(event: Event) -> bool:
    """Tell whether the fields are just what the line says, so that they need no keeping."""
    if not event.raw.startswith("{"):
        return False
    try:
        return bool(_from_json(event.raw) == event.fields)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return False


def _compressed(packed: bytes, events: int) -> bytes:
    """Compress; the first byte tells `_expanded` how."""
    if len(packed) > _LONG_LINES * events:
        return lzma.compress(packed, format=lzma.FORMAT_ALONE, preset=0)
    return zlib.compress(packed, _LEVEL)


def _expanded(payload: bytes) -> bytes:
    is_zlib = payload[:1] == b"\x78"
    return zlib.decompress(payload) if is_zlib else lzma.decompress(payload)


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
    shared, rows = _decode(_expanded(payload))
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
        data, raw = exact, _text_of(exact)
    else:
        raw = str(exact)
        data = raw.encode(errors="surrogatepass")
    line = RawLine(source, generation_id, offset, data, end, path, number)  # type: ignore[arg-type]
    return Event(
        format=format_name,
        logsources=logsources,
        fields=_from_json(raw) if fields is None else fields,  # type: ignore[arg-type]
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
