"""Whether any keyword of many occurs in an event: one search instead of one per rule."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import hyperscan

from socconsole.core.event import Event
from socconsole.sigma.fields import haystack
from socconsole.sigma.patterns import bytes_searcher, quote

Scan = Callable[[bytes], bool]

_WORTH_COMPILING = 1000
"""Events after which Hyperscan's speed has paid for its compilation; until then RE2 searches."""


class KeywordScans:
    """The scans of a rule set: most partitions have the same few keywords."""

    def __init__(self) -> None:
        self._scans: dict[tuple[str, ...], KeywordScan] = {}

    def of(self, needles: Iterable[str]) -> "KeywordScan":
        """Return the scan for `needles`."""
        key = tuple(sorted(needles))
        return self._scans.setdefault(key, KeywordScan(key))


class KeywordScan:
    """Searches all keywords of a partition at once. It may say yes too often, never no."""

    def __init__(self, needles: Sequence[str]) -> None:
        self._needles = needles
        self._scan: Scan | None = None
        self._scanned = 0

    def found(self, event: Event) -> bool:
        """Return whether some needle may occur in `event`."""
        raw = event.raw
        # A JSON line has its values as they are, but for what JSON escapes.
        text = raw if raw.startswith("{") else haystack(event)
        if not text.isascii():
            text = text.lower()  # letters beyond ASCII are compared in lower case, as the needles
        scan = self._scan
        self._scanned += 1
        if scan is None or self._scanned == _WORTH_COMPILING:
            maker = _re2_scan if scan is None else _hyperscan_scan
            scan = self._scan = maker(self._patterns())
        return scan(text.encode(errors="replace"))

    def _patterns(self) -> list[str]:
        written = set(self._needles)
        written |= {json.dumps(needle, ensure_ascii=False)[1:-1] for needle in self._needles}
        # Where JSON escapes letters or slashes too, a needle may hide: that counts as found.
        return [*map(quote, sorted(written)), r"\\u[0-9a-f]{4}", r"\\/"]


def _re2_scan(patterns: Sequence[str]) -> Scan:
    return bytes_searcher("(?i)" + "|".join(patterns))


def _hyperscan_scan(patterns: Sequence[str]) -> Scan:
    """Return the search for any of `patterns`: three times as fast as RE2 over a long line."""
    database = hyperscan.Database()
    flags = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SINGLEMATCH
    database.compile(
        expressions=[pattern.encode() for pattern in patterns],
        ids=list(range(len(patterns))),
        elements=len(patterns),
        flags=flags,
    )
    scratch = hyperscan.Scratch(database)
    hits: list[int] = []

    def hit(number: int, *_place: Any) -> bool:  # noqa: ANN401 - hyperscan decides
        hits.append(number)
        return True  # stop: one is enough

    def scan(data: bytes) -> bool:
        hits.clear()
        try:
            database.scan(data, match_event_handler=hit, scratch=scratch)
        except hyperscan.ScanTerminated:
            return True
        return bool(hits)

    return scan
