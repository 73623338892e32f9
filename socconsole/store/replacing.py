"""Takes a value out of text, bytes and documents, as a word of its own."""

from socconsole.core.occurrences import occurrences

ERASED = "[erased]"


def without(held: object, value: str) -> object:
    """Return `held` with `value` replaced wherever it stands as a word of its own."""
    if isinstance(held, str):
        return _replace(held, value)
    if isinstance(held, bytes):
        decoded = held.decode(errors="surrogateescape")
        erased = _replace(decoded, value)
        return held if erased is decoded else erased.encode(errors="surrogateescape")
    if isinstance(held, dict):
        return {without(key, value): without(inner, value) for key, inner in held.items()}
    if isinstance(held, list | tuple):
        return [without(inner, value) for inner in held]
    return held


def _replace(held: str, value: str) -> str:
    parts, start = [], 0
    for at, end in occurrences(held, value):
        alone = not ((at and held[at - 1].isalnum()) or (end < len(held) and held[end].isalnum()))
        parts += [held[start:at], ERASED if alone else held[at:end]]
        start = end
    return "".join((*parts, held[start:])) if ERASED in parts else held
