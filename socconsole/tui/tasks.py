"""Work that a screen starts and does not wait for."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar, cast

from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.worker import Worker

from socconsole.errors import SocError

P = ParamSpec("P")
NodeT = TypeVar("NodeT", bound=DOMNode)


def task(method: Callable[..., Awaitable[None]]) -> Callable[..., Worker[None]]:
    """Make an async method of a screen or widget run beside it, as an action or a handler does.

    A `SocError` in it is said on the bottom line. It may wait for prompts, reads and changes.
    """

    @functools.wraps(method)
    def start(node: DOMNode, *args: object, **kwargs: object) -> Worker[None]:
        async def guarded() -> None:
            try:
                await method(node, *args, **kwargs)
            except SocError as error:
                cast("Any", node.app).complain(error)
            except NoMatches:
                # The screen was taken down while the work was under way: nobody waits for it.
                stands = node.children and all(child.is_running for child in node.children)
                if node.app.is_running and node.is_attached and stands:
                    raise

        return node.run_worker(guarded(), name=method.__name__, group="task")

    return start
