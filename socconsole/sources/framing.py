"""Bytes to lines: line feeds, carriage returns, byte order marks, UTF-16 and runs of NUL."""

import errno
import os

LINE_BYTES = 1024 * 1024
"""A line longer than this is cut."""
KEPT_BYTES = 64 * 1024
"""How much of a line that is cut is kept."""

_WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_LINE_FEED = {"utf-8": b"\n", "utf-16-le": b"\n\0", "utf-16-be": b"\0\n"}


def encoding_of(beginning: bytes) -> str:
    """Return the encoding a file that begins so is in: its byte order mark says, else UTF-8."""
    return _WIDE.get(beginning[:2], "utf-8")


def line_end(data: bytes, start: int, encoding: str = "utf-8") -> int:
    """Return the index after the first line feed at or after `start`, or -1."""
    feed = _LINE_FEED[encoding]
    at = data.find(feed, start)
    while at % len(feed) and at >= 0:
        at = data.find(feed, at + 1)
    return at + len(feed) if at >= 0 else -1


def split(
    data: bytes, start: int, limit: int, encoding: str = "utf-8"
) -> tuple[list[tuple[int, bytes, int]], int]:
    """Return the complete lines from `start` on, and how many bytes they take.

    Each line is (begin, content, end), counted from `start`; the end includes the line feed.
    """
    found: list[tuple[int, bytes, int]] = []
    begin = 0
    if encoding == "utf-8":
        parts = (data[start:] if start else data).split(b"\n", limit)
        parts.pop()
        for part in parts:
            end = begin + len(part) + 1
            found.append((begin, part, end))
            begin = end
        return found, begin
    while len(found) < limit and (end := line_end(data, start + begin, encoding)) >= 0:
        found.append((begin, data[start + begin : end - 2], end - start))
        begin = end - start
    return found, begin


def content(data: bytes, *, first: bool = False, encoding: str = "utf-8") -> tuple[bytes, int]:
    """Return a line's content as it is kept, and how many NULs stood before it.

    One carriage return at the end and the first line's byte order mark go; UTF-16 becomes UTF-8.
    """
    if encoding != "utf-8":
        text = data.decode(encoding, "replace").removeprefix("\ufeff").removesuffix("\r")
        return text.encode(), 0
    if data.endswith(b"\r"):
        data = data[:-1]
    if first:
        data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.startswith(b"\0"):
        return data, 0
    bare = data.lstrip(b"\0")
    return bare, len(data) - len(bare)


def text_of(data: bytes) -> tuple[str, bool]:
    """Return a line as text any database takes, and whether every byte of it was UTF-8."""
    try:
        text, exact = data.decode(), True
    except UnicodeDecodeError:
        text, exact = data.decode("utf-8", "replace"), False
    return (text.replace("\0", "␀") if "\0" in text else text), exact


def data_after(fd: int, position: int) -> int:
    """Return where the first byte that is not NUL stands at or after `position`, or -1."""
    step = 1 << 20
    while True:
        try:
            position = os.lseek(fd, position, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return -1
            raise
        chunk = os.pread(fd, step, position)
        if not chunk:
            return -1
        bare = chunk.lstrip(b"\0")
        if bare:
            return position + len(chunk) - len(bare)
        position += len(chunk)
