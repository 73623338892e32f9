"""Opens what a reference names: a ticket, an incident, an alert, a filter, a source."""

from typing import TYPE_CHECKING, Any

from socconsole.errors import NotFoundError
from socconsole.tui.reading.store_access import AnySession

if TYPE_CHECKING:
    from socconsole.store.queries.sources import SourceRow
    from socconsole.tui.console import Console


async def open_ref(app: "Console", ref: str) -> None:
    """Show what `ref` names; say so when nothing can be shown.

    Raises:
        NotFoundError: There is no such thing.

    """
    kind, _, rest = ref.partition(":")
    if kind == "filter":
        _show_filter(app, rest)
    elif ref.startswith("@"):
        await _show_analyst(app, ref[1:])
    elif kind == "source":
        await _show_source(app, rest)
    elif kind in {"suppression", "maintenance"} and rest.isdecimal():
        await _show_suppression(app, int(rest))
    elif kind == "alert" or ref[:4].upper() in {"SOC-", "INC-"}:
        await _open_case(app, ref)
    else:
        app.say(f"{ref} has no screen of its own.")


async def _open_case(app: "Console", ref: str) -> None:
    from socconsole.tui.screens.alert import AlertScreen
    from socconsole.tui.screens.incident import IncidentScreen
    from socconsole.tui.screens.ticket import TicketScreen

    def find(session: AnySession) -> tuple[str, int]:
        from socconsole.store.queries.subjects import subject

        found = subject(session, ref)
        return found.kind, found.id

    kind, number = await app.store.read(find)
    if kind == "ticket":
        app.open(TicketScreen((number,), 0))
    elif kind == "incident":
        app.open(IncidentScreen((number,), 0))
    else:
        app.open(AlertScreen((number,), 0))


async def _show_analyst(app: "Console", login: str) -> None:
    """Show the open tickets of an analyst."""
    from socconsole.tui.screens.refs import RefsScreen

    def read(session: AnySession) -> list[str]:
        from socconsole.store.queries.tickets import TicketFilter, tickets

        return [row.human_id for row in tickets(session, TicketFilter(assignee=login))]

    app.open(RefsScreen(f"Tickets of {login}", await app.store.read(read)))


async def _show_source(app: "Console", name: str) -> None:
    from socconsole.tui.screens.sources import source_lines
    from socconsole.tui.screens.text import TextScreen

    def find(session: AnySession) -> "tuple[SourceRow, tuple[Any, ...]] | None":
        from socconsole.store.queries.sources import source_notes, sources

        found = next((row for row in sources(session, stopped=True) if row.name == name), None)
        return None if found is None else (found, source_notes(session, source_id=found.id))

    seen = await app.store.read(find)
    if seen is None:
        raise NotFoundError(f"There is no source {name!r}.")
    app.open(TextScreen(f"Source {name}", source_lines(*seen)))


async def _show_suppression(app: "Console", number: int) -> None:
    from socconsole.store.queries.suppressions import suppression_row
    from socconsole.tui.screens.rules import suppression_lines
    from socconsole.tui.screens.text import TextScreen

    row = await app.store.read(suppression_row, number, app.now())
    app.open(TextScreen(f"{row.kind.capitalize()} {number}", suppression_lines(row)))


def _show_filter(app: "Console", text: str) -> None:
    from socconsole.tui.screens.queue import QueueScreen

    app.show("queue")

    def narrow() -> None:
        if isinstance(app.screen, QueueScreen):
            app.screen.narrow_to(text)

    app.call_after_refresh(narrow)


def open_last_alert(app: "Console") -> None:
    """Show the alert that was looked at last, with its list."""
    from socconsole.tui.screens.alert import AlertScreen

    if isinstance(app.screen, AlertScreen):
        return
    if app.last_alert is None:
        app.say("No alert was looked at yet: Enter in the queue opens one.")
    else:
        app.open(AlertScreen(*app.last_alert))
