'''The screens, and how to add one.

A screen is a Textual `Screen` with a header, its own widgets and the prompt line. It reads frozen
rows, draws them, and calls services for every change::

    class TicketsScreen(ReadsAgain, Screen[None]):   # action_load when shown or changed
        """Tickets that are not closed, most urgent first."""

        TITLE = "Tickets"
        BINDINGS = [
            key("ticket.start", "greater_than_sign", "start", "Next status", hint="next status"),
        ]

        def compose(self) -> ComposeResult:
            yield from framed(VirtualTable(COLUMNS, empty="No ticket · t on an alert opens one"))

        @task                                    # beside the screen, may wait
        async def action_load(self) -> None:
            app = console(self)
            rows = await app.store.read(queries.open_tickets, now=app.now())
            self.query_one(VirtualTable).show_rows([(row.id, row) for row in rows])

        @task
        async def action_start(self) -> None:
            app = console(self)
            chosen = self.query_one(VirtualTable).selection()
            if not chosen.ids or not await app.confirm(f"Start {len(chosen)} tickets?"):
                return
            await app.change(services.tickets.start, list(chosen.ids), done="started")

What each piece is for:

- `key(id, keys, action, help, hint=)` from `tui.keymap`: every binding has an id and help; those
  with a hint stand on the bottom line. Punctuation has names: `greater_than_sign`, `plus`, `slash`.
- `task` from `tui.tasks`: an action or loader that waits. A `SocError` is said on the bottom line.
  Keys typed behind the one that has caused it wait for what it reads; `background` is a task that
  no key waits for, `app.hold_keys_behind()` lets them wait for a read that is in no task.
- `app.store.read(query, …)` runs `query(session, …)` in a thread.
- `app.change(verb, …, done="…")` runs `verb(session, …, by=, now=)` in one unit of work, says
  `done` and how to undo it, tells the screen in front that the store changed, and returns the
  verb's result; None when it was refused (the refusal has been said).
- `await app.ask("Note", draft="ticket:3:note")` a line of text or None, `app.confirm("…?")` y or n,
  `app.choose("Close as", {"t": "true positive", …})` one key or None. Only inside a `task`.
- `app.say("…")` tells something on the bottom line; `app.complain(error)` a SocError.
- `app.open(TicketPage((7,)))` goes deeper (`q` comes back); `app.show("tickets")` switches. Pages
  stand in `tui.pages`, so that verbs open screens without importing them.
- `VirtualTable.show_rows` for up to a few thousand rows; a `RowSource` and `reload()` beyond.
- `TextPane.show(lines)` for text; a line is a list of `(text, style)` and may hold log text.
- Enter in a table posts `VirtualTable.Chosen`, a cursor move `VirtualTable.Highlighted`.

Then name the screen in `SCREENS` below: that gives it its number key, its `:` word, its place in
the palette, and the test that every binding has an id and help.
'''

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from textual.screen import Screen


@dataclass(frozen=True, slots=True)
class ScreenEntry:
    """Where a screen lives and what it is called."""

    name: str
    """The word after `:`."""
    title: str
    target: str
    """`module:class`, imported when the screen is first shown."""
    number: str = ""
    """The digit that shows it."""

    def load(self) -> "type[Screen[Any]]":
        """Import and return the screen's class."""
        module, _, name = self.target.partition(":")
        return cast("type[Screen[Any]]", getattr(importlib.import_module(module), name))


SCREENS: tuple[ScreenEntry, ...] = (
    ScreenEntry("queue", "Queue", "socconsole.tui.screens.queue:QueueScreen", "1"),
    ScreenEntry("tail", "Live tail", "socconsole.tui.screens.tail:TailScreen", "3"),
    ScreenEntry("tickets", "Tickets", "socconsole.tui.screens.tickets:TicketsScreen", "4"),
    ScreenEntry("incidents", "Incidents", "socconsole.tui.screens.incidents:IncidentsScreen", "5"),
    ScreenEntry("handoff", "Handoff", "socconsole.tui.screens.handoff:HandoffScreen", "6"),
    ScreenEntry("sources", "Sources", "socconsole.tui.screens.sources:SourcesScreen", "7"),
    ScreenEntry("rules", "Rules", "socconsole.tui.screens.rules:RulesScreen", "8"),
    ScreenEntry("metrics", "Metrics", "socconsole.tui.screens.metrics:MetricsScreen", "9"),
)
"""Every screen that a digit or a `:` word shows, in the order of the digits."""
