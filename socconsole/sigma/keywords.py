"""Keywords of all rules at once: words that may stand anywhere in an event."""

import json
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import accumulate, islice
from string import ascii_lowercase

import hyperscan

from socconsole.core.event import Event
from socconsole.sigma.checks import View
from socconsole.sigma.needles import NeedleSets
from socconsole.sigma.patterns import quote
from socconsole.sigma.plan import Atom
from socconsole.sigma.searches import Searches
from socconsole.sigma.table import FieldTable

Scan = Callable[[bytes], list[int]]
"""UTF-8 → where needles end in it."""

_LONG_LINE = 512

LIKE_ASCII = "\u212a\u0130"
"""The letters beyond ASCII whose lower case has one of ASCII in it."""

_MANY = 500
"""Hits after which a search need not go on."""

_FAST = 80
"""Literals from which Hyperscan takes a way of searching that needs a third of the time."""

_FEW = 8
"""Literals up to which the other way is as fast."""

_PATIENCE = 200_000
"""Characters of lines whose values are looked at before a search is worth its compilation."""


class KeywordScans:
    """The scans of a rule set: most partitions have the same few keywords."""

    def __init__(self, searches: Searches) -> None:
        self._searches = searches
        self._scans: dict[tuple[str, ...], KeywordScan] = {}

    def of(self, needles: Iterable[str]) -> "KeywordScan":
        """Return the scan for `needles`."""
        key = tuple(sorted(needles))
        return self._scans.setdefault(key, KeywordScan(key, self._searches))


class Keywords:
    """The keywords of a partition: which rules an event's words leave possible."""

    def __init__(self, scans: KeywordScans, needles: NeedleSets) -> None:
        self._scans = scans
        self._table = FieldTable("", _never_slow, needles)
        self._needles: set[str] = set()

    @cached_property
    def scan(self) -> "KeywordScan | None":
        """The search for any keyword; None when there is none."""
        return self._scans.of(self._needles) if self._needles else None

    def open(self, bit: int, atom: Atom) -> None:
        """Add an atom of the wide gate of the rule of `bit`."""
        self._needles.add(atom.text)
        self._table.open(bit, atom)

    def prepare(self) -> None:
        """Make the searches now."""
        if self._needles:
            self._table.prepare()
        if self.scan is not None:
            self.scan.prepare()

    def opened(self, view: View) -> int:
        """Return the rules of which a keyword occurs in the event."""
        if tells_all(view.event):
            # Most long lines hold no keyword at all: one fast search of the line as it is says so.
            scan, raw = self.scan, view.event.raw
            if scan is None or (scan.pays((raw,)) and not scan.found(raw)):
                return 0
        return self._table.possible(view.haystack()[1])[1]


def _never_slow(_bit: int, _again: Callable[[], object]) -> None:
    """Keywords are looked up, not evaluated."""


def tells_all(event: Event) -> bool:
    """Return whether a search of the event's line is worth it, and finds all that its values hold.

    A line of JSON has its values as they are, but for what JSON escapes. What a parser decodes
    further, from another JSON inside or from numbers, is not found in it.
    """
    return len(event.raw) >= _LONG_LINE and event.is_its_own_json


class KeywordScan:
    """Whether any of many needles may occur in a JSON line: yes too often, never no."""

    def __init__(self, needles: Sequence[str], searches: Searches) -> None:
        self._needles = needles
        self._searches = searches
        self._plain = all(map(str.isascii, needles))
        self._scan: Scan | None = None
        self._patience = _PATIENCE

    def prepare(self) -> None:
        """Compile the search now if the next process will find it."""
        if self._searches.kept:
            self._compile()
            self._patience = -1

    def pays(self, lines: Sequence[str]) -> bool:
        """Return whether enough was to be searched, with `lines`, to be worth a compilation."""
        if self._patience >= 0:
            self._patience -= sum(map(len, lines))
        return self._patience < 0

    def found(self, text: str) -> bool:
        """Return whether some needle may be a part of a value in the JSON `text`."""
        return bool(self._ends(self._comparable(text)))

    def suspects(self, lines: Sequence[str]) -> Collection[int]:
        """Return the places of the lines in which some needle may be, found in one search."""
        written: Sequence[str | bytes] = lines
        if all(map(str.isascii, lines)):
            ends = self._ends("\n".join(lines).encode())
        else:
            written = parts = [self._comparable(line) for line in lines]
            ends = self._ends(b"\n".join(parts))
        if not ends:
            return ()
        if len(ends) >= _MANY:
            return range(len(lines))
        borders = list(accumulate(len(line) + 1 for line in written))
        return {bisect_left(borders, end) for end in ends}

    def _ends(self, data: bytes) -> list[int]:
        """Return where needles end in `data`."""
        return (self._scan or self._compile())(data)

    def _compile(self) -> Scan:
        if self._scan is None:
            self._scan = _hyperscan_scan(self._written(), self._searches)
        return self._scan

    def _comparable(self, text: str) -> bytes:
        """Return a text's UTF-8, in lower case where a letter beyond ASCII may answer a needle."""
        if not text.isascii() and (not self._plain or any(letter in text for letter in LIKE_ASCII)):
            text = text.lower()
        return text.encode(errors="replace")

    def _written(self) -> list[str]:
        """Return the needles as JSON writes them, and the escapes a needle may hide behind."""
        written = set(self._needles)
        written |= {json.dumps(needle, ensure_ascii=False)[1:-1] for needle in self._needles}
        if self._plain:
            written |= {"\\u00", *(json.dumps(letter)[1:-1] for letter in LIKE_ASCII)}
        else:
            written |= {f"\\u{digit}" for digit in "0123456789abcdef"}
        return _many_enough(sorted(written | {"\\/"}))


def _many_enough(literals: list[str]) -> list[str]:
    """Return the literals with longer forms of them, which add nothing but their number."""
    missing = _FAST - len(literals)
    if len(literals) <= _FEW or missing <= 0:
        return literals
    longer = (text + letter for letter in ascii_lowercase for text in literals)
    return [*literals, *islice(longer, missing)]


def _hyperscan_scan(literals: Sequence[str], searches: Searches) -> Scan:
    """Return the search for any of `literals`: three times as fast as RE2 over a long line."""
    # As literals they compile six times as fast; but those end at a NUL.
    literal = not any("\0" in text for text in literals)
    written = [(text if literal else quote(text)).encode() for text in literals]
    database = searches.compiled(written, flags=hyperscan.HS_FLAG_CASELESS, literal=literal)
    scratch = hyperscan.Scratch(database)
    ends: list[int] = []

    def hit(_number: int, _start: int, end: int, _flags: int, _context: object) -> bool:
        ends.append(end)
        return len(ends) >= _MANY  # stop

    def scan(data: bytes) -> list[int]:
        ends.clear()
        with suppress(hyperscan.ScanTerminated):
            database.scan(data, hit, 0, None, scratch)
        return ends

    return scan
