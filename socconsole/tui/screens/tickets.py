"""Tickets: the investigations that are open, most pressing first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.core.filter_words import TICKET_FIELDS
from socconsole.tui.cells import span
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.queue_views import Shown, ViewBar
from socconsole.tui.reading.freshness import ReadsAgain
from socconsole.tui.tasks import task
from socconsole.tui.texts.ticket_text import PRIORITY_STYLES, left_words
from socconsole.tui.verbs import ticket_verbs
from socconsole.tui.verbs.filter_prompt import FilterPrompt, completed
from socconsole.tui.verbs.ticket_verbs import Chosen
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.layout import TableLayout
from socconsole.tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from socconsole.store.queries.tickets import TicketFilter, TicketRow

STATUS_WORDS = {
    "open": "open",
    "in_progress": "work",
    "waiting": "wait",
    "resolved": "done",
    "closed": "clsd",
}


class TicketsScreen(ReadsAgain, Screen[None]):
    """Tickets of a view; the verbs act on the marked ones or on the one under the cursor."""

    TITLE = "Tickets"
    BINDINGS: ClassVar[list[BindingType]] = [
        *ticket_verbs.BINDINGS,
        key("tickets.filter", "slash", "filter", "Filter as you type", hint="filter"),
        key("tickets.clear", "backslash", "clear_filter", "Take the filter off"),
        key("tickets.next_view", "right_square_bracket", "view(1)", "Next view"),
        key("tickets.previous_view", "left_square_bracket", "view(-1)", "Previous view"),
        key("tickets.refresh", "r", "load", "Read again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._views = ViewBar("tickets")
        self._filter = FilterPrompt(console(self), lambda: TICKET_FIELDS, self.action_load)

    def compose(self) -> ComposeResult:
        yield from framed(VirtualTable(self._columns(), empty="Loading …"))

    @property
    def table(self) -> "VirtualTable[TicketRow]":
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        self.table.focus()

    @task
    async def action_load(self) -> None:
        from socconsole.store.queries.tickets import tickets

        self._show_bar()
        rows = await console(self).store.read(tickets, self._wanted())
        self.table.empty = self._why_empty()
        self.table.show_rows([(row.id, row) for row in rows])
        await self._views.read(console(self))
        self._show_bar()

    def load_views(self) -> None:
        self.action_load()

    def _wanted(self) -> "TicketFilter":
        from socconsole.store.queries.ticket_filter import ticket_filter

        app = console(self)
        return ticket_filter(self._whole_filter, login=app.login, now=app.now())

    @property
    def _whole_filter(self) -> str:
        return f"{self._views.current.filter} {self._filter.text}".strip()

    @property
    def shown(self) -> Shown:
        """What `:view save` keeps."""
        return Shown("tickets", self._whole_filter, self.table.arrangement)

    def show_view(self, name: str) -> None:
        """Show the view called `name`; raises UsageError."""
        self._views.take(name)
        self._view_changed()

    def _view_changed(self) -> None:
        view = self._views.current
        self.table.set_arrangement(TableLayout.read(view.columns, view.sort))
        self.action_load()

    def _why_empty(self) -> str:
        name = self._views.current.name
        if self._filter.text:
            return f"No ticket in {name} has {self._filter.text} · \\ takes the filter off"
        if name == "Open":
            return "No open ticket · + opens one by hand, t on an alert opens one from it"
        return f"No ticket in {name} · [ and ] change the view"

    def _show_bar(self) -> None:
        parts = self._views.parts()
        parts.extend(self._filter.parts)
        self.query_one("#bar", Drawn).show(*parts)

    def action_view(self, by: int) -> None:
        self._views.step(by)
        self._view_changed()

    @task
    async def action_filter(self) -> None:
        await self._filter.ask(self._complete)

    async def _complete(self, text: str) -> Sequence[str]:
        rows = [row for _, row in self.table.loaded]
        return await completed(console(self), text, TICKET_FIELDS, lambda name: _values(rows, name))

    def action_clear_filter(self) -> None:
        self._filter.take("")

    # Verbs.

    @task
    async def action_verb(self, name: str) -> None:
        if name == "new":
            await ticket_verbs.new_ticket(console(self))
            return
        chosen = self.table.selection()
        if not chosen.ids:
            console(self).say("There is no ticket here; + opens one.")
            return
        await ticket_verbs.VERBS[name](
            console(self), Chosen(tuple(chosen.ids), self.table.cursor_row)
        )
        if chosen.marked:
            self.table.clear_marks()

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        from socconsole.tui.screens.ticket import TicketScreen

        message.stop()
        ids: Sequence[int] = self.table.ids
        console(self).open(TicketScreen(tuple(ids), list(ids).index(message.row_id)))

    # What a row says.

    def _columns(self) -> "list[Column[TicketRow]]":
        return [
            Column(
                "priority",
                "Pr",
                2,
                lambda row: row.priority.value,
                lambda row: PRIORITY_STYLES[row.priority.value],
            ),
            Column("ticket", "Ticket", 12, lambda row: row.human_id, lambda _: "key"),
            Column("status", "St", 4, lambda row: STATUS_WORDS.get(row.status, row.status)),
            Column("title", "Title", 20, lambda row: row.title, grow=3),
            Column("assignee", "Own", 8, lambda row: row.assignee or "–"),
            Column("alerts", "Al", 3, lambda row: str(row.alert_count or "–"), right=True),
            Column(
                "left",
                "Left",
                7,
                self._left,
                self._left_style,
                right=True,
                value=lambda row: row.due_at.timestamp() if row.due_at else "",
            ),
            Column(
                "age",
                "Age",
                4,
                self._age,
                right=True,
                value=lambda row: -row.opened_at.timestamp(),
            ),
            Column("incident", "Incident", 12, lambda row: row.incident or "", least=100),
            Column("category", "Category", 12, lambda row: row.category, least=120),
            Column("next", "Next step", 20, lambda row: row.next_step, grow=2, least=150),
            Column("waits", "Waits on", 14, lambda row: row.waiting_on or "", least=170),
        ]

    def _left(self, row: "TicketRow") -> str:
        return left_words(row, console(self).now())[0]

    def _left_style(self, row: "TicketRow") -> str:
        return left_words(row, console(self).now())[1]

    def _age(self, row: "TicketRow") -> str:
        return span(console(self).now() - row.opened_at)


def _values(rows: "Sequence[TicketRow]", name: str) -> list[str]:
    """Return what the tickets on the list have in a field that filters ask for by name."""
    found = {"id": "human_id"}.get(name, name)
    values = {str(getattr(row, found, None) or "") for row in rows}
    return sorted(values - {""})
