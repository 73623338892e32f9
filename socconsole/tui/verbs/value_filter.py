"""Narrowing by the value under the cursor: include, exclude, only, group by."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socconsole.store.queries.queue import QueueQuery
    from socconsole.tui.console import Console
    from socconsole.tui.pages import ChoicePage

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


async def group_choices(
    app: "Console", query: "QueueQuery", typed: str, narrow: Callable[[str], object]
) -> "ChoicePage | None":
    """Ask for a field and return the list of its values; None when nothing was chosen."""
    from socconsole.core.filter_edit import include
    from socconsole.store.queries.grouping import facets
    from socconsole.tui.pages import Choice, ChoicePage

    fields = {
        "r": "rule",
        "h": "host",
        "u": "user",
        "i": "source_ip",
        "s": "source",
        "c": "category",
        "v": "severity",
        "o": "assignee",
    }
    pressed = await app.choose("Group by", fields)
    if pressed is None:
        return None
    field = fields[pressed]
    groups = await app.store.read(facets, query, field, limit=200)
    choices = [
        Choice(
            str(group.count),
            group.value if group.value is not None else "–",
            partial(
                narrow,
                include(typed, field, group.value)
                if group.value is not None
                else f"{typed} {field}:none".strip(),
            ),
            group.worst.label,
        )
        for group in groups
    ]
    return ChoicePage(f"Alerts by {field}", choices, heads=("Alerts", "Value", "Worst"))
