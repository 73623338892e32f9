"""Opens what a reference names: a ticket, an incident, an alert, a filter, a source."""

from typing import TYPE_CHECKING

from socconsole.tui.store_access import AnySession

if TYPE_CHECKING:
    from socconsole.tui.app import ConsoleApp


async def open_ref(app: "ConsoleApp", ref: str) -> None:
    """Show what `ref` names; say so when nothing can be shown.

    Raises:
        NotFoundError: There is no such thing.

    """
    kind, _, rest = ref.partition(":")
    if kind == "filter":
        _show_filter(app, rest)
    elif kind == "source":
        app.show("sources")
    elif kind == "alert" or ref[:4].upper() in {"SOC-", "INC-"}:
        await _open_case(app, ref)
    else:
        app.say(f"{ref} has no screen of its own.")


async def _open_case(app: "ConsoleApp", ref: str) -> None:
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


def _show_filter(app: "ConsoleApp", text: str) -> None:
    from socconsole.tui.screens.queue import QueueScreen

    app.show("queue")

    def narrow() -> None:
        if isinstance(app.screen, QueueScreen):
            app.screen.narrow_to(text)

    app.call_after_refresh(narrow)
