"""Takes a value out of text, bytes and documents, as a word of its own."""

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
    lower, wanted = held.casefold(), value.casefold()
    if wanted not in lower or len(lower) != len(held):
        return held.replace(value, ERASED) if value in held else held
    parts, start = [], 0
    while (at := lower.find(wanted, start)) >= 0:
        end = at + len(wanted)
        alone = not (
            (at and lower[at - 1].isalnum()) or (end < len(lower) and lower[end].isalnum())
        )
        parts += [held[start:at], ERASED if alone else held[at:end]]
        start = end
    parts.append(held[start:])
    joined = "".join(parts)
    return held if joined == held else joined
