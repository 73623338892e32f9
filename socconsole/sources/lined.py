"""Records that come a line at a time, read as the bytes of a file are."""

from collections.abc import Iterator

from socconsole.sources.generation import CHUNK_BYTES


class Lined:
    """The content that lines make, from its beginning."""

    is_complete = True

    def __init__(self, lines: Iterator[bytes]) -> None:
        self.position = 0
        """Bytes of content given out."""
        self._lines = lines
        self._ready = b""

    def read(self, count: int) -> bytes:
        """Return up to `count` bytes more; none at the end, or where the lines break off."""
        while len(self._ready) < count:
            line = next(self._lines, b"")
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
