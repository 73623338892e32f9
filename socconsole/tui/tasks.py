"""Work that a screen starts and does not wait for, and whether a key has caused it.

What a key has caused to be read lets the keys behind it wait (`Console.keys_wait`): they are meant
for what it brings. What is read because the store has changed holds no key up.
"""

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast
from weakref import WeakKeyDictionary, WeakSet

from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.worker import Worker

from socconsole.errors import SocError

if TYPE_CHECKING:
    from socconsole.tui.console import Console

P = ParamSpec("P")
NodeT = TypeVar("NodeT", bound=DOMNode)

_causes: WeakKeyDictionary["asyncio.Task[Any]", bool] = WeakKeyDictionary()
"""Task under way → whether a key has caused it."""
_left: WeakSet["asyncio.Task[Any]"] = WeakSet()
"""Tasks whose screen was left while they read for it."""
_stated: list[bool] = []
"""What `for_key` and `aside` say of what is started within them, the innermost last."""


def task(method: Callable[..., Awaitable[None]]) -> Callable[..., Worker[None]]:
    """Make an async method of a screen or widget run beside it, as an action or a handler does.

    A `SocError` in it is said on the bottom line. It may wait for prompts, reads and changes; where
    a key has caused it, the keys behind that wait for what it reads.
    """

    @functools.wraps(method)
    def start(node: DOMNode, *args: object, **kwargs: object) -> Worker[None]:
        app = cast("Console", node.app)
        is_for_key = is_caused_by_key(app)

        async def guarded() -> None:
            _note_cause(is_for_key=is_for_key)
            try:
                await method(node, *args, **kwargs)
            except SocError as error:
                app.complain(error)
            except NoMatches:
                # The screen was taken down while the work was under way: nobody waits for it.
                stands = node.children and all(child.is_running for child in node.children)
                if node.app.is_running and node.is_attached and stands:
                    raise

        release = app.hold_keys_behind()
        worker = node.run_worker(guarded(), name=method.__name__, group="task")
        asyncio.get_running_loop().call_soon(release)  # once it has taken its first step
        return worker

    return start


def background(method: Callable[..., Awaitable[None]]) -> Callable[..., Worker[None]]:
    """Make an async method a `task` that no key waits for, whatever has caused it."""
    started = task(method)

    @functools.wraps(method)
    def start(node: DOMNode, *args: object, **kwargs: object) -> Worker[None]:
        with aside():
            return started(node, *args, **kwargs)

    return start


class Keyed(Protocol):
    """What answers keys."""

    @property
    def is_key_under_way(self) -> bool: ...


def is_caused_by_key(app: Keyed) -> bool:
    """Return whether what is done here is done for a key."""
    if _stated:
        return _stated[-1]
    running = asyncio.current_task()
    if running is not None and running in _causes:
        return _causes[running]
    return app.is_key_under_way


def _note_cause(*, is_for_key: bool) -> None:
    running = asyncio.current_task()
    if running is not None:
        _causes[running] = is_for_key


def note_left() -> None:
    """Note that the analyst has left the screen for which the task under way was reading."""
    running = asyncio.current_task()
    if running is not None:
        _left.add(running)


def was_left() -> bool:
    """Return whether the task under way has nobody any more to open or ask something for."""
    return asyncio.current_task() in _left


def for_key() -> contextlib.AbstractContextManager[None]:
    """Start within it, without waiting there, what a key has caused that was a while ago."""
    return _stating(is_for_key=True)


def aside() -> contextlib.AbstractContextManager[None]:
    """Start within it, without waiting there, what no key waits for."""
    return _stating(is_for_key=False)


@contextlib.contextmanager
def _stating(*, is_for_key: bool) -> Iterator[None]:
    _stated.append(is_for_key)
    try:
        yield
    finally:
        _stated.pop()
