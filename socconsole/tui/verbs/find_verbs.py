"""Finding things again: a value in all retained events, an alert by its bookmark."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from textual.binding import Binding

from socconsole.tui.keymap import key
from socconsole.tui.reading.store_access import AnyRow
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


def bookmark_screen(app: "Console") -> AnyRow:
    """Return the list of bookmarks; Enter goes to one."""
    from socconsole.tui.screens.alert import AlertScreen
    from socconsole.tui.screens.pick import Choice, PickScreen

    choices = [
        Choice(str(one), title, partial(_go, app, AlertScreen, one), "alert")
        for one, title in app.bookmarks.items()
    ]
    return PickScreen("Bookmarks", choices, heads=("Alert", "Title", ""))


def _go(app: "Console", screen: AnyRow, alert_id: int) -> None:
    app.open(screen((alert_id,), 0))


VERBS: Mapping[str, Verb] = MappingProxyType({"hunt": _hunt, "bookmark": _bookmark})
"""The name in a binding's action → the verb."""
