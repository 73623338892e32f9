"""Lines of one generation → whole records, held back until a crash could not split them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from socconsole.core.event import RawLine
from socconsole.parsers.multiline import JOINS, Join

WAIT_SECS = 0.5
"""A record that may go on is taken for whole when nothing came for so long."""


@dataclass(slots=True)
class Joining:
    """The lines of a generation that may belong to a record that goes on.

    What is given out always ends before the first line that is held back, so that the place to
    read on from after a crash is one number.
    """

    join: Join
    waiting: list[RawLine] = field(default_factory=list)
    fed_at: float = 0.0

    @classmethod
    def of(cls, name: str | None) -> "Joining | None":
        """Return how lines of a format are joined, None when each stands alone."""
        join = JOINS.get(name or "")
        return None if join is None else cls(join)

    def feed(self, lines: Sequence[RawLine], now: float, *, flush: bool = False) -> list[RawLine]:
        """Take further lines and return the records that are whole."""
        if lines:
            self.fed_at = now
        everything = [*self.waiting, *lines]
        joined = self.join(everything, flush)
        place = joined.open[0].offset if joined.open else None
        records = list(joined.records)
        while place is not None:
            over = [one.offset for one in records if one.end > place]
            records = [one for one in records if one.end <= place]
            if not over or min(over) >= place:
                break
            place = min(over)
        self.waiting = [] if place is None else [one for one in everything if one.offset >= place]
        return records

    def is_overdue(self, now: float) -> bool:
        """Whether what waits is taken for whole."""
        return bool(self.waiting) and now - self.fed_at >= WAIT_SECS

    def settled(self, read: int) -> int:
        """Return where to read on from after a crash, when everything before `read` was fed."""
        return self.waiting[0].offset if self.waiting else read
