"""A compressed file that is one envelope of records, as AWS writes CloudTrail: a record a line.

Such a file is one line of many megabytes without a line end, so its records are cut out of the
stream as it is inflated.
"""

import re
from collections.abc import Callable, Iterator

CHUNK_BYTES = 64 * 1024
RECORD_CAP = 1 << 20
"""Bytes of one record; at a longer one the reading stops."""
_BEGINNINGS = (b'{"Records":[', b'{"records":[', b"[{")
# A string is passed over whole; a quote alone begins one whose end was not read yet.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|["{}\]]', re.DOTALL)


def begins_envelope(start: bytes) -> bool:
    """Whether a file that begins so is one envelope."""
    return start[:64].translate(None, b" \t\r\n").startswith(_BEGINNINGS)


class Enveloped:
    """The records of an envelope as lines, from its beginning."""

    def __init__(self, read: Callable[[int], bytes], trouble: Callable[[], str]) -> None:
        """Cut records out of what `read` gives; `trouble` tells why it gives no more."""
        self.position = 0
        self._read = read
        self._why = trouble
        self._ready = b""
        self._own_trouble = ""
        self._records = self._lines()

    @property
    def trouble(self) -> str:
        """Why nothing more is read, where that is not the end of the file."""
        return self._own_trouble or self._why()

    def read(self, count: int) -> bytes:
        """Return up to `count` bytes more; none at the end, or where the file is not complete."""
        while len(self._ready) < count:
            line = next(self._records, b"")
            if not line:
                break
            self._ready += line
        found, self._ready = self._ready[:count], self._ready[count:]
        self.position += len(found)
        return found

    def skip_to(self, position: int) -> bool:
        """Go to byte `position`; False when there is less."""
        while self.position < position:
            if not self.read(min(CHUNK_BYTES, position - self.position)):
                return False
        return True

    def _lines(self) -> Iterator[bytes]:
        buffer = b""
        while b"[" not in buffer:
            more = self._read(CHUNK_BYTES)
            if not more:
                return
            buffer += more
        place = begin = buffer.index(b"[") + 1
        depth = 0
        while True:
            for token in _TOKEN.finditer(buffer, place):
                kind = token[0]
                if kind == b'"':
                    break
                place = token.end()
                if kind == b"{":
                    begin = token.start() if depth == 0 else begin
                    depth += 1
                elif kind == b"}":
                    depth -= 1
                    if depth == 0:
                        yield buffer[begin:place].replace(b"\n", b" ") + b"\n"
                        begin = place
                elif kind == b"]" and depth == 0:
                    return
            if len(buffer) - begin > RECORD_CAP:
                self._own_trouble = "a record of the envelope is larger than 1 MiB"
                return
            more = self._read(CHUNK_BYTES)
            if not more:
                return
            buffer, place, begin = buffer[begin:] + more, place - begin, 0
