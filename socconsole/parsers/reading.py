"""Bytes → lines → events: what every reader of a log does around a parser."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from socconsole.core.event import Event, RawLine, ReadContext
from socconsole.errors import FileError
from socconsole.parsers.envelopes import begins_envelope
from socconsole.parsers.parser import Parse

try:
    from isal import isal_zlib as gzipped
except ImportError:  # no wheel for this platform
    import zlib as gzipped  # type: ignore[no-redef]

MAX_LINE = 1 << 20
"""Bytes of a line that are read; of a longer one only the first `KEPT` stay."""
KEPT = 64 << 10
_CHUNK = 256 << 10
_RETURN = ord("\r")
_GZIP_MAGIC = b"\x1f\x8b"
_BROKEN: type[Exception] = gzipped.error  # type: ignore[assignment]
_MAX_INFLATED = 10 << 30
_MAX_RATIO = 200
_RATIO_FROM = 10 << 20


def decode(data: bytes) -> tuple[str, bool]:
    """Return the text of a record and whether it was clean UTF-8.

    A byte-order mark in front is dropped, a NUL becomes its picture U+2400.
    """
    try:
        text, clean = data.decode(), True
    except UnicodeDecodeError:
        text, clean = data.decode("utf-8", "replace"), False
    if "\0" in text:
        text = text.replace("\0", "\u2400")
    return text.removeprefix("\ufeff"), clean


def read_line(
    parse: Parse,
    line: RawLine,
    context: ReadContext,
    redact: Callable[[str], str] | None = None,
) -> Event | None:
    """Return the event of `line`, or None when `parse` does not read it.

    `redact` sees the text before the parser does; what it takes out is in no field.
    """
    text, clean = decode(line.data)
    if redact is not None:
        text = redact(text)
    event = parse(text, context)
    if event is None:
        return None
    event.line = line
    if not clean and event.parse_error is None:
        event.parse_error = "bytes that are not UTF-8"
    return event


def split(stream: BinaryIO, *, source: str, path: str = "") -> Iterator[RawLine]:
    """Yield the lines of a stream, plain or gzip, with their numbers and byte offsets.

    Empty lines are left out but counted. Offsets in a gzip file are those of its content.

    Raises:
        FileError: The gzip data is broken, or blows up beyond all reason.

    """
    number, offset, held, skipping = 0, 0, b"", False
    for chunk in chunks(stream, path):
        pieces = chunk.split(b"\n")
        pieces[0] = held + pieces[0]
        held = pieces.pop()
        for piece in pieces:
            number += 1
            end = offset + len(piece) + 1
            if piece and not skipping and piece != b"\r":
                if len(piece) > MAX_LINE or piece[-1] == _RETURN:
                    yield _line(piece, source, path, number, (offset, end))
                else:
                    yield RawLine(source, 0, offset, piece, end, path, number)
            offset, skipping = end, False
        if len(held) > MAX_LINE:
            if not skipping:
                kept = held[:KEPT]
                yield RawLine(source, 0, offset, kept, offset + len(held), path, number + 1)
            offset, held, skipping = offset + len(held), b"", True
    if held.strip() and not skipping:
        yield _line(held, source, path, number + 1, (offset, offset + len(held)))


def begins_document(start: bytes) -> bool:
    """Whether a file that begins so, plain or gzip, is one envelope of records."""
    return begins_envelope(first_bytes(start))


def first_bytes(start: bytes) -> bytes:
    """Return the first bytes of a file's content, whose first bytes on disk are `start`."""
    if start[:2] != _GZIP_MAGIC:
        return start
    try:
        return gzipped.decompressobj(31).decompress(start, _CHUNK)
    except _BROKEN:
        return b""


def _line(piece: bytes, source: str, path: str, number: int, span: tuple[int, int]) -> RawLine:
    data = piece[:-1] if piece.endswith(b"\r") else piece
    if len(data) > MAX_LINE:
        data = data[:KEPT]
    return RawLine(source, 0, span[0], data, span[1], path, number)


def chunks(stream: BinaryIO, path: str) -> Iterator[bytes]:
    """Yield the content of a stream, inflated where it is gzip.

    Raises:
        FileError: The gzip data is broken, or blows up beyond all reason.

    """
    first = stream.read(_CHUNK)
    if first[:2] == _GZIP_MAGIC:
        yield from _inflated(first, stream, path)
        return
    while first:
        yield first
        first = stream.read(_CHUNK)


def _inflated(data: bytes, stream: BinaryIO, path: str) -> Iterator[bytes]:
    """Yield the content of all members; a torn end is the end, as for a file still written."""
    read, made = len(data), 0
    inflater = gzipped.decompressobj(31)
    while data or (data := stream.read(_CHUNK)):
        try:
            content = inflater.decompress(data, _CHUNK)
        except _BROKEN as error:
            raise FileError(f"Broken gzip data: {error}.", where=path) from None
        made += len(content)
        if made > _MAX_INFLATED or (made > _RATIO_FROM and made > read * _MAX_RATIO):
            raise FileError("The gzip data grows beyond reason.", where=path)
        if content:
            yield content
        if inflater.eof:
            data = inflater.unused_data
            if len(data) == 1:  # a member's magic bytes stand in two chunks
                more = stream.read(_CHUNK)
                data, read = data + more, read + len(more)
            if data and not data.startswith(_GZIP_MAGIC):
                return
            inflater = gzipped.decompressobj(31)
        else:
            data = inflater.unconsumed_tail
        if not data:
            data = stream.read(_CHUNK)
            read += len(data)
