"""Texts in lower case; a long one remembers which literals are in it."""

from collections.abc import Iterable
from functools import lru_cache

from socconsole.sigma.needles import Needles

LONG = 8192
"""Characters from which looking for a literal costs more than remembering the answer."""


class LongText(str):
    """A text that is asked for thousands of literals, by rule after rule, and then for the why."""

    __slots__ = ("_answers",)

    _answers: dict[object, bool]

    def __new__(cls, text: str) -> "LongText":
        """Take `text`, of which nothing is known yet."""
        made = super().__new__(cls, text)
        made._answers = {}
        return made

    def __contains__(self, literal: object, /) -> bool:
        """Return whether `literal` is a part of the text."""
        answer = self._answers.get(literal)
        if answer is None:
            answer = self._answers[literal] = self._looked_for(literal)
        return answer

    def _looked_for(self, literal: object) -> bool:
        return super().__contains__(literal)  # type: ignore[operator]

    def learn(self, needles: Needles, found: Iterable[int]) -> None:
        """Know that of `needles` only those at the places `found` are parts of the text."""
        self._answers |= needles.absent
        self._answers |= dict.fromkeys([needles.texts[place] for place in found], True)


def lowered(text: str) -> str:
    """Return a text in lower case; of a long one the same object while it is asked about."""
    return text.lower() if len(text) < LONG else _long(text)


@lru_cache(maxsize=4)
def _long(text: str) -> LongText:
    return LongText(text.lower())
