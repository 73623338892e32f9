"""Narrowing by the value under the cursor: include, exclude, only, group by."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socconsole.tui.console import Console

_WAYS = {"i": "include", "x": "exclude", "o": "only", "g": "group by"}


async def narrowed(
    app: "Console",
    typed: str,
    values: Mapping[str, tuple[str, str]],
    group: Callable[[], Awaitable[None]],
) -> str | None:
    """Ask how and by which value to narrow; return the new filter, None where nothing is to change.

    Args:
        app: The console.
        typed: The filter as it stands.
        values: Key → field and value of what is under the cursor.
        group: What to do when groups are asked for.

    """
    from socconsole.core.filter_edit import exclude, include, only

    way = await app.choose("Filter", _WAYS)
    if way is None:
        return None
    if way == "g":
        await group()
        return None
    offers = {pressed: f"{name} {value}" for pressed, (name, value) in values.items()}
    which = await app.choose(f"{_WAYS[way].capitalize()}", offers)
    if which is None:
        return None
    name, value = values[which]
    if way == "o":
        return only(name, value)
    return (include if way == "i" else exclude)(typed, name, value)
