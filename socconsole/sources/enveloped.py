"""A compressed file that is one envelope of records, as AWS writes CloudTrail: a record a line.

Such a file is one line of many megabytes without a line end, so its records are cut out of the
stream as it is inflated.
"""

import re
from collections.abc import Callable, Iterator

from socconsole.sources.generation import CHUNK_BYTES
from socconsole.sources.lined import Lined

RECORD_CAP = 1 << 20
"""Bytes of one record; at a longer one the reading stops."""
_BEGINNINGS = (b'{"Records":[', b'{"records":[', b"[{")
# A string is passed over whole; a quote alone begins one whose end was not read yet.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|["{}]', re.DOTALL)


def begins_envelope(start: bytes) -> bool:
    """Whether a file that begins so is one envelope."""
    return start[:64].translate(None, b" \t\r\n").startswith(_BEGINNINGS)


class Enveloped(Lined):
    """The records of an envelope as lines, from its beginning."""

    def __init__(self, read: Callable[[int], bytes], trouble: Callable[[], str]) -> None:
        """Cut records out of what `read` gives; `trouble` tells why it gives no more."""
        super().__init__(self._cut())
        self._read = read
        self._why = trouble
        self._own_trouble = ""

    @property
    def trouble(self) -> str:
        """Why nothing more is read, where that is not the end of the file."""
        return self._own_trouble or self._why()

    def _cut(self) -> Iterator[bytes]:
        cutter, found = _Cutter(), False
        while more := self._read(CHUNK_BYTES):
            cutter.buffer += more
            if not found and b"[" in cutter.buffer:
                found = True
                cutter.place = cutter.begin = cutter.buffer.index(b"[") + 1
            if found:
                yield from cutter.records()
            if len(cutter.buffer) > RECORD_CAP:
                self._own_trouble = "a record of the envelope is larger than 1 MiB"
                return


class _Cutter:
    """Finds where records end in a buffer that grows."""

    def __init__(self) -> None:
        self.buffer = b""
        self.place = 0
        """What stands before it was looked at."""
        self.begin = 0
        """Where the record that is open begins."""
        self._depth = 0

    def records(self) -> Iterator[bytes]:
        """Yield the records that are whole; what stays in the buffer is of the next one.

        Behind the envelope whatever stands in braces is a record too: another envelope in another
        line is one, and opened where its line is read.
        """
        for token in _TOKEN.finditer(self.buffer, self.place):
            if token[0] == b'"':
                break
            self.place = token.end()
            if self._is_end(token[0], token.start()):
                yield self.buffer[self.begin : self.place].replace(b"\n", b" ") + b"\n"
        kept = self.begin if self._depth else self.place
        self.buffer, self.place, self.begin = self.buffer[kept:], self.place - kept, 0

    def _is_end(self, kind: bytes, at: int) -> bool:
        """Count a brace; return whether a record ends with it."""
        if kind == b"{":
            self.begin = at if self._depth == 0 else self.begin
            self._depth += 1
        elif kind == b"}" and self._depth:
            self._depth -= 1
            return self._depth == 0
        return False
