"""Reading what a question needs before it is asked."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from socconsole.tui.console import Console

P = ParamSpec("P")
T = TypeVar("T")


async def read_first(
    app: "Console", query: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Read what the next question needs; keys typed meanwhile are its answer."""
    release = app.hold_keys()
    try:
        return await app.store.read(query, *args, **kwargs)
    finally:
        release()
