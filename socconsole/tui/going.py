"""Which screen is in front: those with a digit, and what is opened above them."""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from socconsole.tui.standing import StandingApp
from socconsole.tui.tasks import task, was_left

if TYPE_CHECKING:
    from socconsole.tui.pages import Page


class GoingApp(StandingApp):
    """An application that goes from screen to screen, and back."""

    fresh_ticket_id: int | None = None
    """The ticket opened last, until it was looked at."""
    last_alert: tuple[Sequence[int], int] | None = None
    """The alert looked at last: its list, and where it stands in it."""

    def __init__(self, **how: Any) -> None:  # noqa: ANN401 as Textual takes it
        super().__init__(**how)
        self._shown = ["queue"]

    @abstractmethod
    def leave(self, code: int) -> None:
        """End the program; what is half written is kept."""

    def show(self, name: str) -> None:
        """Bring the screen called `name` to the front, without what was opened from it."""
        if name != self.current_mode:
            self._shown.append(name)
            del self._shown[:-8]
            self.switch_mode(name)
            return
        for _ in self.screen_stack[1:]:
            self.pop_screen()

    def open(self, page: "Page | Screen[Any]") -> Awaitable[object]:
        """Show `page` above the screen in front; back returns to it. Await it to ask on it."""
        from socconsole.tui.opening import screen_of

        if was_left():  # it would come up over what the analyst has gone to
            at_once = asyncio.get_running_loop().create_future()
            at_once.set_result(None)
            return at_once
        screen = page if isinstance(page, Screen) else screen_of(page)
        mounted: Awaitable[object] = self.push_screen(screen)
        return mounted

    def search(self, text: str) -> None:
        """List what a filter finds in all that is retained; raises UsageError."""
        from socconsole.tui.screens.results import ResultsScreen

        if isinstance(self.screen, ResultsScreen):
            self.screen.search_for(text)
        else:
            self.open(ResultsScreen(text))

    def action_actions(self) -> None:
        """Show what was done, by whom."""
        from socconsole.tui.screens.actions import ActionsScreen

        self.open(ActionsScreen())

    def open_ticket(self, ticket_id: int | None) -> None:
        """Show a ticket; for None the one just opened, or say that there is none."""
        ticket_id, self.fresh_ticket_id = ticket_id or self.fresh_ticket_id, None
        if ticket_id is None:
            self.say("It is in no ticket; t opens one.")
            return
        from socconsole.tui.pages import TicketPage

        self.open(TicketPage((ticket_id,)))

    def action_show(self, name: str) -> None:
        self.show(name)

    def action_alert(self) -> None:
        from socconsole.tui.pages import AlertPage

        if self.screen.title == "Alert":
            return
        if self.last_alert is None:
            self.say("No alert was looked at yet: Enter in the queue opens one.")
        else:
            self.open(AlertPage(*self.last_alert))

    def action_last_screen(self) -> None:
        if len(self._shown) > 1:
            self._shown.pop()
            self.switch_mode(self._shown[-1])
        else:
            self.say("There was no other screen before this one.")

    @task
    async def action_go_back(self) -> None:
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self.current_mode != "queue":
            self.action_last_screen()
        elif await self.confirm("Quit socconsole?"):
            self.leave(0)
