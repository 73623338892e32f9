"""Where the rows of a table come from."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, TypeVar

RowT_co = TypeVar("RowT_co", covariant=True)


class RowSource(Protocol[RowT_co]):
    """Where a table's rows come from. `ids` and `rows` run in a thread."""

    @property
    def sorts(self) -> Collection[str]:
        """Names of the columns it can sort by."""
        ...

    def take_order(self, sort: str, *, reverse: bool) -> bool:
        """Sort by that column from now on, "" for as it comes; return whether that is new."""
        ...

    def ids(self) -> Sequence[int]:
        """Return every id of the view, in its order."""
        ...

    def rows(self, ids: Sequence[int]) -> Mapping[int, RowT_co]:
        """Return the rows of those `ids` that still exist."""
        ...
