"""Incidents: open ones worst first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from socconsole.core.list_words import INCIDENT_FIELDS
from socconsole.core.sla import in_words
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.screens.viewed import ViewedScreen
from socconsole.tui.tasks import task
from socconsole.tui.texts.incident_text import SEVERITY_STYLES, update_words
from socconsole.tui.verbs import incident_verbs
from socconsole.tui.verbs.incident_course import Chosen
from socconsole.tui.verbs.row_order import beside_order
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from socconsole.core.filter_words import Vocabulary
    from socconsole.store.queries.incidents import IncidentRow


class IncidentsScreen(ViewedScreen):
    """Incidents of a view; the verbs act on the one under the cursor."""

    TITLE = "Incidents"
    LIST = "incidents"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(one for one in beside_order(incident_verbs.BINDINGS) if one.id != "incident.task"),
        key("incidents.declare", "plus,I", "declare", "Declare an incident", hint="declare"),
    ]

    def words(self) -> "Vocabulary":
        return INCIDENT_FIELDS

    async def rows(self, filter_text: str) -> "Sequence[IncidentRow]":
        from socconsole.store.queries.incident_filter import incident_filter
        from socconsole.store.queries.incidents import incidents

        app = console(self)
        wanted = incident_filter(filter_text, login=app.login, now=app.now())
        return await app.store.read(incidents, wanted)

    async def rows_again(self, ids: Sequence[int]) -> "Sequence[IncidentRow]":
        from socconsole.store.queries.incidents import by_ids

        return await console(self).store.read(by_ids, ids)

    def why_empty(self, view: str) -> str:
        if view == "Open":
            return "No open incident · + declares one, I on an alert or ticket too"
        return f"No incident in {view} · [ and ] change the view"

    def value_of(self, row: "IncidentRow", name: str) -> object:
        if name == "ticket":
            return " ".join(row.tickets)
        return super().value_of(row, {"id": "human_id"}.get(name, name))

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

    def columns(self) -> "list[Column[IncidentRow]]":
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
            Column("since", "For", 7, self._since, right=True, value=_began),
            Column("title", "Title", 20, lambda row: row.title, grow=2),
            Column("commander", "Command", 8, lambda row: row.commander or "–"),
            Column(
                "update",
                "Update",
                7,
                self._update,
                self._update_style,
                right=True,
                value=_update_due,
            ),
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


def _began(row: "IncidentRow") -> object:
    return -row.phase_since.timestamp()


def _update_due(row: "IncidentRow") -> object:
    due = row.next_update_due_at
    return due.timestamp() if due else ""
