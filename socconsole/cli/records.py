"""The records of a file, whatever holds them: lines, JSON documents, gzip, Windows event logs."""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from socconsole.core.event import RawLine
from socconsole.errors import FileError

MAX_DOCUMENT = 256 << 20
"""Bytes of a file that is one JSON document; a file of lines has no such limit."""

_PEEK = 1 << 16


def read_records(path: str) -> Iterator[RawLine]:
    """Yield the records of a file in their order; `-` is standard input.

    A JSON document that spans lines is one record, numbered among its like; of an array, or of an
    envelope such as CloudTrail's, every element is one.

    Raises:
        FileError: The file cannot be opened, or what it holds is broken.

    """
    from socconsole.parsers.envelopes import begins_envelope, unpacked

    for record in _records(path):
        if begins_envelope(record.data):
            yield from unpacked(record)
        else:
            yield record


def _records(path: str) -> Iterator[RawLine]:
    if path.lower().endswith(".evtx"):
        yield from _event_log(path)
        return
    from socconsole.parsers.reading import begins_document, first_bytes, split

    try:
        with _opened(path) as stream:
            start = stream.peek(_PEEK)[:_PEEK]
            if begins_document(start) or _spans_lines(first_bytes(start)[:_PEEK]):
                yield from _documents(path, _content(path, stream))
            else:
                yield from split(stream, source=path, path=path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(f"The file cannot be read: {reason}.", where=path) from None


def _content(path: str, stream: io.BufferedReader) -> bytes:
    from socconsole.parsers.reading import chunks

    pieces, size = [], 0
    for piece in chunks(stream, path):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_DOCUMENT:
            raise FileError("The document is larger than 256 MiB.", where=path)
    return b"".join(pieces)


@contextmanager
def _opened(path: str) -> Iterator[io.BufferedReader]:
    if path != "-":
        with Path(path).open("rb", buffering=_PEEK) as file:
            yield cast("io.BufferedReader", file)
        return
    stream = sys.stdin.buffer
    if isinstance(stream, io.BufferedReader):
        yield stream
    else:
        yield io.BufferedReader(io.BytesIO(stream.read()))


def _spans_lines(start: bytes) -> bool:
    """Return whether a file that starts so is JSON written over several lines, or an array."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith((b"{", b"[")):
        return False
    first = text.split(b"\n", 1)[0]
    try:
        return isinstance(json.loads(first), list)
    except RecursionError:
        return False
    except ValueError:
        # A log line may start with a bracket too; JSON goes on with a name or a value.
        return len(first) < _PEEK - 8 and text[1:].lstrip()[:1] in {b'"', b"{", b"["}


def _documents(path: str, data: bytes) -> Iterator[RawLine]:
    text = data.decode("utf-8-sig", errors="replace")
    decoder = json.JSONDecoder()
    number, at = 0, 0
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if at >= len(text):
            return
        try:
            document, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            line = text.count("\n", 0, at) + 1
            raise FileError(f"This is no JSON: {error}.", where=f"{path}:{line}") from None
        for element in document if isinstance(document, list) else [document]:
            number += 1
            yield _record(path, number, element)
        at = end


def _event_log(path: str) -> Iterator[RawLine]:
    from evtx import PyEvtxParser

    try:
        records: Any = PyEvtxParser(path).records_json()
        for number, record in enumerate(records, 1):
            yield _record(path, number, json.loads(record["data"]))
    except (OSError, RuntimeError, ValueError) as error:
        raise FileError(f"The event log cannot be read: {error}.", where=path) from None


def _record(path: str, number: int, document: object) -> RawLine:
    data = json.dumps(document, ensure_ascii=False).encode(errors="replace")
    return RawLine(path, 0, 0, data, 0, path, number)
