"""Files that are unpacked, gzip and Windows event logs: read as a stream, once, within a cap."""

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from socconsole.sources.enveloped import Enveloped, begins_envelope
from socconsole.sources.generation import CHUNK_BYTES, Generation
from socconsole.sources.lined import Lined

OUTPUT_CAP = 10 << 30
"""Bytes a compressed file may inflate to."""
RATIO_CAP = 200
"""Times its own size a file may inflate to, once it is past `RATIO_FROM` bytes."""
RATIO_FROM = 10 << 20
_GZIP = 31
_MAGIC = b"\x1f\x8b"


def is_compressed(path: bytes) -> bool:
    """Whether the lines of a file of that name have to be unpacked."""
    return path.endswith((b".gz", b".evtx"))


class Inflated:
    """The content of a gzip file, from its beginning, several members after each other."""

    def __init__(self, fd: int) -> None:
        self.position = 0
        """Bytes of content given out."""
        self.trouble = ""
        """Why nothing more is read, where that is not the end of the file."""
        self._fd = fd
        self._at = 0
        self._inflate = zlib.decompressobj(_GZIP)
        self._input = b""

    def read(self, count: int) -> bytes:
        """Return up to `count` bytes more; none at the end, or where the file is not complete."""
        parts: list[bytes] = []
        while count > 0 and not self.trouble:
            part = self._some(count)
            if not part:
                break
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    @property
    def is_complete(self) -> bool:
        """Whether what was read ends where a compressed file may end."""
        return self._inflate.eof

    def skip_to(self, position: int) -> bool:
        """Go to byte `position` of the content; False when there is less."""
        while self.position < position:
            if not self.read(min(CHUNK_BYTES, position - self.position)):
                return False
        return True

    def _some(self, count: int) -> bytes:
        while True:
            if self._inflate.eof and not self._next_member():
                return b""
            if not self._input:
                self._input = os.pread(self._fd, CHUNK_BYTES, self._at)
                self._at += len(self._input)
            starved = not self._input
            try:
                found = self._inflate.decompress(self._input, count)
            except zlib.error as error:
                self.trouble = f"the compressed file is damaged: {error}"
                return b""
            rest = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            self._input = rest
            if found:
                return self._counted(found)
            if starved and not self._inflate.eof:
                return b""

    def _next_member(self) -> bool:
        """Start with the next member; False at the end of the file."""
        if len(self._input) < 2:
            more = os.pread(self._fd, CHUNK_BYTES, self._at)
            self._at += len(more)
            self._input += more
        bare = self._input.lstrip(b"\0")
        if not bare:
            return False
        if not bare.startswith(_MAGIC):
            self.trouble = "after its end the compressed file has something else"
            return False
        self._input = bare
        self._inflate = zlib.decompressobj(_GZIP)
        return True

    def _counted(self, found: bytes) -> bytes:
        self.position += len(found)
        packed = max(1, os.fstat(self._fd).st_size)
        over = self.position > RATIO_FROM and self.position > RATIO_CAP * packed
        if over or self.position > OUTPUT_CAP:
            self.trouble = f"the compressed file inflates to more than {self.position} bytes"
            return b""
        return found


class Records(Lined):
    """The records of a Windows event log, one JSON document a line, from its beginning."""

    def __init__(self, fd: int) -> None:
        super().__init__(self._unpacked(fd))
        self.trouble = ""

    def _unpacked(self, fd: int) -> Iterator[bytes]:
        import msgspec
        from evtx import PyEvtxParser

        with os.fdopen(os.dup(fd), "rb") as file:
            file.seek(0)
            try:
                for record in PyEvtxParser(file).records_json():
                    text = record["data"] if record else "{}"
                    yield msgspec.json.encode(msgspec.json.decode(text)) + b"\n"
            except (RuntimeError, ValueError, OSError) as error:
                self.trouble = f"the event log is damaged: {error}"


Content = Inflated | Records | Enveloped


def content_of(path: bytes, fd: int) -> Content:
    """Return the content of the file at `path` as a stream of lines."""
    if path.endswith(b".evtx"):
        return Records(fd)
    if begins_envelope(Inflated(fd).read(64)):
        content = Inflated(fd)
        return Enveloped(content.read, lambda: content.trouble)
    return Inflated(fd)


def first_bytes(path: bytes, fd: int, count: int) -> bytes:
    """Return the first bytes of a file's content; none when it has another form."""
    return content_of(path, fd).read(count)


def holds_all_of(path: bytes, fd: int, known: Generation) -> bool:
    """Whether the content has, in its place, what was last consumed of `known`."""
    read = known.marker + known.pending
    content = content_of(path, fd)
    begin = known.offset - len(known.marker)
    return bool(read) and content.skip_to(begin) and content.read(len(read)) == read


@dataclass(slots=True, eq=False)
class CompressedGeneration(Generation):
    """A file that is unpacked: offsets count its content; nothing of it is read twice."""

    content: Content | None = None

    @property
    def trouble(self) -> str:
        """Why the rest is not read; empty when it is."""
        return self.content.trouble if self.content is not None else ""

    @property
    def is_whole(self) -> bool:
        """Whether all of its content was read."""
        return 0 < self.size <= self.offset

    def saw(self, size: int) -> None:
        """Take no note: what the file takes on the disk says little of its content."""

    def close(self) -> None:
        """Let go of the file."""
        Generation.close(self)
        self.content = None

    def is_same_content(self, fd: int, size: int) -> bool:
        """Whether the file still begins with what was consumed."""
        return size > 0 and first_bytes(self.path, fd, len(self.head)) == self.head

    def verifies(self, fd: int) -> bool:
        """Whether what was read is there: a compressed file is not written over in place."""
        return fd >= 0

    def first_bytes(self) -> bytes:
        """Return the first bytes of the content that were read."""
        return self.head or self.pending

    def fill(self) -> bool | None:
        """Inflate the next bytes into `pending`; see `Generation.fill`."""
        if not self.skipped and self.has_line():
            return True
        if self.content is None or self.content.position != self.position:
            self.content = content_of(self.path, self.fd)
            if not self.content.skip_to(self.position):
                return False
        chunk = self.content.read(CHUNK_BYTES)
        whole = not chunk and not self.content.trouble and self.content.is_complete
        self.size = self.position + len(chunk) + (0 if whole else 1)
        if not chunk:
            if not self.content.trouble:
                self.content = None  # more may be appended: inflate anew then
            return False
        self._take(chunk)
        return True
