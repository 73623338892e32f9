"""What a screen does to stay true while others work."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from socconsole.tui.widgets.prompt import PromptLine

if TYPE_CHECKING:
    from socconsole.tui.console import Console


class ReadsAgain:
    """Mixed into a screen: reads when it comes to the front, and when the store has changed."""

    action_load: Callable[[], object]
    call_later: Callable[..., bool]
    _is_due = False
    _is_in_front = False

    def on_store_changed(self) -> None:
        self._read_soon()

    def on_screen_resume(self) -> None:
        if not self._is_in_front:  # a new screen is told twice
            self._is_in_front = True
            self._read_soon()

    def on_screen_suspend(self) -> None:
        self._is_in_front = False

    def _read_soon(self) -> None:
        """Read once for all the messages that wait."""
        if not self._is_due:
            self._is_due = True
            self.call_later(self._read)

    def _read(self) -> None:
        self._is_due = False
        self.action_load()


def leave_gone(app: "Console", screen: Screen[Any]) -> None:
    """Leave a screen whose subject is gone, such as a ticket whose opening was undone."""
    if app.screen is screen:
        said = screen.query_one(PromptLine).said
        app.pop_screen()
        app.call_after_refresh(app.say, said or "It is not there any more.")
