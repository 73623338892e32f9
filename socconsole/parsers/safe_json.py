"""JSON read safely: exact numbers; bounded depth, leaves and sizes; keys that stand twice named."""

import re
from typing import TypeAlias

import msgspec

MAX_TEXT = 1 << 20
"""Characters of a line beyond which it is not decoded."""
MAX_DEPTH = 32
MAX_LEAVES = 2000
MAX_KEY = 256
MAX_VALUE = 64 << 10
"""Characters of one value kept in the document; the line keeps all of it."""
DUPLICATES = "duplicate_keys"
"""The field that names the keys an object has twice. Of their values the last counts here; another
reader of the same line may take the first, which is why somebody might write such a line."""

_SHORT = 4 * MAX_LEAVES
"""Characters of a line that cannot have too many leaves."""
_CONTAINERS = frozenset((dict, list))
_Scalar: TypeAlias = str | int | float | bool | None
_decoder = msgspec.json.Decoder()
_flat: msgspec.json.Decoder[dict[str, object]] = msgspec.json.Decoder(
    dict[str, _Scalar | list[_Scalar]]
)
"""Refuses whatever is deeper than a list of plain values, so that nobody has to look again."""


class JsonError(ValueError):
    """Why a text is not taken as a JSON object."""


def decode_object(text: str, *, check_keys: bool = True) -> dict[str, object]:
    """Return the JSON object that `text` is; keys that stand twice are named in `duplicate_keys`.

    `check_keys` is for formats of great volume that one program writes: looking costs a third of
    decoding.

    Raises:
        JsonError: It is no JSON, no object, or larger or deeper than the limits above.

    """
    if len(text) > MAX_TEXT:
        raise JsonError("the line is longer than 1 MiB")
    try:
        document = _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise JsonError(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise JsonError("not a JSON object")
    if len(text) > _SHORT or (
        not _CONTAINERS.isdisjoint(map(type, document.values()))
        and text.count("{") + text.count("[") > MAX_DEPTH
    ):
        _check(document)
    # Each key ends in a quote and a colon; more of them than keys: one of them stands twice.
    if check_keys and text.count('":') != _count_keys(document):
        twice = _twice(text)
        if twice:
            document[DUPLICATES] = twice
    return document


def is_whole(text: str) -> bool:
    """Tell whether it is certain that nothing was cut from the object that `text` is."""
    return len(text) <= _SHORT and text.count("{") + text.count("[") <= MAX_DEPTH


def decode_flat(text: str) -> dict[str, object] | None:
    """Return the JSON object that `text` is, whole, if it holds only plain values and lists of them.

    For formats most of whose lines are so: it takes two thirds of the time of `decode_line`, which
    is to be asked when this returns None.
    """
    is_short = len(text) <= _SHORT
    if text[:1] != "{" or not (is_short or _has_few(text)):
        return None
    try:
        document = _flat.decode(text)
    except (msgspec.DecodeError, ValueError):
        return None  # a deeper one, or none at all
    return document if is_short or max(map(len, document), default=0) <= MAX_KEY else None


def _has_few(text: str) -> bool:
    """Tell whether no value of the object `text` may be too long, and they may not be too many."""
    return len(text) <= MAX_VALUE and text.count(",") + text.count("[") < MAX_LEAVES


def _count_keys(branch: dict[str, object]) -> int:
    count = len(branch)
    for value in branch.values():
        if type(value) is dict:
            count += _count_keys(value)
        elif type(value) is list:
            count += sum(_count_keys({"": item}) - 1 for item in value if type(item) in _CONTAINERS)
    return count


_TOKENS = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|[{}]', re.DOTALL)


def _twice(text: str) -> list[str]:
    """Return the keys that stand more than once in one object of a JSON text, as they are written."""
    found: list[str] = []
    seen: list[set[str]] = []
    for token in _TOKENS.finditer(text):
        first = token[0][0]
        if first == "{":
            seen.append(set())
        elif first == "}":
            seen.pop()
        elif token[2] is not None:
            key = token[1]
            if key in seen[-1] and key not in found:
                found.append(key)
            seen[-1].add(key)
    return found


def decode_line(text: str, *, check_keys: bool = True) -> dict[str, object] | None:
    """Return the JSON object that `text` is, or None; see `decode_object`."""
    if text[:1] != "{":
        text = text.lstrip("\ufeff \t")
        if text[:1] != "{":
            return None
    try:
        return decode_object(text, check_keys=check_keys)
    except JsonError:
        return None


def complaint(text: str) -> str | None:
    """Return why a text that looks like a JSON object is not taken as one; None for other texts."""
    if text[:1] != "{":
        return None
    try:
        decode_object(text)
    except JsonError as error:
        return str(error)[:200]
    return None


def _check(document: dict[str, object]) -> None:
    """Cut values that are too long, refuse what is too deep or has too many leaves."""
    leaves, level, depth = 0, [document], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise JsonError(f"nested deeper than {MAX_DEPTH}")
        below: list[dict[str, object]] = []
        for branch in level:
            leaves += len(branch)
            if leaves > MAX_LEAVES:
                raise JsonError(f"more than {MAX_LEAVES} values")
            _trim(branch, below)
        level = below


def _trim(branch: dict[str, object], below: list[dict[str, object]]) -> None:
    for key, value in list(branch.items()):
        if len(key) > MAX_KEY:
            del branch[key]
            branch[key[:MAX_KEY]] = value
        if isinstance(value, str) and len(value) > MAX_VALUE:
            branch[key[:MAX_KEY]] = value[:MAX_VALUE]
        if isinstance(value, dict):
            below.append(value)
        elif isinstance(value, list):
            if any(isinstance(item, str) and len(item) > MAX_VALUE for item in value):
                value[:] = [item[:MAX_VALUE] if isinstance(item, str) else item for item in value]
            # A list counts as an object with numbered keys, so that its own members are bounded.
            below.append({str(place): item for place, item in enumerate(value)})
