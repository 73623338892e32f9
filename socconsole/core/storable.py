"""Values out of logs made fit to be stored as text and JSON on every engine."""

import math
from collections.abc import Mapping

_REPLACEMENT = "\ufffd"
_NAME_BYTES = 500
_UNSTORABLE = dict.fromkeys((0, *range(0xD800, 0xE000)), _REPLACEMENT)


def storable_text(text: str) -> str:
    """Return `text` without what a database refuses: NUL and lone surrogates become U+FFFD."""
    if "\x00" not in text and (text.isascii() or _encodes(text)):
        return text
    return text.translate(_UNSTORABLE)


def storable(value: object) -> object:
    """Return a document of JSON's types with storable text; what JSON lacks becomes text."""
    if isinstance(value, str):
        return storable_text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {storable_text(str(key)): storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [storable(inner) for inner in value]
    return storable_text(str(value))


def name_text(text: str) -> str:
    """Return storable text short enough for an index on every engine: 500 bytes of UTF-8.

    A name in a log may be as long as its sender likes; an index entry may not.
    """
    kept = storable_text(text)
    if len(kept) <= _NAME_BYTES // 4:
        return kept
    encoded = kept.encode()
    if len(encoded) <= _NAME_BYTES:
        return kept
    return encoded[: _NAME_BYTES - 3].decode(errors="ignore") + "…"


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
