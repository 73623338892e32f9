"""What was done, by whom; any action can be taken back until something depends on it."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.tui.cells import stamp
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.reading import column_filter
from socconsole.tui.reading.column_filter import ColumnFilter, rows_of
from socconsole.tui.tasks import task
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from socconsole.store.queries.actions import ActionRow

_SHOWN = 1_000


def _state(row: "ActionRow") -> str:
    if row.undone_by is not None:
        return "undone"
    return "" if row.undoable else "final"


_COLUMNS: "tuple[Column[ActionRow], ...]" = (
    Column("at", "When", 20, lambda row: stamp(row.at), lambda _: "muted"),
    Column("by", "Who", 9, lambda row: row.by),
    Column("verb", "Did", 20, lambda row: row.verb, lambda _: "key"),
    Column("summary", "What", 20, lambda row: row.summary, grow=1),
    Column("rows", "Rows", 5, lambda row: str(row.rows), right=True, least=90),
    Column("state", "", 6, _state, lambda _: "warn"),
)


class ActionsScreen(Screen[None]):
    """The newest actions; yours, or everybody's."""

    TITLE = "Actions"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("action.undo_this", "u,enter", "undo_this", "Undo the action here", hint="undo"),
        key("action.whose", "right_square_bracket", "whose", "Mine, or everybody's", hint="whose"),
        *column_filter.BINDINGS,
        key("action.refresh", "r", "load", "Read again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._mine = True
        self._filter = ColumnFilter(console(self), "an action", _COLUMNS, self.action_load)

    def compose(self) -> ComposeResult:
        yield from framed(
            VirtualTable(
                _COLUMNS,
                empty="Nothing done yet · ] shows everybody's",
                gone=lambda row: row.undone_by is not None,
            )
        )

    def on_mount(self) -> None:
        self.query_one(VirtualTable).focus()
        self.action_load()

    def on_store_changed(self) -> None:
        self.action_load()

    @task
    async def action_load(self) -> None:
        from socconsole.store.queries.actions import list_actions

        app = console(self)
        self.query_one("#bar", Drawn).show(
            ("[Mine]" if self._mine else " Mine ", "tab-active" if self._mine else "tab"),
            (" Everybody " if self._mine else "[Everybody]", "tab" if self._mine else "tab-active"),
            *self._filter.parts,
        )
        by = app.login if self._mine else None
        rows = await app.store.read(list_actions, by=by, limit=_SHOWN)
        table = self.query_one(VirtualTable)
        table.empty = "Nothing done yet · ] shows everybody's"
        if self._filter.text:
            table.empty = f"No action here has {self._filter.text} · \\ takes the filter off"
        table.show_rows([(row.id, row) for row in self._filter.kept(rows)])

    @task
    async def action_filter(self) -> None:
        await self._filter.ask(lambda: rows_of(self.query_one(VirtualTable)))

    def action_clear_filter(self) -> None:
        self._filter.clear()

    def action_whose(self) -> None:
        self._mine = not self._mine
        self.action_load()

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        message.stop()
        self.action_undo_this()

    @task
    async def action_undo_this(self) -> None:
        from socconsole.services import actions

        app = console(self)
        chosen = self.query_one(VirtualTable).cursor_id
        if chosen is None:
            return
        result = await app.change(actions.undo, chosen)
        if result is not None:
            app.say(f"Undid {result.verb}: {result.summary}".rstrip(": "))
