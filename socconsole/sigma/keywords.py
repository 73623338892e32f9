"""Whether any keyword of many occurs in an event: one search instead of one per rule."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import hyperscan

from socconsole.core.event import Event
from socconsole.sigma.fields import haystack
from socconsole.sigma.patterns import quote

Scan = Callable[[bytes], bool]


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

    def found(self, event: Event) -> bool:
        """Return whether some needle may occur in `event`."""
        scan = self._scan
        if scan is None:
            scan = self._scan = _scan(self._patterns())
        raw = event.raw
        # A JSON line has its values as they are, but for what JSON escapes.
        text = raw if raw.startswith("{") else haystack(event)
        # Letters beyond ASCII are compared in lower case, as the needles are.
        return scan((text if text.isascii() else text.lower()).encode(errors="replace"))

    def _patterns(self) -> list[str]:
        written = set(self._needles)
        written |= {json.dumps(needle, ensure_ascii=False)[1:-1] for needle in self._needles}
        # Where JSON escapes letters or slashes too, a needle may hide: that counts as found.
        return [*map(quote, sorted(written)), r"\\u[0-9a-f]{4}", r"\\/"]


def _scan(patterns: Sequence[str]) -> Scan:
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
