"""Tickets: the investigations that are open, most pressing first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from socconsole.core.filter_words import TICKET_FIELDS
from socconsole.tui.cells import span
from socconsole.tui.console import console
from socconsole.tui.screens.viewed import ViewedScreen
from socconsole.tui.tasks import task
from socconsole.tui.texts.ticket_text import PRIORITY_STYLES, left_words
from socconsole.tui.verbs import ticket_verbs
from socconsole.tui.verbs.row_order import beside_order
from socconsole.tui.verbs.ticket_verbs import Chosen
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from socconsole.core.filter_words import Vocabulary
    from socconsole.store.queries.tickets import TicketRow

STATUS_WORDS = {
    "open": "open",
    "in_progress": "work",
    "waiting": "wait",
    "resolved": "done",
    "closed": "clsd",
}


class TicketsScreen(ViewedScreen):
    """Tickets of a view; the verbs act on the marked ones or on the one under the cursor."""

    TITLE = "Tickets"
    LIST = "tickets"
    BINDINGS: ClassVar[list[BindingType]] = [*beside_order(ticket_verbs.BINDINGS)]

    def words(self) -> "Vocabulary":
        return TICKET_FIELDS

    async def rows(self, filter_text: str) -> "Sequence[TicketRow]":
        from socconsole.store.queries.ticket_filter import ticket_filter
        from socconsole.store.queries.tickets import tickets

        app = console(self)
        wanted = ticket_filter(filter_text, login=app.login, now=app.now())
        return await app.store.read(tickets, wanted)

    async def rows_again(self, ids: Sequence[int]) -> "Sequence[TicketRow]":
        from socconsole.store.queries.tickets import by_ids

        return await console(self).store.read(by_ids, ids)

    def why_empty(self, view: str) -> str:
        if view == "Open":
            return "No open ticket · + opens one by hand, t on an alert opens one from it"
        return f"No ticket in {view} · [ and ] change the view"

    def value_of(self, row: "TicketRow", name: str) -> object:
        return super().value_of(row, {"id": "human_id"}.get(name, name))

    # Verbs.

    @task
    async def action_verb(self, name: str) -> None:
        if name == "new":
            await ticket_verbs.new_ticket(console(self))
            self.action_load()
            return
        chosen = self.table.selection()
        if not chosen.ids:
            console(self).say("There is no ticket here; + opens one.")
            return
        row = await self.table.read_meant()
        await ticket_verbs.VERBS[name](console(self), Chosen(tuple(chosen.ids), row))
        if chosen.marked:
            self.table.clear_marks()

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        from socconsole.tui.screens.ticket import TicketScreen

        message.stop()
        ids: Sequence[int] = self.table.ids
        console(self).open(TicketScreen(tuple(ids), list(ids).index(message.row_id)))

    # What a row says.

    def columns(self) -> "list[Column[TicketRow]]":
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
