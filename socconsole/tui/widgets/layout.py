"""How an analyst wants a table: which columns, in which order, how wide, sorted by what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Protocol, TypeVar

from socconsole.tui.widgets.columns import Column

RowT = TypeVar("RowT")

_LEAST_WIDTH, _MOST_WIDTH = 2, 120


class Stands(Enum):
    """What ties a row to its place when a table is sorted."""

    FREE = auto()
    FIRST = auto()
    """It is the heading of what follows."""
    BELOW = auto()
    """It belongs to the row above it."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is wanted of one column."""

    name: str
    width: int = 0
    """0: as wide as the screen makes it."""
    shown: bool = True


@dataclass(frozen=True, slots=True)
class TableLayout:
    """What is wanted of a table; what it does not name stays as the screen has it."""

    columns: tuple[Chosen, ...] = ()
    sort: str = ""
    reverse: bool = False

    @classmethod
    def read(cls, columns: Sequence[Any], sort: str) -> "TableLayout":
        """Return the layout a saved view describes; what cannot be read is left out."""
        chosen = tuple(
            Chosen(str(each["name"]), _width(each.get("width")), bool(each.get("shown", True)))
            for each in columns
            if isinstance(each, Mapping) and "name" in each
        )
        return cls(chosen, sort.lstrip("-"), sort.startswith("-"))

    @property
    def document(self) -> list[dict[str, Any]]:
        """The columns as a saved view keeps them."""
        return [{"name": c.name, "width": c.width, "shown": c.shown} for c in self.columns]

    @property
    def order(self) -> str:
        """The sort as a saved view keeps it; a minus turns it round."""
        return f"-{self.sort}" if self.reverse and self.sort else self.sort

    def arranged(self, columns: Sequence[Column[RowT]]) -> list[Column[RowT]]:
        """Return the columns to show, in their order and widths."""
        known = {column.name: column for column in columns}
        shown = []
        for chosen in self.over(columns):
            column = known[chosen.name]
            if chosen.shown:
                shown.append(_as_wide(column, chosen.width) if chosen.width else column)
        return shown

    def over(self, columns: Sequence[Column[RowT]]) -> list[Chosen]:
        """Return what is wanted of each of `columns`; one the layout does not know comes last."""
        names = [column.name for column in columns]
        named = [chosen for chosen in self.columns if chosen.name in names]
        known = {chosen.name for chosen in named}
        return [*named, *(Chosen(name) for name in names if name not in known)]

    def sorted(
        self,
        rows: Sequence[tuple[int, RowT]],
        columns: Sequence[Column[RowT]],
        stands: "Callable[[RowT], Stands]" = lambda _: Stands.FREE,
    ) -> Sequence[tuple[int, RowT]]:
        """Return rows, given with their ids, in the order that is wanted.

        What `stands` first of a section stays where it is, with its section below it.
        """
        column = next((each for each in columns if each.name == self.sort), None)
        if column is None:
            return rows
        value = column.value or column.text
        placed: list[tuple[int, RowT]] = []
        for section in _sections(rows, stands):
            section.sort(key=lambda block: _natural(value(block[0][1])), reverse=self.reverse)
            placed += [row for block in section for row in block]
        return placed


def _sections(
    rows: Sequence[tuple[int, RowT]], stands: Callable[[RowT], Stands]
) -> list[list[list[tuple[int, RowT]]]]:
    """Return rows as sections of blocks: a row and what belongs to it. A heading is a section."""
    sections: list[list[list[tuple[int, RowT]]]] = [[]]
    for row in rows:
        place = stands(row[1])
        if place is Stands.FIRST:
            sections += [[[row]], []]
        elif place is Stands.BELOW and sections[-1]:
            sections[-1][-1].append(row)
        elif place is Stands.BELOW:
            sections += [[[row]], []]
        else:
            sections[-1].append([row])
    return sections


def widened(column: Column[Any], width: int, by: int) -> int:
    """Return the width of a column that is made wider or narrower by `by` cells."""
    return max(_LEAST_WIDTH, min((width or column.width) + by, _MOST_WIDTH))


def _as_wide(column: Column[RowT], width: int) -> Column[RowT]:
    return replace(column, width=width, grow=0)


def _width(said: object) -> int:
    return said if isinstance(said, int) and _LEAST_WIDTH <= said <= _MOST_WIDTH else 0


def _natural(value: object) -> tuple[int, float, str]:
    """Return what sorts numbers before words, and nothing behind everything."""
    if isinstance(value, int | float):
        return 0, float(value), ""
    text = str(value).strip()
    if text in ("", "–"):
        return 2, 0.0, ""
    try:
        return 0, float(text.replace(",", "")), ""
    except ValueError:
        return 1, 0.0, text.casefold()


class Arranged(Protocol):
    """A table as whoever arranges its columns sees it."""

    all_columns: tuple[Column[Any], ...]
    """Those shown and the others."""
    arrangement: TableLayout

    def set_arrangement(self, layout: TableLayout) -> None:
        """Show the columns, and the rows in the order, that `layout` wants."""

    def may_sort_by(self, name: str) -> bool:
        """Return whether the rows can be sorted by that column."""
        ...
