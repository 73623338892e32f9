"""What a screen does to stay true while others work."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from socconsole.tui.widgets.prompt import PromptLine

if TYPE_CHECKING:
    from socconsole.tui.console import Console


class ReadsAgain:
    """Mixed into a screen: reads again when the store has changed, and when in front again."""

    action_load: Callable[[], object]

    def on_store_changed(self) -> None:
        self.action_load()

    def on_screen_resume(self) -> None:
        self.action_load()


def leave_gone(app: "Console", screen: Screen[Any]) -> None:
    """Leave a screen whose subject is gone, such as a ticket whose opening was undone."""
    if app.screen is screen:
        said = screen.query_one(PromptLine).said
        app.pop_screen()
        app.call_after_refresh(app.say, said or "It is not there any more.")
