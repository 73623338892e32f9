"""Incidents: open ones worst first."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.core.sla import in_words
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.reading import column_filter
from socconsole.tui.reading.column_filter import ColumnFilter, rows_of
from socconsole.tui.reading.freshness import ReadsAgain
from socconsole.tui.tasks import task
from socconsole.tui.texts.incident_text import SEVERITY_STYLES, update_words
from socconsole.tui.verbs import incident_verbs
from socconsole.tui.verbs.incident_course import Chosen
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from socconsole.store.queries.incidents import IncidentRow


class IncidentsScreen(ReadsAgain, Screen[None]):
    """Incidents of a view; the verbs act on the one under the cursor."""

    TITLE = "Incidents"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(one for one in incident_verbs.BINDINGS if one.id != "incident.task"),
        key("incidents.declare", "plus,I", "declare", "Declare an incident", hint="declare"),
        *column_filter.BINDINGS,
        key("incidents.next_view", "right_square_bracket", "view", "Open, or closed"),
        key("incidents.previous_view", "left_square_bracket", "view", "Open, or closed"),
        key("incidents.refresh", "r", "load", "Read again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._closed = False
        self._filter = ColumnFilter(console(self), "an incident", self._columns(), self.action_load)

    def compose(self) -> ComposeResult:
        yield from framed(
            VirtualTable(
                self._columns(),
                empty="Loading …",
                gone=lambda row: (row.phase == "closed") != self._closed,
            )
        )

    @property
    def table(self) -> "VirtualTable[IncidentRow]":
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        self.table.focus()

    @task
    async def action_load(self) -> None:
        from socconsole.store.queries.incidents import IncidentFilter, incidents

        self.query_one("#bar", Drawn).show(
            (" Open " if self._closed else "[Open]", "tab" if self._closed else "tab-active"),
            ("[Closed]" if self._closed else " Closed ", "tab-active" if self._closed else "tab"),
            *self._filter.parts,
        )
        rows = await console(self).store.read(incidents, IncidentFilter(closed=self._closed))
        self.table.empty = (
            "No incident is closed yet · [ shows open ones"
            if self._closed
            else "No open incident · + declares one, I on an alert or ticket too"
        )
        if self._filter.text:
            self.table.empty = f"No incident here has {self._filter.text} · \\ takes the filter off"
        self.table.show_rows([(row.id, row) for row in self._filter.kept(rows)])

    @task
    async def action_filter(self) -> None:
        await self._filter.ask(lambda: rows_of(self.query_one(VirtualTable)))

    def action_clear_filter(self) -> None:
        self._filter.clear()

    def action_view(self) -> None:
        self._closed = not self._closed
        self.action_load()

    @task
    async def action_declare(self) -> None:
        """Declare from a ticket that is named."""
        from socconsole.store.queries.subjects import ticket
        from socconsole.store.queries.tickets import by_ids
        from socconsole.tui.screens.declare import DeclareScreen

        app = console(self)
        name = await app.ask("Declare from ticket", initial="SOC-")
        if name:
            found = await app.store.read(ticket, name)
            (row,) = await app.store.read(by_ids, (found.id,))
            app.open(DeclareScreen([found], row.title))

    @task
    async def action_verb(self, name: str) -> None:
        row = self.table.cursor_row
        if row is None:
            console(self).say("There is no incident here; + declares one.")
            return
        await incident_verbs.VERBS[name](console(self), Chosen(row))

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        from socconsole.tui.screens.incident import IncidentScreen

        message.stop()
        ids = list(self.table.ids)
        console(self).open(IncidentScreen(tuple(ids), ids.index(message.row_id)))

    def _columns(self) -> "list[Column[IncidentRow]]":
        return [
            Column(
                "severity",
                "Sev",
                4,
                lambda row: f"SEV{row.severity}",
                lambda row: SEVERITY_STYLES[row.severity],
            ),
            Column("incident", "Incident", 12, lambda row: row.human_id, lambda _: "key"),
            Column("phase", "Phase", 11, lambda row: row.phase.replace("_", " ")),
            Column("since", "For", 7, self._since, right=True),
            Column("title", "Title", 20, lambda row: row.title, grow=2),
            Column("commander", "Command", 8, lambda row: row.commander or "–"),
            Column("update", "Update", 7, self._update, self._update_style, right=True),
            Column("tickets", "Tickets", 13, lambda row: " ".join(row.tickets), least=100),
            Column("next", "Next step", 20, lambda row: row.next_step, grow=1, least=130),
            Column("blockers", "Blocked by", 16, lambda row: row.blockers, grow=1, least=170),
        ]

    def _since(self, row: "IncidentRow") -> str:
        return in_words(console(self).now() - row.phase_since)

    def _update(self, row: "IncidentRow") -> str:
        return update_words(row, console(self).now())[0]

    def _update_style(self, row: "IncidentRow") -> str:
        return update_words(row, console(self).now())[1]
