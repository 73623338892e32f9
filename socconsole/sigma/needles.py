"""Many literals searched in one text at once."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import hyperscan
from ahocorasick_rs import BytesAhoCorasick, MatchKind

_FEW = 6
"""So many needles are searched one by one; more by automaton."""

_MOST = 1200
"""Needles up to which Hyperscan is worth its memory, and the wait for its compilation."""

_WORTH_COMPILING = 2_000
"""Bytes searched for each needle after which Hyperscan has paid for its compilation."""

Search = Callable[[bytes], Collection[int]]
"""UTF-8 → the needles that occur in it."""


class Needles:
    """Finds which of many literals occur in a text."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._few = tuple(enumerate(texts)) if len(texts) <= _FEW else ()
        # On bytes: on text the search counts characters up to every hit.
        self._needles = [text.encode(errors="surrogatepass") for text in texts]
        self._search = None if self._few else _automaton(self._needles)
        good = all(needle and b"\0" not in needle for needle in self._needles)
        self._patience = _WORTH_COMPILING * len(texts) if good and len(texts) <= _MOST else -1
        """Bytes until then; negative: it is not to be."""

    def found(self, text: str) -> Collection[int]:
        """Return the places, in the order they were given, of those that occur in `text`."""
        if self._search is None:
            return [number for number, needle in self._few if needle in text]
        data = text.encode(errors="surrogatepass")
        if self._patience > 0:
            self._patience -= len(data)
            if self._patience <= 0:
                self._search = _hyperscan(self._needles)
        return self._search(data)


def _automaton(needles: list[bytes]) -> Search:
    automaton = BytesAhoCorasick(needles, matchkind=MatchKind.Standard)

    def search(data: bytes) -> Collection[int]:
        hits = automaton.find_matches_as_indexes(data, overlapping=True)
        return {hit[0] for hit in hits} if hits else ()

    return search


def _hyperscan(needles: list[bytes]) -> Search:
    database = hyperscan.Database()
    database.compile(
        expressions=needles,
        ids=list(range(len(needles))),
        elements=len(needles),
        flags=hyperscan.HS_FLAG_SINGLEMATCH,
        literal=True,
    )
    scratch = hyperscan.Scratch(database)
    hits: set[int] = set()

    def hit(number: int, *_place: Any) -> None:  # noqa: ANN401 - hyperscan decides
        hits.add(number)

    def search(data: bytes) -> Collection[int]:
        hits.clear()
        database.scan(data, match_event_handler=hit, scratch=scratch)
        return hits

    return search


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
