"""How an analyst wants a table: which columns, in which order, how wide, sorted by what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from socconsole.tui.widgets.columns import Column

RowT = TypeVar("RowT")

_LEAST_WIDTH, _MOST_WIDTH = 2, 120


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
        self, rows: Sequence[tuple[int, RowT]], columns: Sequence[Column[RowT]]
    ) -> Sequence[tuple[int, RowT]]:
        """Return rows, given with their ids, in the order that is wanted."""
        column = next((each for each in columns if each.name == self.sort), None)
        if column is None:
            return rows
        value = column.value or column.text
        return sorted(rows, key=lambda row: _natural(value(row[1])), reverse=self.reverse)


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
