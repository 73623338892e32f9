"""The condition of a temporal correlation as words: `logon and not (vpn or office)`."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache

from socconsole.errors import RuleError

Holds = Callable[[Collection[str]], bool]
"""Whether the condition holds for the names of the rules that matched."""

_WORD = re.compile(r"\s*([()]|[A-Za-z0-9_.-]+)")
_SIGNS = frozenset({"and", "or", "not", "(", ")"})
_MAX_SIGNS = 200


@dataclass(frozen=True, slots=True)
class Words:
    """A condition that was read."""

    names: tuple[str, ...]
    """The rules it names, in their order."""
    denies: bool
    """Whether a further match may make it false: it can be judged only when the time is over."""
    holds: Holds


@lru_cache(256)
def read_words(text: str) -> Words:
    """Return the condition that `text` says; `not` binds closer than `and`, that than `or`.

    Raises:
        RuleError: It is no such condition, without the place.

    """
    words = _split(text)
    names = tuple(dict.fromkeys(word for word in words if word not in _SIGNS))
    waiting = words[::-1]
    holds = _either(waiting, text)
    if waiting:
        raise _wrong(text, waiting[-1])
    return Words(names, "not" in words, holds)


def _split(text: str) -> list[str]:
    words: list[str] = []
    place = 0
    while text[place:].strip():
        found = _WORD.match(text, place)
        if found is None or len(words) >= _MAX_SIGNS:
            raise _wrong(text, text[place:].split(maxsplit=1)[0])
        words.append(found[1])
        place = found.end()
    return words


def _either(waiting: list[str], text: str) -> Holds:
    parts = [_both(waiting, text)]
    while waiting and waiting[-1] == "or":
        waiting.pop()
        parts.append(_both(waiting, text))
    return parts[0] if len(parts) == 1 else lambda found: any(part(found) for part in parts)


def _both(waiting: list[str], text: str) -> Holds:
    parts = [_one(waiting, text)]
    while waiting and waiting[-1] == "and":
        waiting.pop()
        parts.append(_one(waiting, text))
    return parts[0] if len(parts) == 1 else lambda found: all(part(found) for part in parts)


def _one(waiting: list[str], text: str) -> Holds:
    word = waiting.pop() if waiting else ""
    if word == "not":
        inner = _one(waiting, text)
        return lambda found: not inner(found)
    if word == "(":
        inner = _either(waiting, text)
        if not waiting or waiting.pop() != ")":
            raise _wrong(text, "(")
        return inner
    if not word or word in _SIGNS:
        raise _wrong(text, word or "its end")
    return lambda found: word in found


def _wrong(text: str, at: str) -> RuleError:
    return RuleError(
        f"The condition {text!r} of a correlation cannot be read at {at!r}.",
        hint="Write names of rules with and, or, not and brackets, such as `a and not b`.",
    )
