"""The order of a view and those of its rows that were read: a cache of pages."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar

RowT = TypeVar("RowT")

PAGE = 200
KEPT_ROWS = 8 * PAGE
_AHEAD = 60
"""So many rows before the end of a page the next one is asked for."""


def position_in(ids: Sequence[int], row_id: int | None, near: int) -> int:
    """Return where `row_id` stands; where it is gone, the place nearest to where it was."""
    if row_id is None:
        return 0
    try:
        return ids.index(row_id)
    except ValueError:
        return min(near, max(0, len(ids) - 1))


class LoadedRows(Generic[RowT]):
    """Every id of a view, and the rows that were read last."""

    def __init__(self) -> None:
        self.ids: Sequence[int] = ()
        self._rows: OrderedDict[int, RowT] = OrderedDict()
        self._asked: set[int] = set()

    def __len__(self) -> int:
        return len(self.ids)

    def id_at(self, index: int) -> int | None:
        """Return the id at `index`, where the view is that long."""
        return self.ids[index] if index < len(self.ids) else None

    def at(self, index: int) -> RowT | None:
        """Return the row at `index`, where it is here."""
        return self._rows.get(self.ids[index]) if 0 <= index < len(self.ids) else None

    def get(self, row_id: int) -> RowT | None:
        """Return the row with that id, where it is here."""
        return self._rows.get(row_id)

    def items(self) -> list[tuple[int, RowT]]:
        """Return the rows that are here, each with its id."""
        return list(self._rows.items())

    def reorder(self, ids: Sequence[int], rows: Mapping[int, RowT]) -> None:
        """Go over to another order; `rows` are those of it that were read with it."""
        self.ids = ids
        self._asked.clear()
        self.keep(rows)

    def keep(self, rows: Mapping[int, RowT]) -> None:
        """Remember rows; those that came first make room."""
        self._rows.update(rows)
        while len(self._rows) > max(KEPT_ROWS, len(rows)):
            self._rows.popitem(last=False)

    def differing(self, rows: Mapping[int, RowT]) -> set[int]:
        """Return the ids of the `rows` that are not here as they are."""
        return {row_id for row_id, row in rows.items() if self._rows.get(row_id) != row}

    def to_ask(self, index: int) -> Iterator[Sequence[int]]:
        """Yield the ids of each page around `index` that lacks rows; each is yielded once."""
        for page in {index // PAGE, (index - _AHEAD) // PAGE, (index + _AHEAD) // PAGE}:
            low = page * PAGE
            if 0 <= low < len(self.ids) and page not in self._asked:
                self._asked.add(page)
                ids = self.ids[low : low + PAGE]
                if any(row_id not in self._rows for row_id in ids):
                    yield ids

    def ask_again(self) -> None:
        """Forget which pages were asked for: they could not be read."""
        self._asked.clear()

    def was_asked(self, index: int) -> bool:
        """Return whether the page of `index` was asked for since the order came."""
        return index // PAGE in self._asked
