"""Many literals searched in one text at once."""

from collections.abc import Collection, Sequence

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

_FEW = 6
"""So many needles are searched one by one; more by automaton."""

_MOST = 1200
"""Needles up to which the fastest automaton is worth its memory."""

_WORTH = 2000
"""Bytes searched for each needle after which the fastest automaton has paid for being built."""


class Needles:
    """Finds which of many literals occur in a text."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._few = tuple(enumerate(texts)) if len(texts) <= _FEW else ()
        # On bytes: on text the search counts characters up to every hit.
        self._texts = [text.encode(errors="surrogatepass") for text in texts]
        self._automaton = None if len(texts) <= _FEW else _automaton(self._texts, None)
        self._patience = _WORTH * len(texts) if _FEW < len(texts) <= _MOST else -1

    def found(self, text: str) -> Collection[int]:
        """Return the places, in the order they were given, of those that occur in `text`."""
        if self._automaton is None:
            return [number for number, needle in self._few if needle in text]
        data = text.encode(errors="surrogatepass")
        if self._patience > 0:
            self._patience -= len(data)
            if self._patience <= 0:
                self._automaton = _automaton(self._texts, Implementation.DFA)
        hits = self._automaton.find_matches_as_indexes(data, overlapping=True)
        return {hit[0] for hit in hits} if hits else ()


def _automaton(texts: list[bytes], implementation: Implementation | None) -> BytesAhoCorasick:
    return BytesAhoCorasick(texts, matchkind=MatchKind.Standard, implementation=implementation)


class NeedleSets:
    """The searches of a rule set: partitions that look for the same literals have one together."""

    def __init__(self) -> None:
        self._sets: dict[tuple[str, ...], Needles] = {}

    def of(self, texts: tuple[str, ...]) -> Needles:
        """Return the search for `texts`."""
        known = self._sets.get(texts)
        if known is None:
            known = self._sets[texts] = Needles(texts)
        return known
