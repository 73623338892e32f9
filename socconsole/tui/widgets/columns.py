"""Columns of a table: how wide each is, and how its cells become segments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich.segment import Segment
from rich.style import Style

RowT = TypeVar("RowT")

LEAD = 2
"""Cells before the first column: the cursor's bar and the mark."""


@dataclass(frozen=True)
class Column(Generic[RowT]):
    """One column: what it says about a row, and how much room that takes."""

    name: str
    title: str
    width: int
    """Cells without the space after it."""
    text: Callable[[RowT], str]
    style: Callable[[RowT], str] | None = None
    """Name of a theme style for this cell, or "" for none."""
    grow: int = 0
    """Share of the cells that are left over."""
    least: int = 0
    """Shown only in tables at least this wide."""
    right: bool = False
    value: Callable[[RowT], object] | None = None
    """What rows are sorted by where the text is not: a time, a number."""


def placed(columns: Sequence[Column[RowT]], width: int) -> list[tuple[Column[RowT], int]]:
    """Return the columns that fit in `width` cells, each with its own width."""
    shown = [column for column in columns if column.least <= width]
    spare = width - LEAD - sum(column.width + 1 for column in shown)
    shares = sum(column.grow for column in shown)
    placed = []
    for column in shown:
        extra = spare * column.grow // shares if shares and spare > 0 else 0
        placed.append((column, column.width + extra))
    if spare < 0 and shares:
        placed = [
            (column, max(4, own + spare * column.grow // shares) if column.grow else own)
            for column, own in placed
        ]
    return placed


def merged(parts: Sequence[tuple[str, Style]]) -> list[Segment]:
    """Return segments, neighbours of one style as one: fewer bytes on the wire."""
    segments: list[Segment] = []
    text, style = parts[0]
    for more, own in parts[1:]:
        if own == style or (more == " " and _blank_alike(own, style)):
            text += more
        elif text.isspace() and _blank_alike(style, own):
            text, style = text + more, own
        else:
            segments.append(Segment(text, style))
            text, style = more, own
    return [*segments, Segment(text, style)]


def _blank_alike(one: Style, other: Style) -> bool:
    """Return whether a blank looks the same in both."""
    seen = (other.underline, other.reverse, other.strike)
    return one.bgcolor == other.bgcolor and not any(seen)
