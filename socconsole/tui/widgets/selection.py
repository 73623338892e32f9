"""What a verb acts on: the marked rows, else the one under the cursor."""

from collections.abc import Sequence, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """What a verb acts on."""

    ids: Sequence[int]
    hidden: int = 0
    """Marked rows that the filter hides; they are left out."""
    marked: bool = False
    """False when it is only the row under the cursor."""

    def __len__(self) -> int:
        return len(self.ids)


def select(ids: Sequence[int], marks: Set[int], all_marked: bool, here: int | None) -> Selection:
    """Return the marked rows of a view, or else the row under the cursor.

    Args:
        ids: The view's rows in order.
        marks: Marked rows; where all are, the ones left out.
        all_marked: Every row of the view is marked.
        here: The row under the cursor.

    """
    if all_marked:
        if not marks:
            return Selection(ids, marked=True)
        return Selection([row_id for row_id in ids if row_id not in marks], marked=True)
    if marks:
        kept = [row_id for row_id in ids if row_id in marks]
        return Selection(kept, hidden=len(marks) - len(kept), marked=True)
    return Selection(() if here is None else (here,))


_SNAPSHOT = 50_000
"""Up to so many rows, all of a view stay marked when it is loaded again."""


class Marks:
    """Which rows of a view are marked: single ones, a range that follows the cursor, or all."""

    def __init__(self) -> None:
        self.hidden = 0
        """Marked rows that the view does not show."""
        self.anchor: int | None = None
        """Where the range began."""
        self._ids: set[int] = set()
        self._all = False

    def clear(self) -> None:
        self._ids.clear()
        self._all = False
        self.anchor = None
        self.hidden = 0

    def toggle_all(self) -> None:
        """Mark every row of the view, or take every mark off."""
        has_all = self._all
        self.clear()
        self._all = not has_all

    def toggle(self, row_id: int) -> None:
        self._ids ^= {row_id}

    def toggle_range(self, ids: Sequence[int], cursor: int) -> None:
        """Begin a range here, or keep the rows of the one there is as single marks."""
        if self.anchor is None:
            self.anchor = cursor
            return
        chosen = self._range(ids, cursor)
        self._ids = self._ids - chosen if self._all else self._ids | chosen
        self.anchor = None

    def covers(self, ids: Sequence[int], index: int, cursor: int) -> bool:
        """Return whether the row at `index` is marked, by itself or by the range."""
        if self.anchor is not None:
            low, high = sorted((self.anchor, cursor))
            if low <= index <= high:
                return True
        return (ids[index] in self._ids) != self._all

    def select(self, ids: Sequence[int], cursor: int, here: int | None) -> Selection:
        """Return the marked rows of the view, or else the row under the cursor."""
        return select(ids, self._ids | self._range(ids, cursor), self._all, here)

    def count(self, ids: Sequence[int], cursor: int) -> int:
        """Return how many rows of the view are marked."""
        if self._all:
            return len(ids) - len(self._ids)
        return len(self._ids | self._range(ids, cursor)) - self.hidden

    def words(self, ids: Sequence[int], cursor: int) -> list[str]:
        """Return what the foot says of them."""
        marked = self.count(ids, cursor)
        words = [f"{marked} marked"] if marked or self.hidden else []
        if self.hidden:
            words[0] += f" ({self.hidden} hidden)"
        return [*words, "range"] if self.anchor is not None else words

    def count_hidden(self, ids: Sequence[int]) -> int:
        """Return how many marked rows are not among `ids`."""
        return len(self._ids) - len(self._ids.intersection(ids)) if self._ids else 0

    def reload(self, before: Sequence[int], after: Sequence[int], hidden: int) -> None:
        """Go over to a view that was loaded again; all of it means the rows it had."""
        if self._all:
            kept = set(before) - self._ids if len(before) <= _SNAPSHOT else set()
            self.clear()
            self._ids = kept
            hidden = self.count_hidden(after)
        self.anchor = None
        self.hidden = hidden

    def _range(self, ids: Sequence[int], cursor: int) -> set[int]:
        if self.anchor is None:
            return set()
        low, high = sorted((self.anchor, cursor))
        return set(ids[low : high + 1])
