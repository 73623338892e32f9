"""What a screen does to stay true while others work."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from textual.screen import Screen
from textual.worker import Worker, WorkerError

from socconsole.tui.console import console
from socconsole.tui.widgets.prompt import PromptLine

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.timer import Timer

    from socconsole.tui.console import Console


_LONGEST_HOLD_SECS = 10.0
"""A store that takes longer holds no keys up; those that leave need not wait for it at all."""

STILL_READING = "It is still being read; press the key again."


class ReadsAgain:
    """Mixed into a screen: reads when it comes to the front, and when the store has changed.

    Keys typed ahead wait until it was read for the first time: verbs need to know on what.
    """

    action_load: Callable[[], Worker[None]]
    call_later: Callable[..., bool]
    run_worker: Callable[..., Worker[Any]]
    set_timer: "Callable[..., Timer]"
    _is_due = False
    _has_read = False
    _is_in_front = False

    def __init__(self) -> None:
        super().__init__()
        self._let_keys_in = console(cast("DOMNode", self)).hold_keys_to_read()

    def on_mount(self) -> None:
        self.set_timer(_LONGEST_HOLD_SECS, self._let_keys_in)

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
        if self._has_read:
            self.look_again()
            return
        self._has_read = True
        self.run_worker(_after(self.action_load(), self._let_keys_in), name="first read")

    def look_again(self) -> "Worker[None]":
        """Read once more."""
        return self.action_load()


async def _after(reading: Worker[None], then: Callable[[], None]) -> None:
    with suppress(WorkerError):
        await reading.wait()
    then()


def leave_gone(app: "Console", screen: Screen[Any]) -> None:
    """Leave a screen whose subject is gone, such as a ticket whose opening was undone."""
    if app.screen is screen:
        said = screen.query_one(PromptLine).said
        app.pop_screen()
        app.call_after_refresh(app.say, said or "It is not there any more.")
