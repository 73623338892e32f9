"""What was done, by whom; any action can be taken back until something depends on it."""

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from socconsole.core.deeds import deed
from socconsole.core.list_words import ACTION_FIELDS
from socconsole.tui import pages
from socconsole.tui.cells import stamp
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.screens.viewed import ViewedScreen
from socconsole.tui.tasks import task
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socconsole.core.filter_words import Vocabulary
    from socconsole.store.queries.actions import ActionRow

_SHOWN = 1_000


def _state(row: "ActionRow") -> str:
    if row.undone_by is not None:
        return "undone"
    return "" if row.undoable else "final"


_COLUMNS: "tuple[Column[ActionRow], ...]" = (
    Column("at", "When", 15, lambda row: stamp(row.at)[5:], lambda _: "muted"),
    Column("by", "Who", 9, lambda row: row.by),
    Column("verb", "Did", 20, lambda row: deed(row.verb), lambda _: "key", least=100),
    Column("summary", "What", 20, lambda row: row.summary, grow=1),
    Column("rows", "Rows", 5, lambda row: str(row.rows), right=True, least=90),
    Column("state", "", 6, _state, lambda _: "warn"),
)


def _page_of(row: "ActionRow") -> pages.Page:
    match row.subject_kind, row.subject_id:
        case "alert", int(number):
            return pages.AlertPage((number,))
        case "ticket", int(number):
            return pages.TicketPage((number,))
        case "incident", int(number):
            return pages.IncidentPage((number,))
    head = ((f"{stamp(row.at)} {row.by} {deed(row.verb)}", "heading"),)
    return pages.TextPage(f"Action {row.id}", [head, ((row.summary, ""),)])


class ActionsScreen(ViewedScreen):
    """The newest actions; yours, everybody's, or those of a view."""

    TITLE = "Actions"
    LIST = "actions"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("action.undo_this", "u", "undo_this", "Undo the action here", hint="undo"),
    ]

    def words(self) -> "Vocabulary":
        return ACTION_FIELDS

    async def rows(self, filter_text: str) -> "Sequence[ActionRow]":
        from socconsole.store.queries.action_filter import action_filter, actions

        app = console(self)
        wanted = action_filter(filter_text, login=app.login, now=app.now())
        return await app.store.read(actions, wanted, limit=_SHOWN)

    def is_gone(self, row: "ActionRow") -> bool:
        return row.undone_by is not None

    def why_empty(self, view: str) -> str:
        if view == "Mine":
            return "Nothing done yet · ] shows everybody's"
        return f"No action in {view} · [ and ] change the view"

    def columns(self) -> "Sequence[Column[ActionRow]]":
        return _COLUMNS

    def value_of(self, row: "ActionRow", name: str) -> object:
        own = {"what": "summary", "subject": "subject_kind"}.get(name, name)
        return super().value_of(row, own)

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        """Open what the action was about; one about nothing that has a screen is shown in full."""
        message.stop()
        row: ActionRow | None = self.table.cursor_row
        if row is not None:
            console(self).open(_page_of(row))

    @task
    async def action_undo_this(self) -> None:
        from socconsole.services import actions

        app = console(self)
        chosen = self.table.cursor_id
        if chosen is None:
            return
        result = await app.change(actions.undo, chosen)
        if result is not None:
            app.say(f"Undid: {result.said}")
