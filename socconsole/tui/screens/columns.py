"""The columns of a table: which, in which order, how wide, and which one sorts."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.tui.keymap import key
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.header import StatusHeader
from socconsole.tui.widgets.layout import Arranged, Chosen, TableLayout, widened
from socconsole.tui.widgets.prompt import PromptLine
from socconsole.tui.widgets.table import VirtualTable


@dataclass(frozen=True, slots=True)
class _Row:
    chosen: Chosen
    column: Column[Any]
    sorts: str


_COLUMNS: tuple[Column[_Row], ...] = (
    Column("shown", "", 3, lambda row: "on" if row.chosen.shown else "·", lambda _: "key"),
    Column("name", "Column", 14, lambda row: row.column.name.replace("_", " "), grow=1),
    Column("title", "Heading", 10, lambda row: row.column.title.strip(), lambda _: "muted"),
    Column("width", "Width", 6, lambda row: str(row.chosen.width or row.column.width), right=True),
    Column("sorts", "Sorts", 9, lambda row: row.sorts, lambda _: "warn"),
)


class ColumnsScreen(Screen[None]):
    """Arranges `table`; what is changed shows at once, and `:view save` keeps it."""

    TITLE = "Columns"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("columns.wider", "greater_than_sign", "widen(2)", "Wider", hint="wider"),
        key("columns.narrower", "less_than_sign", "widen(-2)", "Narrower", hint="narrower"),
        key("columns.later", "J", "shift(1)", "Further right", hint="right"),
        key("columns.sooner", "K", "shift(-1)", "Further left", hint="left"),
        key("columns.sort", "s", "sort", "Sort by it; again: the other way round", hint="sort"),
        key("columns.reset", "backslash", "reset", "As the screen has it", hint="reset"),
    ]

    def __init__(self, table: Arranged) -> None:
        super().__init__()
        self._table = table
        self._names = [column.name for column in table.all_columns]

    def compose(self) -> ComposeResult:
        yield StatusHeader()
        yield Drawn(
            [
                (" Columns ", "tab-active"),
                ("  Enter shows or hides · :view save keeps it", "muted"),
            ],
            id="bar",
        )
        yield VirtualTable(_COLUMNS)
        yield PromptLine()

    def on_mount(self) -> None:
        self.query_one(VirtualTable).focus()
        self._show()

    @property
    def _here(self) -> int:
        return self.query_one(VirtualTable).cursor

    def _chosen(self) -> list[Chosen]:
        return self._table.arrangement.over(self._table.all_columns)

    def _show(self) -> None:
        layout = self._table.arrangement
        known = {column.name: column for column in self._table.all_columns}
        rows = []
        for chosen in self._chosen():
            sorts = ""
            if chosen.name == layout.sort:
                sorts = "turned" if layout.reverse else "sorts"
            row = _Row(chosen, known[chosen.name], sorts)
            rows.append((self._names.index(chosen.name), row))
        self.query_one(VirtualTable).show_rows(rows)

    def _arrange(self, layout: TableLayout) -> None:
        self._table.set_arrangement(layout)
        self._show()

    def _put(self, chosen: list[Chosen]) -> None:
        self._arrange(replace(self._table.arrangement, columns=tuple(chosen)))

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        message.stop()
        chosen = self._chosen()
        here = chosen[self._here]
        chosen[self._here] = replace(here, shown=not here.shown)
        if any(each.shown for each in chosen):
            self._put(chosen)

    def action_widen(self, by: int) -> None:
        chosen = self._chosen()
        here = chosen[self._here]
        column = next(each for each in self._table.all_columns if each.name == here.name)
        chosen[self._here] = replace(here, width=widened(column, here.width, by))
        self._put(chosen)

    def action_shift(self, by: int) -> None:
        chosen, here = self._chosen(), self._here
        there = here + by
        if 0 <= there < len(chosen):
            chosen[here], chosen[there] = chosen[there], chosen[here]
            self._put(chosen)

    def action_sort(self) -> None:
        layout, name = self._table.arrangement, self._chosen()[self._here].name
        if not self._table.may_sort_by(name):
            return
        turned = layout.sort == name and not layout.reverse
        self._arrange(replace(layout, sort=name, reverse=turned))

    def action_reset(self) -> None:
        self._arrange(TableLayout())
