"""What a table of rows looks like: titles, rows in columns, marks, and a foot that says where."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from socconsole.core.safe_text import safe_text
from socconsole.tui.cells import fit, fit_statements
from socconsole.tui.lines import position_text, row_line, titles_line
from socconsole.tui.widgets.columns import Column, placed
from socconsole.tui.widgets.layout import TableLayout
from socconsole.tui.widgets.line_view import LineView
from socconsole.tui.widgets.loaded_rows import LoadedRows
from socconsole.tui.widgets.selection import Marks

RowT = TypeVar("RowT")

_FOOT_LEFT = 20
"""Cells of the foot that a cursor move leaves alone."""


class DrawnRows(LineView, Generic[RowT]):
    """Draws the rows of a view that are loaded, the cursor and the marks among them."""

    head_height = 1
    foot_height = 1

    def __init__(
        self,
        columns: Sequence[Column[RowT]],
        *,
        gone: Callable[[RowT], bool] | None,
        id: str | None,  # noqa: A002 Textual's name
    ) -> None:
        super().__init__(id=id)
        self.all_columns: tuple[Column[RowT], ...] = tuple(columns)
        self.columns = self.all_columns
        self.arrangement = TableLayout()
        self.gone = gone or (lambda _: False)
        self.cursor = 0
        self.pill = ""
        self.note = ""
        self.marks = Marks()
        self._rows: LoadedRows[RowT] = LoadedRows()
        self._layout_of: tuple[int, list[tuple[Column[RowT], int]]] = (-1, [])

    @property
    def line_count(self) -> int:
        return len(self._rows)

    @property
    def ids(self) -> Sequence[int]:
        """Every id of the view, in its order."""
        return self._rows.ids

    @property
    def cursor_id(self) -> int | None:
        """The id of the row under the cursor."""
        return self._rows.id_at(self.cursor)

    @property
    def cursor_row(self) -> RowT | None:
        """The row under the cursor, where it is loaded."""
        return self.row_at(self.cursor)

    @property
    def loaded(self) -> Sequence[tuple[int, RowT]]:
        """The rows that are loaded, each with its id."""
        return self._rows.items()

    def row_at(self, index: int) -> RowT | None:
        """Return the row at `index`, where it is loaded."""
        return self._rows.at(index)

    def set_foot(self, *, pill: str | None = None, note: str | None = None) -> None:
        """Change the foot: the pill at its left, the note at its right."""
        if pill is not None and pill != self.pill:
            self.pill = pill
            self.refresh_foot()
        if note is not None and note != self.note:
            self.note = note
            self.refresh_foot(_FOOT_LEFT)

    def placed_columns(self, width: int) -> list[tuple[Column[RowT], int]]:
        """Return the columns that fit in `width` cells, each with its own width."""
        if self._layout_of[0] != width:
            self._layout_of = (width, placed(self.columns, width))
        return self._layout_of[1]

    def draw_head(self, width: int) -> list[Segment]:
        titles = titles_line(self.placed_columns(width))
        return self.line_of(titles, width, self.look("column"))

    def draw_line(self, index: int, width: int) -> list[Segment]:
        row = self.row_at(index)
        if row is None:
            return self.line_of("  …", width, self.look("muted"))
        whole, own_styles = self._row_style(index, row)
        segments = row_line(
            row,
            self.placed_columns(width),
            whole,
            self.look if own_styles else None,
            cursor=index == self.cursor,
            marked=self.marks.covers(self.ids, index, self.cursor),
        )
        return self.padded(segments, width, whole)

    def _row_style(self, index: int, row: RowT) -> tuple[Style, bool]:
        if index == self.cursor:
            style = self.look("cursor")
            return (style + Style(strike=True) if self.gone(row) else style), False
        if self.marks.covers(self.ids, index, self.cursor):
            return self.look("marked"), False
        if self.gone(row):
            return self.look("gone"), False
        return self.rich_style, True

    def draw_foot(self, width: int) -> list[Segment]:
        right = self._foot_right(width - _FOOT_LEFT)
        room = max(0, width - cell_len(right))
        pill = fit(self.pill, min(cell_len(self.pill), room))
        drawn = [Segment(pill, self.look("pill"))] if pill else []
        left = self.padded(drawn, room, self.rich_style)
        return [*left, Segment(right, self.look("muted"))]

    def _foot_right(self, room: int) -> str:
        marks = self.marks.words(self.ids, self.cursor)
        said = " · ".join([*marks, self._position_text()])
        note = fit_statements(safe_text(self.note), room - cell_len(said) - 3)
        return f"{note} · {said}" if note else said

    def _position_text(self) -> str:
        """Return where the cursor is; it stands last, so that a move repaints only that."""
        return position_text(self.cursor, len(self.ids))
