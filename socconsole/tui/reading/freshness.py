"""What a screen does to stay true while others work."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from textual.screen import Screen
from textual.worker import Worker, WorkerError

from socconsole.tui.console import console
from socconsole.tui.messages import StoreChanged
from socconsole.tui.tasks import aside, for_key
from socconsole.tui.widgets.line_view import AWAY
from socconsole.tui.widgets.prompt import PromptLine

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from socconsole.tui.console import Console


_STILL_READING = "It is still being read; press the key again."


def say_unread(app: "Console") -> None:
    """Say why a key can do nothing yet on a screen that has not been read."""
    app.say(AWAY if app.store.away else _STILL_READING)


class ReadsFirst:
    """Mixed into a screen: keys typed ahead wait until it was read for the first time.

    Verbs need to know on what.
    """

    run_worker: Callable[..., Worker[Any]]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._let_keys_in = console(cast("DOMNode", self)).hold_keys_to_read()

    def let_keys_in_after(self, *readings: Worker[None]) -> None:
        """Answer keys once `readings` are done, or failed."""
        self.run_worker(_after(readings, self._let_keys_in), name="first read")

    def on_screen_suspend(self) -> None:
        self._let_keys_in()


class ReadsAgain(ReadsFirst):
    """Mixed into a screen: reads when it comes to the front, and when the store has changed."""

    action_load: Callable[[], Worker[None]]
    call_later: Callable[..., bool]
    _is_due = False
    _has_read = False
    _is_in_front = False

    def on_store_changed(self, message: StoreChanged) -> None:
        if message.is_mine and self._has_read:
            with for_key():
                self.look_again()
        else:
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
        with aside():
            if self._has_read:
                self.look_again()
            else:
                self._has_read = True
                self.let_keys_in_after(self.action_load())

    def look_again(self) -> "Worker[None]":
        """Read once more."""
        return self.action_load()


async def _after(readings: Sequence[Worker[None]], then: Callable[[], None]) -> None:
    try:
        for reading in readings:
            with suppress(WorkerError):
                await reading.wait()
    finally:
        then()


def leave_gone(app: "Console", screen: Screen[Any]) -> None:
    """Leave a screen whose subject is gone, such as a ticket whose opening was undone."""
    if app.screen is screen:
        said = screen.query_one(PromptLine).said
        app.pop_screen()
        app.call_after_refresh(app.say, said or "It is not there any more.")
