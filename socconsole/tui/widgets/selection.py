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
