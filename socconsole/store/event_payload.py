"""The bytes of a block: MessagePack in a Zstandard frame, behind a byte that names this form."""

import sys
from collections.abc import Iterable, Mapping

import msgspec

from socconsole.errors import StoreError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_FORM = b"\x01"
"""Columns in MessagePack, compressed by Zstandard with a checksum of the content."""
_HOW: dict[int, int] = {
    zstd.CompressionParameter.compression_level: 3,
    zstd.CompressionParameter.checksum_flag: 1,
}
_MOST = 64 << 20
"""Bytes a block may unpack to; what is written stays far below."""
_BIG_INTEGER = 1
_ODD_TEXT = 2
_LIMIT = 2**63

_encoder = msgspec.msgpack.Encoder()


def _from_extension(code: int, data: memoryview) -> object:
    if code == _BIG_INTEGER:
        return int(bytes(data))
    return bytes(data).decode(errors="surrogatepass")


_decode = msgspec.msgpack.Decoder(list[object], ext_hook=_from_extension).decode


class Packer:
    """Makes blocks one after the other in memory it keeps; for one thread."""

    def __init__(self) -> None:
        self._compressor = zstd.ZstdCompressor(options=_HOW)
        self._packed = bytearray()

    def pack(self, document: object) -> bytes:
        """Return `document` as the bytes of a block."""
        try:
            _encoder.encode_into(document, self._packed)
        except (OverflowError, UnicodeEncodeError, TypeError, ValueError):
            _encoder.encode_into(_tame(document), self._packed)
        return _FORM + self._compressor.compress(self._packed, zstd.ZstdCompressor.FLUSH_FRAME)


def unpack(payload: bytes) -> list[object]:
    """Return what `pack` was given; raises StoreError when these are not the bytes it returned."""
    try:
        return _decode(expand(payload))
    except (msgspec.MsgspecError, ValueError) as error:
        raise damaged(error) from error


def expand(payload: bytes) -> bytes:
    """Return the uncompressed bytes of a block.

    Raises:
        StoreError: They are damaged, too many, or of a form this program does not know.

    """
    if payload[:1] != _FORM:
        raise damaged(f"it begins with {payload[:4]!r}, a form this program does not know")
    opened = zstd.ZstdDecompressor()
    try:
        expanded = opened.decompress(payload[1:], _MOST)
    except zstd.ZstdError as error:
        raise damaged(error) from error
    if not opened.eof or opened.unused_data:
        raise damaged("it has no end" if len(expanded) < _MOST else "it is too large")
    return expanded


def damaged(reason: object) -> StoreError:
    """Return what is said of a block that cannot be read."""
    return StoreError(
        f"A block of events is damaged: {reason}.",
        hint="Restore that day from a backup, or let it go by age; alerts keep their evidence.",
    )


def _tame(value: object) -> object:
    """Return `value` with what MessagePack cannot hold wrapped so that it comes back."""
    if isinstance(value, str):
        return _tame_text(value)
    if isinstance(value, int) and not -_LIMIT <= value < 2 * _LIMIT:
        return msgspec.msgpack.Ext(_BIG_INTEGER, str(value).encode())
    if isinstance(value, int | float | bytes | None):
        return value
    if isinstance(value, Mapping):
        return {_tame(key): _tame(inner) for key, inner in value.items()}
    return [_tame(inner) for inner in value] if isinstance(value, Iterable) else str(value)


def _tame_text(value: str) -> object:
    try:
        value.encode()
    except UnicodeEncodeError:
        return msgspec.msgpack.Ext(_ODD_TEXT, value.encode(errors="surrogatepass"))
    return value
