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
from socconsole.store.event_payload import damaged, expand, pack, unpack
from socconsole.store.types import from_micros, to_micros

BLOCK_EVENTS = 512
_BLOCK_TEXT = 4 << 20
"""Characters of lines at which a block ends early: it is read as a whole."""
_ENTITIES = tuple(ENTITY_NAMES.values())
_TOKEN = 200
"""Characters of a value that the index knows."""
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
    source_id: int, generation_id: int, events: Sequence[Event], read_at: int
) -> Iterator[Block]:
    """Yield blocks of `events`, which come from one generation in the order of their bytes."""
    start, text = 0, 0
    for end, event in enumerate(events):
        if text >= _BLOCK_TEXT or end - start == BLOCK_EVENTS:
            yield encode(source_id, generation_id, events[start:end], read_at)
            start, text = end, 0
        text += len(event.raw)
    if events:
        yield encode(source_id, generation_id, events[start:], read_at)


def encode(source_id: int, generation_id: int, events: Sequence[Event], read_at: int) -> Block:
    """Return one block of all of `events`."""
    shared = _Shared()
    rows: list[tuple[object, ...]] = []
    seen: set[str] = set()
    low, high = None, None
    for event in events:
        time = read_at if event.time is None else to_micros(event.time)
        low = time if low is None or time < low else low
        high = time if high is None or time > high else high
        place, paths = shared.of(event)
        rows.append(_row(event, place, time))
        _see(event.fields, paths, seen)
    first, last = events[0].line, events[-1].line
    return Block(
        source_id,
        generation_id,
        first.offset if first else 0,
        last.end if last else 0,
        low or 0,
        high or 0,
        len(events),
        pack([shared.common, _columns(rows)]),
        _tokens(seen),
    )


def _see(fields: Mapping[str, object], paths: tuple[str, ...], seen: set[str]) -> None:
    """Add the values at `paths` to those the block is found by."""
    for path in paths:
        value = fields.get(path)
        if value is None and "." in path:
            value = lookup(fields, path)
        if value is not None:
            seen.add(value if type(value) is str else str(value))


def _tokens(values: Iterable[str]) -> str:
    return " ".join(sorted({token(value) for value in values} - _NO_TOKENS))


def tokens_of(payload: bytes) -> str:
    """Return what a block is found by, as `encode` said of its events."""
    seen: set[str] = set()
    for event in decode(payload, "", 0):
        _see(event.fields, _paths(event), seen)
    return _tokens(seen)


def _paths(event: Event) -> tuple[str, ...]:
    return tuple(event.names[name] for name in _ENTITIES if name in event.names)


def mentions(payload: bytes, texts: Iterable[str]) -> bool:
    """Tell whether one of `texts` may occur in a block's events, in whatever case."""
    held = expand(payload).decode(errors="replace").casefold()
    return any(each.casefold() in held for each in texts)


class _Shared:
    """What most events of a block have in common, each kind of it once."""

    def __init__(self) -> None:
        self.common: list[object] = []
        self._known: dict[object, tuple[int, tuple[str, ...]]] = {}

    def of(self, event: Event) -> tuple[int, tuple[str, ...]]:
        """Return the place of what the event shares, and the paths of its entities."""
        line = event.line
        key = (
            event.format,
            id(event.logsources),
            id(event.names),
            line.source if line else "",
            line.path if line else "",
        )
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = (len(self.common), _paths(event))
            sources = [(each.product, each.category, each.service) for each in event.logsources]
            self.common.append((event.format, sources, dict(event.names), key[3], key[4]))
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
    raw, fields = event.raw, event.fields
    if not raw.startswith("{"):
        return False
    try:
        # Most programs write JSON as it is written here, which takes a third of reading it.
        return _to_json(fields) == raw.encode() or bool(_from_json(raw) == fields)
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError, TypeError, ValueError):
        return False


def _columns(rows: Sequence[tuple[object, ...]]) -> list[object]:
    """Return the rows turned, numbers as steps: what is alike lies side by side."""
    places, offsets, ends, numbers, times, *rest = zip(*rows, strict=True)
    qualities, categories, lines, fields, errors = rest
    return [
        _folded(places),
        _folded(_steps(offsets)),
        _folded(tuple(map(sub, ends, offsets))),
        _folded(_steps(numbers)),
        times if None in times else [_folded(_steps(times))],
        _folded(qualities),
        _folded(categories),
        lines,
        fields if any(each is not None for each in fields) else [None],
        _folded(errors),
    ]


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
