"""Searching what is retained, newest first, one look at a time."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from socconsole.core.event import Event, EventCategory, entities
from socconsole.tui.reading.tail_reading import Asked, read_new, tail_line
from socconsole.tui.widgets.tail import TailLine

if TYPE_CHECKING:
    from socconsole.store.events import Cursor, EventStore, Kept

_HITS = 2_000
"""A look ends with so many hits,"""
_LOOK_SECS = 2.0
"""or after so long: the same thread reads what the live tail shows."""
_KEPT_TEXT = 1_000
_IDS = 2**63
_KINDS = {
    EventCategory.EXCEPTION: "err",
    EventCategory.WARNING: "warn",
    EventCategory.MAINTENANCE: "mnt",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that was found, as the list of results shows it."""

    id: int
    """Made of where the line is, so that a mark outlives the next search."""
    line: TailLine
    """Its text may be cut."""
    message: str
    """What the program wrote, without what stands before it in the line."""
    kind: str
    """Its category, in few letters."""
    category: str
    format: str
    host: str
    user: str
    source_ip: str
    process: str


class LineSearch:
    """One search through the retained events; every look goes on where the last one ended."""

    def __init__(self, asked: Asked, until: datetime | None = None) -> None:
        self.asked = asked
        self.until = until
        """Event time that every hit is earlier than."""
        self.is_wanted = True
        """Whether a look that is under way need go on."""
        self.is_complete = False
        """Whether everything that is retained has been looked at."""
        self._newest: Cursor | None = None
        self._found: Iterator[Kept] | None = None
        self._passed = False
        self._end = 0.0

    def look(self, events: "EventStore") -> list[Hit]:
        """Return the next hits; for the thread that reads events."""
        if self._found is None:
            self._newest = events.recent(1, self.asked.source_id).cursor
            self._found = events.search(
                self._accepts,
                until=self.until,
                source=self.asked.source_id,
                tokens=self.asked.tokens,
                newest_first=True,
            )
        self._end = time.monotonic() + _LOOK_SECS
        hits: list[Hit] = []
        for kept in self._found:
            if self._passed:
                hits.append(hit_of(kept))
            if len(hits) >= _HITS or self._is_over():
                return hits
        self.is_complete = True
        return hits

    def count_news(self, events: "EventStore") -> int:
        """Return how many hits were stored since this was last asked, or since the first look."""
        if self._newest is None or self.until is not None:
            return 0
        tail, kept = read_new(events, self.asked, 0, self._newest)
        self._newest = tail.cursor
        return tail.skipped if self.asked.accepts is None else len(kept)

    def _accepts(self, event: Event) -> bool:
        accepts = self.asked.accepts
        self._passed = accepts is None or accepts(event)
        return self._passed or self._is_over()  # the search hands it out, and can rest there

    def _is_over(self) -> bool:
        return not self.is_wanted or time.monotonic() > self._end


def hit_of(kept: "Kept") -> Hit:
    """Return an event as the list of results shows it."""
    event, line, named = kept.event, tail_line(kept), entities(kept.event)
    text = line.text
    if len(text) > _KEPT_TEXT:
        text = text[:_KEPT_TEXT]
        line = TailLine(line.key, line.time, line.source, text, line.style, line.source_id)
    return Hit(
        id=hash(line.key) % _IDS,
        line=line,
        message=_message(event)[:_KEPT_TEXT] or text,
        kind=_KINDS.get(event.category, ""),
        category=event.category.value,
        format=event.format,
        host=named.get("host", ""),
        user=named.get("user", ""),
        source_ip=named.get("source_ip", ""),
        process=named.get("process", ""),
    )


def _message(event: Event) -> str:
    said = (event.fields.get(name) for name in ("message", "Message", "msg", "MESSAGE"))
    return next((text for text in said if isinstance(text, str) and text.strip()), "")
