"""The keys that move over lines and pick them, the same in every list."""

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
