"""Many literals searched in one text at once."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import hyperscan
from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from socconsole.sigma.searches import UNKEPT, Searches

_FEW = 6
"""So many needles are searched one by one; more by automaton."""

_MOST = 20_000
"""Needles up to which Hyperscan is worth its memory, and the wait for its compilation."""

_WORTH_COMPILING = 2_000
"""Bytes searched for each needle after which Hyperscan has paid for its compilation."""

_ONCE = hyperscan.HS_FLAG_SINGLEMATCH

Search = Callable[[bytes], Collection[int]]
"""UTF-8 → the needles that occur in it."""


class Needles:
    """Finds which of many literals occur in a text."""

    def __init__(self, texts: Sequence[str], searches: Searches = UNKEPT) -> None:
        """Look for `texts`; what pays to be compiled is taken from `searches`."""
        self.texts = tuple(texts)
        self.places: Mapping[object, int] = {text: place for place, text in enumerate(texts)}
        """Where each of them stands."""
        self._few = tuple(enumerate(texts)) if len(texts) <= _FEW else ()
        # On bytes: on text the search counts characters up to every hit.
        self._needles = [text.encode(errors="surrogatepass") for text in texts]
        self._searches = searches
        self._patience = -1
        """Bytes until it pays to compile; negative: it is not to be."""
        self._search: Search | None = None
        """What finds them; of few none is needed."""

    def prepare(self) -> None:
        """Make the search now, compiled if the next process will find it."""
        if not self._few and self._searches.kept and self._may_compile():
            self._compile()
        elif not self._few:
            self._begin()

    def found(self, text: str) -> Collection[int]:
        """Return the places, in the order they were given, of those that occur in `text`."""
        if self._few:
            return [number for number, needle in self._few if needle in text]
        data = text.encode(errors="surrogatepass")
        search = self._search or self._begin()
        if self._patience > 0:
            self._patience -= len(data)
            if self._patience <= 0:
                search = self._compile()
        return search(data)

    def _begin(self) -> Search:
        """Return the search to begin with: a compiled one where that costs nothing."""
        if self._search is None:
            known = None
            if self._may_compile():
                known = self._searches.known(self._needles, flags=_ONCE)
                self._patience = -1 if known else _WORTH_COMPILING * len(self._needles)
            self._search = _hyperscan(known) if known else _automaton(self._needles)
        return self._search

    def _may_compile(self) -> bool:
        return len(self._needles) <= _MOST and all(
            needle and b"\0" not in needle for needle in self._needles
        )

    def _compile(self) -> Search:
        self._patience = -1
        self._search = _hyperscan(self._searches.compiled(self._needles, flags=_ONCE))
        return self._search


def _automaton(needles: list[bytes]) -> Search:
    # Of few needles it would make a table by itself, which takes five times as long to make.
    automaton = BytesAhoCorasick(
        needles, matchkind=MatchKind.Standard, implementation=Implementation.ContiguousNFA
    )

    def search(data: bytes) -> Collection[int]:
        hits = automaton.find_matches_as_indexes(data, overlapping=True)
        return {hit[0] for hit in hits} if hits else ()

    return search


def _hyperscan(database: hyperscan.Database) -> Search:
    scratch = hyperscan.Scratch(database)
    hits: set[int] = set()

    def hit(number: int, _start: int, _end: int, _flags: int, _context: object) -> None:
        hits.add(number)

    def search(data: bytes) -> Collection[int]:
        hits.clear()
        database.scan(data, hit, 0, None, scratch)
        return hits

    return search


class NeedleSets:
    """The searches of a rule set: partitions that look for the same literals have one together."""

    def __init__(self, searches: Searches) -> None:
        self._searches = searches
        self._sets: dict[frozenset[str], Needles] = {}

    def of(self, texts: Iterable[str]) -> Needles:
        """Return the search for `texts`, whatever their order; it has an order of its own."""
        key = frozenset(texts)
        known = self._sets.get(key)
        if known is None:
            # What may be compiled is written in one order, so that it is found again.
            ordered = sorted(key) if len(key) <= _MOST else texts
            known = self._sets[key] = Needles(tuple(ordered), self._searches)
        return known
