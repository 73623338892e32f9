"""Keys in the order they were typed, each after the one before has done its work.

A key travels from the application to the widget in focus and, unused, back up again: what was typed
behind it would overtake it there, and `:q` typed at once would be a `q` and then a `:`.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial

from textual import events
from textual.dom import DOMNode
from textual.message_pump import MessagePump

_LONGEST_HOLD_SECS = 10.0
"""A store that takes longer holds no keys up; those that leave need not wait for it at all."""
_LOOK_SECS = 0.005
_MOST_LOOKS = 400
"""The next key looks no more often than this for one that a busy screen has not brought back.

Counted in turns of the loop, not in seconds: a loop that was kept busy has brought nothing back.
"""

Typed = events.Key | events.Paste


def _nothing(event: Typed) -> bool:
    return False


class TypeAhead:
    """Hands keys to `take`, one after the other."""

    def __init__(
        self,
        take: Callable[[Typed], Awaitable[None]],
        is_asking: Callable[[], bool],
        is_early: Callable[[Typed], bool],
        leaves: Callable[[Typed], bool],
    ) -> None:
        """Call `take` for every key.

        Args:
            take: Hands a key to the screen.
            is_asking: Whether the bottom line waits for an answer.
            is_early: Whether a key needs nothing that is still being loaded at the start.
            leaves: Whether a key leaves the screen in front.

        """
        self._take = take
        self._is_early = is_early
        self._leaves = leaves
        self._is_asking = is_asking
        self._waiting: deque[Typed] = deque()
        self._sent = 0
        self._back = 0
        self._way: Sequence[MessagePump] = ()
        self._freed = asyncio.Event()
        self._is_draining = False
        self._held: list[Callable[[Typed], bool]] = []
        """Of everything keys wait for: which of them need not."""

    @contextlib.contextmanager
    def held(self) -> Iterator[Callable[[], None]]:
        """Let keys wait while a change is made: the next verb is meant for what it leads to.

        What is yielded ends the waiting sooner: a change that takes seconds holds no keys up.
        """
        release = self.hold()
        try:
            yield release
        finally:
            release()

    def hold_start(self) -> Callable[[], None]:
        """Let all keys but early ones wait until what is returned is called."""
        return self._hold(self._is_early)

    def hold_reading(
        self, stands: Callable[[], bool] = lambda: True, *, moves_pass: bool = False
    ) -> Callable[[], None]:
        """Let all keys but those that leave wait until what is returned is called, not for ever.

        They wait for it only while what is read `stands` in front; with `moves_pass` early ones
        pass too.
        """

        def passes(event: Typed) -> bool:
            return self._leaves(event) or not stands() or (moves_pass and self._is_early(event))

        release = self._hold(passes)
        late = asyncio.get_running_loop().call_later(_LONGEST_HOLD_SECS, release)

        def let_in() -> None:
            late.cancel()
            release()

        return let_in

    def hold(self) -> Callable[[], None]:
        """Let keys wait until what is returned is called."""
        return self._hold(_nothing)

    def _hold(self, passes: Callable[[Typed], bool]) -> Callable[[], None]:
        is_held = True
        self._held.append(passes)

        def release() -> None:
            nonlocal is_held
            if is_held:
                is_held = False
                self._held.remove(passes)
                self._freed.set()

        return release

    def must_wait(self, event: Typed) -> bool:
        """Keep `event` for later when another key is under way; tell whether to call `drain`."""
        if (self._waiting or self._is_draining or self._stops(event)) and not self._may_pass(event):
            self._waiting.append(event)
            return True
        return False

    def _may_pass(self, event: Typed) -> bool:
        is_behind = self._waiting or self.is_under_way
        return not is_behind and not self._is_held(event)

    def _is_held(self, event: Typed) -> bool:
        return any(not passes(event) for passes in self._held)

    def _stops(self, event: Typed) -> bool:
        return (self.is_under_way or self._is_held(event)) and not self._is_asking()

    @property
    def is_under_way(self) -> bool:
        """Whether what a key does is still being done, but for what it has left to tasks."""
        return self._back < self._sent

    def sent_from(self, node: DOMNode) -> None:
        """Note that a key is on its way from `node` up to the application."""
        self._sent += 1
        self._way = node.ancestors_with_self
        # Once more for the messages that the key's action has sent: they go the same way, and
        # screens answer them.
        _after([*self._way, *self._way[:-1]], partial(self._came_back, self._sent))

    def _came_back(self, number: int) -> None:
        self._back = max(self._back, number)
        self._freed.set()

    async def drain(self) -> None:
        """Hand over what has waited."""
        if self._is_draining:
            return
        self._is_draining = True
        try:
            while self._waiting:
                await self._settled(self._waiting[0])
                await self._take(self._waiting.popleft())
        finally:
            self._is_draining = False

    @property
    def _can_come_back(self) -> bool:
        """Whether the screen is still there that the newest key went to."""
        return all(node.is_running for node in self._way)

    async def _settled(self, event: Typed) -> None:
        await self._came_to_rest(event)
        while self._stops(event):  # what the key's task did first holds the next one up
            await self._came_to_rest(event)

    async def _came_to_rest(self, event: Typed) -> None:
        looks = 0
        while self._stops(event) and (
            self._is_held(event) or (looks < _MOST_LOOKS and self._can_come_back)
        ):
            looks += 1
            self._freed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._freed.wait(), _LOOK_SECS)
        self._back = self._sent
        await asyncio.sleep(0)  # a task that the key started takes its first step


def _after(way: list[MessagePump], done: Callable[[], object]) -> None:
    """Call `done` when every node of `way`, one after the other, has seen what is in its queue."""
    while way:
        node, *way = way
        if node.call_later(partial(_after, way, done)):  # else it is being taken down
            return
    done()
