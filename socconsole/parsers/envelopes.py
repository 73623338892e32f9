"""Many records in one line: CloudTrail's `Records`, Azure's `records`, arrays, other APIs' lists.

Each record keeps its own bytes, and where in the file they stand.
"""

from collections.abc import Iterator, Mapping

import msgspec

from socconsole.core.event import RawLine

_BEGINNINGS = (
    b'{"Records":[',
    b'{"records":[',
    b'{"@odata.context":"',
    b'{"kind":"EventList"',
    b"[{",
)
_FIRST = (
    *(b'{"R', b'{"r', b'{"@o', b'{"k', b"[{"),
    *(bracket + space for bracket in (b"{", b"[") for space in (b" ", b"\t", b"\n", b"\r")),
)
_ARRAYS = ("Records", "records", "value", "items")
_SMALL = 4096
"""Bytes beside the records that may be left aside: a context, a marker of the next page."""
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])


def begins_envelope(start: bytes) -> bool:
    """Whether a text that begins so may hold many records; nearly none does, so it is told fast."""
    return start.startswith(_FIRST) and start[:64].translate(None, b" \t\r\n").startswith(
        _BEGINNINGS
    )


def unpacked(line: RawLine) -> Iterator[RawLine]:
    """Yield the records in a line that is an envelope; else the line."""
    records = _records(line.data) if begins_envelope(line.data) else None
    if not records:
        yield line
        return
    place = 0
    for record in records:
        # Nothing but a comma and white space stands between two records.
        begin = line.data.index(record, place)
        place = begin + len(record)
        offset, end = line.offset + begin, line.offset + place
        yield RawLine(
            line.source, line.generation, offset, record, end, line.path, line.number, line.note
        )


def _records(data: bytes) -> list[bytes] | None:
    """Return the records of an envelope; None when it is none, or would lose something."""
    try:
        inside: msgspec.Raw | bytes = data
        if not data.startswith(b"["):
            found = _array_of(_object.decode(data), len(data))
            if found is None:
                return None
            inside = found
        records = [bytes(one) for one in _array.decode(inside)]
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return records if all(one.startswith(b"{") for one in records) else None


def _array_of(document: Mapping[str, msgspec.Raw], size: int) -> msgspec.Raw | None:
    found = next((document[name] for name in _ARRAYS if name in document), None)
    if found is None or not bytes(found).startswith(b"["):
        return None
    return found if size - len(bytes(found)) <= _SMALL else None
