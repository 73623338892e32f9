"""GELF from the network: datagrams in chunks, compressed or not; streams cut at NUL.

Source: https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
"""

import zlib
from dataclasses import dataclass, field

MESSAGE_BYTES = 1024 * 1024
"""What a message may inflate to; of a larger one nothing is taken."""
CHUNKS_CAP = 128
WAIT_SECS = 5.0
"""A message whose chunks have not all come after so long is given up."""
OPEN_CAP = 1_000
"""Messages of which chunks may be missing at a time."""
SHOWN_SECS = 60.0
_CHUNK = b"\x1e\x0f"
_HEADER = 12
_GZIP_OR_ZLIB = 47


@dataclass(slots=True)
class _Open:
    """A message of which chunks are missing."""

    count: int
    until: float
    chunks: dict[int, bytes] = field(default_factory=dict)


class Datagrams:
    """Puts the chunks of a sender's messages together and inflates them."""

    def __init__(self) -> None:
        self.trouble = ""
        """Why the last message that could not be taken could not; a minute later it is history."""
        self._trouble_at = 0.0
        self._open: dict[tuple[str, bytes], _Open] = {}

    def feed(self, datagram: bytes, sender: str, now: float) -> bytes | None:
        """Return the message that is whole with this datagram; None when none is."""
        before = self.trouble
        self._give_up(now)
        whole: bytes | None = datagram
        if datagram.startswith(_CHUNK):
            whole = self._joined(datagram, sender, now)
        found = None if whole is None else self._inflated(whole, sender)
        if self.trouble != before:
            self._trouble_at = now
        elif now - self._trouble_at > SHOWN_SECS:
            self.trouble = ""
        return found

    def _joined(self, datagram: bytes, sender: str, now: float) -> bytes | None:
        if len(datagram) < _HEADER:
            return None
        key, place, count = (sender, datagram[2:10]), datagram[10], datagram[11]
        if place >= count or count > CHUNKS_CAP:
            self.trouble = f"{sender}: chunk {place} of {count} makes no sense"
            return None
        if key not in self._open and len(self._open) >= OPEN_CAP:
            self._lose(next(iter(self._open)))
        message = self._open.setdefault(key, _Open(count, now + WAIT_SECS))
        message.chunks[place] = datagram[_HEADER:]
        if len(message.chunks) < message.count:
            return None
        del self._open[key]
        return b"".join(chunk for _, chunk in sorted(message.chunks.items()))

    def _inflated(self, message: bytes, sender: str) -> bytes | None:
        if message[:1] not in (b"\x1f", b"\x78"):
            return message
        inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            found = inflater.decompress(message, MESSAGE_BYTES)
        except zlib.error as error:
            self.trouble = f"{sender}: a message is damaged: {error}"
            return None
        if inflater.unconsumed_tail or not inflater.eof:
            self.trouble = f"{sender}: a message is larger than 1 MiB, or cut"
            return None
        return found

    def _give_up(self, now: float) -> None:
        while self._open:
            oldest = next(iter(self._open))
            if self._open[oldest].until > now:
                return
            self._lose(oldest)

    def _lose(self, key: tuple[str, bytes]) -> None:
        lost = self._open.pop(key)
        self.trouble = f"{key[0]}: {len(lost.chunks)} of {lost.count} chunks of a message came"


class Framing:
    """Cuts a stream into messages at NUL."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are whole."""
        *found, self._rest = (self._rest + data).split(b"\0")
        if len(self._rest) > MESSAGE_BYTES:
            found.append(self._rest)
            self._rest = b""
        return found

    def end(self) -> list[bytes]:
        """Return what is left when the sender hangs up."""
        rest, self._rest = self._rest, b""
        return [rest] if rest.strip() else []


def as_line(message: bytes) -> bytes:
    """Return a message as one line of a file; in JSON a line end is but white space."""
    return message.strip(b"\r\n\0 ").replace(b"\r", b" ").replace(b"\n", b" ")
