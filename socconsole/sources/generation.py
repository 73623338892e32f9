"""One life of one file: how much of it was consumed, and whether it is still the same content.

Head and marker are taken from the bytes that were consumed, never from a second read: a file can
be truncated and written again between two reads.
"""

import os
from dataclasses import dataclass
from enum import StrEnum

from socconsole.core.event import RawLine
from socconsole.sources import framing

HEAD_BYTES = 1024
MARKER_BYTES = 64
CHUNK_BYTES = 64 * 1024
FIRST_BYTES = 16 * 1024
NO_STAMP = (-1, 0, 0)


class GenerationState(StrEnum):
    """Where a generation is in its life."""

    LIVE = "live"
    TRUNCATED = "truncated"
    """Its content is no longer in that file; a copy may still hold the unread rest."""
    HELD = "held"
    """It repeats another file up to its offset, and is read once it differs."""
    RESCUED = "rescued"
    """A copy was found and goes on from its offset."""
    GONE = "gone"
    """Deleted or moved out of sight, after everything that could be read was read."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A generation as the database keeps it."""

    id: int
    source: str
    dev: int
    ino: int
    path: bytes
    head: bytes
    """The first bytes consumed, at most `HEAD_BYTES`."""
    offset: int
    """Start of the first record that was not consumed."""
    marker: bytes
    """The last bytes before `offset`, at most `MARKER_BYTES`."""
    size: int
    """The largest size seen: beyond `offset`, bytes that are known but not consumed. Of one that
    is held: the size that a copy has at least."""
    state: GenerationState = GenerationState.LIVE


@dataclass(slots=True, eq=False)
class Generation:
    """A generation that is being followed. Changes in memory; `checkpoint()` is its value."""

    id: int
    source: str
    dev: int
    ino: int
    path: bytes
    head: bytes = b""
    offset: int = 0
    marker: bytes = b""
    size: int = 0
    state: GenerationState = GenerationState.LIVE
    fd: int = -1
    pending: bytes = b""
    """Bytes from `offset` on that were read and verified."""
    delivered: int = 0
    """How many bytes of `pending` have gone out as lines that are not settled yet."""
    skipped: int = 0
    """Bytes after `pending` thrown away because their line is too long to keep."""
    anchor: bytes = b""
    """The last bytes thrown away."""
    hole: int = 0
    """NUL bytes jumped over before the next line."""
    probe: bytes = b""
    """The head at discovery, for comparison only, until something is consumed."""
    stamp: tuple[int, int, int] = NO_STAMP
    old_until: int = 0
    """Bytes before it were there when the file was opened: their time is the file's."""
    modified: float = 0.0
    listed_sizes: tuple[int, int] = (0, 0)
    """Its sizes at the scan before the last one and at the last one."""
    is_met: bool = True
    """Since this process began it was found to have all that was consumed of it."""
    missing: int = 0
    absent_since: float | None = None
    quiet_since: float = 0.0
    ended_at: float = 0.0

    @property
    def key(self) -> tuple[int, int]:
        """Device and inode."""
        return self.dev, self.ino

    @property
    def position(self) -> int:
        """Where the next read starts."""
        return self.offset + len(self.pending) + self.skipped

    @property
    def beginning(self) -> bytes:
        """The first bytes of the file as far as they are known, for comparison."""
        return self.head if len(self.head) >= len(self.probe) else self.probe

    @property
    def shown_path(self) -> str:
        """The path as text that any database takes."""
        return self.path.decode("utf-8", "backslashreplace").replace("\0", "")

    def checkpoint(self) -> Checkpoint:
        """Return what the database keeps."""
        return Checkpoint(
            id=self.id,
            source=self.source,
            dev=self.dev,
            ino=self.ino,
            path=self.path,
            head=self.head,
            offset=self.offset,
            marker=self.marker,
            size=max(self.size, self.offset),
            state=self.state,
        )

    @classmethod
    def from_checkpoint(cls, kept: Checkpoint) -> "Generation":
        """Return a generation that goes on where `kept` stood; its file is not open yet."""
        return cls(
            id=kept.id,
            source=kept.source,
            dev=kept.dev,
            ino=kept.ino,
            path=kept.path,
            head=kept.head,
            offset=kept.offset,
            marker=kept.marker,
            size=kept.size,
            state=kept.state,
            is_met=False,
        )

    def first_bytes(self) -> bytes:
        """Return the first bytes of the file that were read, as far as they can be had."""
        known = self.head or self.pending
        if self.fd < 0 or self.position <= len(known):
            return known
        more = os.pread(self.fd, min(FIRST_BYTES, self.position), 0)
        return more if more.startswith(known[:HEAD_BYTES]) else known

    @property
    def is_whole(self) -> bool:
        """Whether it is known to have been read to an end that nothing is added to."""
        return False

    def saw(self, size: int) -> None:
        """Take note of the size its file has."""
        self.size = max(self.size, size)

    def close(self) -> None:
        """Let go of the file."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def is_same_content(self, fd: int, size: int) -> bool:
        """Whether the file behind `fd` still begins with everything that was consumed."""
        if size < self.offset:
            return False
        if self.head and os.pread(fd, len(self.head), 0) != self.head:
            return False
        return self.verifies(fd)

    def verifies(self, fd: int) -> bool:
        """Whether the bytes just before the read position are those that were read."""
        begin = self.offset - len(self.marker)
        known = self.marker + self.pending
        if known and os.pread(fd, len(known), begin) != known:
            return False
        if not self.anchor:
            return True
        return os.pread(fd, len(self.anchor), self.position - len(self.anchor)) == self.anchor

    def settle(self, upto: int) -> None:
        """Count everything before byte `upto` as consumed; `upto` is the start of a record."""
        count = min(upto - self.offset, len(self.pending))
        if count <= 0:
            return
        consumed = self.pending[:count]
        self._consume(consumed, consumed[-MARKER_BYTES:])
        self.pending = self.pending[count:]
        self.delivered = max(0, self.delivered - count)
        self.offset += count

    def _consume(self, begin: bytes, end: bytes) -> None:
        if len(self.head) == self.offset and len(self.head) < HEAD_BYTES:
            self.head += begin[: HEAD_BYTES - len(self.head)]
        self.marker = (self.marker + end)[-MARKER_BYTES:]

    @property
    def encoding(self) -> str:
        """What the file's first bytes say it is written in."""
        return framing.encoding_of(self.head or self.pending)

    def has_line(self) -> bool:
        """Whether a complete line was read that has not gone out."""
        return framing.line_end(self.pending, self.delivered, self.encoding) >= 0

    def fill(self) -> bool | None:
        """Read the next bytes into `pending`.

        Returns:
            True when there are new bytes, False at the end, None when the content is no longer
            the same and nothing of this read may be used.

        """
        if not self.skipped and self.has_line():
            return True
        chunk = os.pread(self.fd, CHUNK_BYTES, self.position)
        if not self.verifies(self.fd):
            return None
        if not chunk:
            return False
        if self.encoding == "utf-8" and chunk.endswith(b"\0"):
            # NULs at the end may be room allocated ahead: lines to come.
            chunk = chunk.rstrip(b"\0") or self._after_hole()
        if not chunk:
            return False
        self._take(chunk)
        return True

    def _after_hole(self) -> bytes:
        """Return what stands at the read position, a run of NULs passed over; empty: no data."""
        data = framing.data_after(self.fd, self.position)
        if data < 0:
            return b""
        if len(self.pending) > self.delivered or self.skipped:
            return bytes(min(CHUNK_BYTES, data - self.position))
        self.settle(self.offset + len(self.pending))
        run = data - self.offset
        nuls = bytes(min(run, HEAD_BYTES))
        self._consume(nuls, nuls)
        self.offset = data
        self.hole += run
        return os.pread(self.fd, CHUNK_BYTES, data).rstrip(b"\0")

    def _take(self, chunk: bytes) -> None:
        if self.skipped:
            end = framing.line_end(chunk, 0, self.encoding)
            self._skip(chunk if end < 0 else chunk[:end])
            return
        self.pending += chunk
        if len(self.pending) - self.delivered > framing.LINE_BYTES and not self.has_line():
            keep = self.delivered + framing.KEPT_BYTES
            over, self.pending = self.pending[keep:], self.pending[:keep]
            self._skip(over)

    def _skip(self, over: bytes) -> None:
        self.skipped += len(over)
        self.anchor = (self.anchor + over)[-MARKER_BYTES:]

    def lines(self, limit: int) -> list[RawLine]:
        """Return the next complete lines, at most `limit`; empty lines are passed over.

        A line over the limit comes alone, cut, and is settled at once.
        """
        if self.skipped:
            return self._long_line()
        start = self.offset + self.delivered
        encoding = self.encoding
        found, used = framing.split(self.pending, self.delivered, limit, encoding)
        path = self.shown_path
        lines = [
            self._raw((start + begin, data, start + end), path, encoding)
            for begin, data, end in found
        ]
        self.delivered += used
        return [line for line in lines if line.data]

    def _long_line(self) -> list[RawLine]:
        if not self.anchor.endswith(b"\n" if self.encoding == "utf-8" else (b"\n\0", b"\0\n")):
            return []
        begin, end = self.offset + self.delivered, self.position
        cut = (begin, self.pending[self.delivered :], end)
        line = self._raw(cut, self.shown_path, self.encoding, "truncated")
        self._consume(self.pending, self.anchor)
        self.pending, self.delivered, self.skipped = b"", 0, 0
        self.anchor, self.offset = b"", end
        return [line]

    def rest(self) -> list[RawLine]:
        """Return everything read and not settled, the unterminated last line too."""
        self.delivered = 0
        lines = self.lines(1 << 30)
        begin = self.offset + self.delivered
        data = self.pending[self.delivered :]
        if data.strip(b"\0\r\n"):
            last = (begin, data, begin + len(data))
            lines.append(self._raw(last, self.shown_path, self.encoding, "unterminated"))
        self.delivered = len(self.pending)
        return lines

    def _raw(
        self, span: tuple[int, bytes, int], path: str, encoding: str, note: str = ""
    ) -> RawLine:
        begin, data, end = span
        data, nuls = framing.content(data, first=begin == 0, encoding=encoding)
        if nuls or self.hole:
            note = note or "nul_hole"
            self.hole = 0
        return RawLine(self.source, self.id, begin + nuls, data, end, path, 0, note)
