"""Texts in lower case; a long one remembers which literals are in it."""

from collections.abc import Collection, Mapping
from functools import lru_cache

from socconsole.sigma.needles import Needles

LONG = 8192
"""Characters from which looking for a literal costs more than remembering the answer."""


class LongText(str):
    """A text that is asked for thousands of literals, by rule after rule, and then for the why."""

    __slots__ = ("_answers", "_searched")

    _answers: dict[object, bool]
    _searched: list[tuple[Mapping[object, int], frozenset[int]]]

    def __new__(cls, text: str) -> "LongText":
        """Take `text`, of which nothing is known yet."""
        made = super().__new__(cls, text)
        made._answers = {}
        made._searched = []
        return made

    def __contains__(self, literal: object, /) -> bool:
        """Return whether `literal` is a part of the text."""
        for places, found in self._searched:
            place = places.get(literal)
            if place is not None:
                return place in found
        answer = self._answers.get(literal)
        if answer is None:
            answer = self._answers[literal] = self._looked_for(literal)
        return answer

    def _looked_for(self, literal: object) -> bool:
        return super().__contains__(literal)  # type: ignore[operator]

    def found(self, needles: Needles) -> Collection[int]:
        """Return the places of those `needles` that are parts of the text, and know it of all."""
        for places, known in self._searched:
            if places is needles.places:
                return known
        found = frozenset(needles.found(self))
        self._searched.append((needles.places, found))
        return found


def lowered(text: str) -> str:
    """Return a text in lower case; of a long one the same object while it is asked about."""
    return text.lower() if len(text) < LONG else _long(text)


@lru_cache(maxsize=4)
def _long(text: str) -> LongText:
    return LongText(text.lower())


def encoded(text: str) -> bytes:
    """Return a text's UTF-8; that of a long one is made once while it is asked about."""
    return text.encode(errors="replace") if len(text) < LONG else _long_bytes(text)


@lru_cache(maxsize=4)
def _long_bytes(text: str) -> bytes:
    return text.encode(errors="replace")
