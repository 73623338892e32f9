"""Finding things again: a value in all retained events, an alert by its bookmark."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from textual.binding import Binding

from socconsole.tui.keymap import key
from socconsole.tui.verbs.alert_verbs import Target, Verb

if TYPE_CHECKING:
    from socconsole.tui.console import Console

BINDINGS: tuple[Binding, ...] = (
    key("alert.hunt", "z", "verb('hunt')", "Hunt: one of its values in all retained events"),
    key("alert.bookmark", "m", "verb('bookmark')", "Bookmark"),
    key("alert.bookmarks", "apostrophe", "bookmarks", "Bookmarks"),
)
"""Both screens that show alerts have these."""


async def _hunt(app: "Console", target: Target) -> bool:
    row = target.row
    if row is None:
        return False
    values = {"h": row.host, "u": row.user, "i": row.source_ip}
    known = {letter: value for letter, value in values.items() if value}
    if not known:
        app.say("This alert names no host, user or address.")
        return False
    pressed = await app.choose("Hunt for", known)
    if pressed is not None:
        from socconsole.core.filter_edit import written

        app.search(written(known[pressed]))
    return False


async def _bookmark(app: "Console", target: Target) -> bool:
    row = target.row
    if row is not None:
        app.bookmarks[row.id] = row.title
        app.say(f"Bookmarked alert {row.id} · ' lists them")
    return False


def show_bookmarks(app: "Console") -> None:
    """List the bookmarks; Enter goes to one."""
    from socconsole.tui.pages import AlertPage, Choice, ChoicePage

    choices = [
        Choice(str(one), title, partial(app.open, AlertPage((one,))), "alert")
        for one, title in app.bookmarks.items()
    ]
    empty = "No bookmark yet · m on an alert sets one"
    app.open(ChoicePage("Bookmarks", choices, heads=("Alert", "Title", ""), empty=empty))


VERBS: Mapping[str, Verb] = MappingProxyType({"hunt": _hunt, "bookmark": _bookmark})
"""The name in a binding's action → the verb."""
