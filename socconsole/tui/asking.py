"""How a line of text is asked for."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypedDict, TypeVar

if TYPE_CHECKING:
    from socconsole.tui.console import Console

P = ParamSpec("P")
T = TypeVar("T")

Complete = Callable[[str], Awaitable[Sequence[str]]]
"""Text so far → whole texts it could become."""


class Asking(TypedDict, total=False):
    """How a line is asked for; see `PromptLine.ask`."""

    initial: str
    complete: Complete | None
    on_change: Callable[[str], None] | None
    draft: str
    lines: bool


async def read_first(
    app: "Console", query: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Read what the next question needs; keys typed meanwhile are its answer."""
    release = app.hold_keys()
    try:
        return await app.store.read(query, *args, **kwargs)
    finally:
        release()
