"""The keys that move over lines and pick them, the same in every list."""

from typing import Any

from textual import events
from textual.app import App
from textual.binding import Binding

from socconsole.tui.keymap import key

MOVING: tuple[Binding, ...] = (
    key("list.down", "j,down", "move(1)", "Next row"),
    key("list.up", "k,up", "move(-1)", "Previous row"),
    key("list.half_down", "ctrl+d", "half_page(1)", "Half a page down"),
    key("list.half_up", "ctrl+u", "half_page(-1)", "Half a page up"),
    key("list.page_down", "pagedown", "page(1)", "A page down"),
    key("list.page_up", "pageup", "page(-1)", "A page up"),
    key("list.open", "enter,l,right", "choose", "Open"),
    key("list.mark", "space", "mark", "Mark and advance", hint="mark"),
)

_MOVES = frozenset(binding.id for binding in MOVING) - {"list.open", "list.mark"}

_LEAVES = frozenset({"app.back", "app.handoff", "app.last_screen", "app.suspend", "app.quit"})


def only_moves(app: App[Any], event: events.Key | events.Paste) -> bool:
    """Return whether a key moves the cursor over what is shown, and does nothing else."""
    return _meaning(app, event) in _MOVES


def leaves(app: App[Any], event: events.Key | events.Paste) -> bool:
    """Return whether a key leaves the screen in front, or the program."""
    meaning = _meaning(app, event) or ""
    return meaning in _LEAVES or meaning.startswith("screen.")


def _meaning(app: App[Any], event: events.Key | events.Paste) -> str | None:
    """Return the id of what a key does on the screen in front."""
    if not isinstance(event, events.Key) or not app.screen_stack:
        return None
    active = app.screen.active_bindings.get(event.key)
    return active.binding.id if active is not None else None
