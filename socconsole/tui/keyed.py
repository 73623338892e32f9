"""Keys are answered in their order, each after what the one before it has caused to be read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from inspect import isawaitable
from typing import Any

from textual import events
from textual.screen import Screen

from socconsole.tui.going import GoingApp
from socconsole.tui.tasks import background, is_caused_by_key, note_left
from socconsole.tui.type_ahead import TypeAhead, Typed
from socconsole.tui.widgets.moving import leaves, only_moves
from socconsole.tui.widgets.prompt import PromptLine


class KeyedApp(GoingApp):
    """An application that lets keys wait for what they are meant for."""

    def __init__(self, **how: Any) -> None:  # noqa: ANN401 as Textual takes it
        self._type_ahead = TypeAhead(
            self._take_key, self._is_asking, partial(only_moves, self), partial(leaves, self)
        )
        self._let_keys_in = self._type_ahead.hold_start()
        super().__init__(**how)

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, Typed) or event.is_forwarded:
            await super().on_event(event)
        elif self._type_ahead.must_wait(event):
            self._take_waiting_keys()
        else:
            await self._take_key(event)

    @background
    async def _take_waiting_keys(self) -> None:
        await self._type_ahead.drain()

    async def _take_key(self, event: Typed) -> None:
        prompt = self._open_prompt()
        if prompt is not None:
            await prompt.take(event)
            return
        target = self.focused or self.screen
        await super().on_event(event)
        self._type_ahead.sent_from(target)

    def let_keys_in(self) -> None:
        """Answer keys from now on: there is a screen, and what verbs import is loaded."""
        self._let_keys_in()

    def hold_keys(self) -> Callable[[], None]:
        """Let keys that are typed now wait until what is returned is called."""
        return self._type_ahead.hold()

    def hold_keys_to_read(self) -> Callable[[], None]:
        """Let keys wait as `hold_keys` does, but for those that leave the screen."""
        return self._type_ahead.hold_reading()

    def hold_keys_behind(
        self, screen: Screen[Any] | None = None, *, moves_pass: bool = False
    ) -> Callable[[], None]:
        """Let keys wait as `hold_keys_to_read` does, if a key has caused what is done here.

        Args:
            screen: The one whose keys wait; None for the one in front.
            moves_pass: Keys that only move the cursor need not wait.

        """
        if not self.screen_stack or not is_caused_by_key(self):
            return _nothing
        theirs = screen or self.screen
        return self._type_ahead.hold_reading(
            lambda: bool(self.screen_stack) and self.screen is theirs, moves_pass=moves_pass
        )

    @contextmanager
    def keys_wait(self) -> Iterator[None]:
        """Let keys wait meanwhile as `hold_keys_behind` does.

        What the analyst did not wait for, and left, opens nothing and asks nothing any more.
        """
        release, screen = self.hold_keys_behind(), self.screen if self.screen_stack else None
        try:
            yield
        finally:
            release()
            if self.screen_stack and self.screen is not screen and is_caused_by_key(self):
                note_left()

    def call_for_key(self, callback: Callable[[], object]) -> None:
        """Call it after the next refresh, as part of what the key just pressed does."""
        release = self.hold_keys_behind()

        async def call() -> None:
            self._type_ahead.sent_from(self.screen)
            release()
            done = callback()
            if isawaitable(done):
                await done

        self.call_after_refresh(call)

    @property
    def is_key_under_way(self) -> bool:
        """Whether what a key does is still being done, but for what it has left to tasks."""
        return self._type_ahead.is_under_way

    def _is_asking(self) -> bool:
        return self._open_prompt() is not None

    def _open_prompt(self) -> PromptLine | None:
        """Return the bottom line of the screen in front while it asks something."""
        if not self.screen_stack:
            return None
        return next((one for one in self.screen.query(PromptLine) if one.asking), None)


def _nothing() -> None:
    pass
