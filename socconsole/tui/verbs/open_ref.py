"""Opens what a reference names: a ticket, an incident, an alert, a filter, a source."""

from typing import TYPE_CHECKING, Any

from socconsole.errors import NotFoundError
from socconsole.tui.messages import Narrow
from socconsole.tui.pages import AlertPage, IncidentPage, RefsPage, TextPage, TicketPage
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
    def find(session: AnySession) -> tuple[str, int]:
        from socconsole.store.queries.subjects import subject

        found = subject(session, ref)
        return found.kind, found.id

    kind, number = await app.store.read(find)
    if kind == "ticket":
        app.open(TicketPage((number,)))
    elif kind == "incident":
        app.open(IncidentPage((number,)))
    else:
        app.open(AlertPage((number,)))


async def _show_analyst(app: "Console", login: str) -> None:
    """Show the open tickets of an analyst."""

    def read(session: AnySession) -> list[str]:
        from socconsole.store.queries.tickets import TicketFilter, tickets

        return [row.human_id for row in tickets(session, TicketFilter(assignee=login))]

    app.open(RefsPage(f"Tickets of {login}", await app.store.read(read)))


async def _show_source(app: "Console", name: str) -> None:
    from socconsole.tui.texts.source_text import source_lines

    def find(session: AnySession) -> "tuple[SourceRow, tuple[Any, ...]] | None":
        from socconsole.store.queries.sources import source_notes, sources

        found = next((row for row in sources(session, stopped=True) if row.name == name), None)
        return None if found is None else (found, source_notes(session, source_id=found.id))

    seen = await app.store.read(find)
    if seen is None:
        raise NotFoundError(f"There is no source {name!r}.")
    app.open(TextPage(f"Source {name}", source_lines(*seen)))


async def _show_suppression(app: "Console", number: int) -> None:
    from socconsole.store.queries.suppressions import suppression_row
    from socconsole.tui.texts.suppression_text import suppression_lines

    row = await app.store.read(suppression_row, number, app.now())
    app.open(TextPage(f"{row.kind.capitalize()} {number}", suppression_lines(row)))


def _show_filter(app: "Console", text: str) -> None:
    app.show("queue")
    app.call_for_key(lambda: app.tell(Narrow(text)))
