"""The ground under the table, the text pane and the tail: lines drawn on demand, cheap to scroll.

Textual repaints a scrolled widget whole. This one lets the terminal shift its own lines and paints
only those that came into view: 526 bytes a line instead of 3,542. It keeps its own position and
has no scrollbars.
"""

import os
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from socconsole.tui.cells import fit
from socconsole.tui.console import console
from socconsole.tui.terminal.frames import fill_codes
from socconsole.tui.widgets.beside import shifted_beside

if TYPE_CHECKING:
    from socconsole.tui.console import Console

_WHEEL_LINES = 3
AWAY = "Not read: the database is away. It is read as soon as that is back."


class LineView(Widget, can_focus=True):
    """Lines `top` … of `line_count`, between an optional head and foot line."""

    DEFAULT_CSS = """
    LineView { height: 1fr; width: 1fr; background: $background; color: $foreground; }
    """

    head_height = 0
    foot_height = 0
    is_of_store = True
    """Whether its lines are read from the store, which may be away."""
    hardware_scroll = "SOCCONSOLE_PLAIN_SCROLL" not in os.environ
    """Let the terminal shift lines; off for a terminal that gets it wrong."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id, classes=classes)
        self.top = 0
        self._empty = ""
        self._drawn: dict[int, Strip] = {}
        """What the terminal shows, by row, as far as that is known."""

    # What a child says about itself.

    @property
    def line_count(self) -> int:
        """How many lines there are to scroll over."""
        return 0

    def draw_line(self, index: int, width: int) -> list[Segment]:
        """Return the segments of line `index`; what is short is padded."""
        del index
        return self.line_of("", width, self.rich_style)

    def draw_head(self, width: int) -> list[Segment]:
        """Return the segments of the line above the lines."""
        return []

    def draw_foot(self, width: int) -> list[Segment]:
        """Return the segments of the line below the lines."""
        return []

    # What everybody uses.

    @property
    def console_app(self) -> "Console":
        """The running application, with its own type."""
        return console(self)

    def look(self, name: str) -> Style:
        """Return a style of the current theme on this widget's background."""
        return self.rich_style + self.console_app.look[name]

    @property
    def empty(self) -> str:
        """What is drawn when there is no line: why that is so, and which key changes it."""
        return self._empty

    @empty.setter
    def empty(self, text: str) -> None:
        if text != self._empty:
            self._empty = text
            if self.is_attached and not self.line_count:
                self.refresh()

    @property
    def page_height(self) -> int:
        """How many lines fit between head and foot."""
        return max(1, self.size.height - self.head_height - self.foot_height)

    @property
    def last_top(self) -> int:
        """The position at which the last line is the lowest on screen."""
        return max(0, self.line_count - self.page_height)

    def render_line(self, y: int) -> Strip:
        strip = self._drawn[y] = self._line_at(y)
        return strip

    def _line_at(self, y: int) -> Strip:
        width = self.size.width
        if y < self.head_height:
            segments = self.draw_head(width)
        elif y >= self.size.height - self.foot_height:
            segments = self.draw_foot(width)
        else:
            index = self.top + y - self.head_height
            segments = self.draw_line(index, width) if index < self.line_count else []
            if not self.line_count:
                segments = self._draw_empty(index - self.head_height, width)
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _draw_empty(self, row: int, width: int) -> list[Segment]:
        is_away = self.is_of_store and self.console_app.store.away
        lines = (AWAY if is_away else self._empty).splitlines()
        text = lines[row] if 0 <= row < len(lines) else ""
        return self.line_of(f"  {text}", width, self.look("muted"))

    def refresh_index(self, index: int) -> None:
        """Repaint line `index` where it is on screen."""
        if self.top <= index < self.top + self.page_height:
            y = index - self.top + self.head_height
            self.refresh(Region(0, y, self.size.width, 1))

    def refresh_if_changed(self, index: int) -> None:
        """Repaint line `index` where it is on screen and not drawn there as it is."""
        y = index - self.top + self.head_height
        if self._drawn.get(y) != self._line_at(y):
            self.refresh_index(index)

    def refresh_foot(self, from_x: int = 0) -> None:
        """Repaint the foot from column `from_x` on."""
        if self.foot_height:
            y = self.size.height - self.foot_height
            self.refresh(Region(from_x, y, self.size.width - from_x, self.foot_height))

    def refresh_changed(self) -> None:
        """Repaint what is not drawn as it is on screen."""
        for y in range(self.size.height):
            if self._drawn.get(y) != self._line_at(y):
                self.refresh(Region(0, y, self.size.width, 1))

    def refresh_lines(self) -> None:
        """Repaint every line, but neither head nor foot."""
        self.refresh(Region(0, self.head_height, self.size.width, self.page_height))

    def scroll_top(self, top: int) -> None:
        """Show the lines from `top` on."""
        top = max(0, min(top, self.last_top))
        moved = top - self.top
        if not moved:
            return
        self.top = top
        if abs(moved) < self.page_height and self._terminal_scroll(moved):
            first = self.page_height - moved if moved > 0 else 0
            exposed = Region(0, self.head_height + first, self.size.width, abs(moved))
            self.refresh(exposed)
        else:
            self.refresh_lines()

    def reveal(self, index: int) -> None:
        """Scroll as little as it takes to have line `index` on screen."""
        if index < self.top:
            self.scroll_top(index)
        elif index >= self.top + self.page_height:
            self.scroll_top(index - self.page_height + 1)

    def _terminal_scroll(self, moved: int) -> bool:
        """Shift the lines on the terminal and return True, or False where that is not safe."""
        app = self.app
        driver = app._driver  # noqa: SLF001 the only way to the terminal
        region = self.region
        if (
            not self.hardware_scroll
            or driver is None
            or driver.is_headless
            or app.screen is not self.screen
            or app._notifications  # noqa: SLF001 a toast lies over the lines
            or app._batch_count  # noqa: SLF001 nothing is painted in a batch
        ):
            return False
        waiting = self._waiting_repaints(region)
        if any(part.height > self.page_height // 2 for part in waiting):
            return False
        top = region.y + self.head_height + 1
        bottom = region.bottom - self.foot_height
        beside = shifted_beside(self.screen, region, range(top - 1, bottom), moved)
        if beside is None:
            return False
        direction = "S" if moved > 0 else "T"
        fill = fill_codes(self.rich_style, app.console) if beside else ""
        self.console_app.shift_lines(
            f"{fill}\x1b[{top};{bottom}r\x1b[{abs(moved)}{direction}\x1b[r\x1b[0m"
        )
        self._drawn.clear()
        self._styles_cache.clear()  # of lines that have moved: a redraw would show the old ones
        # What was due for repaint has been shifted along: it is due at its new place too.
        inside = Region(0, self.head_height, region.width, self.page_height)
        for part in waiting:
            if shifted := part.translate((0, -moved)).intersection(inside):
                self.refresh(shifted)
        for widget, part in beside:
            widget.refresh(part)
        return True

    def _waiting_repaints(self, region: Region) -> list[Region]:
        """Return what of this widget is marked for repaint and not painted yet."""
        compositor = self.screen._compositor  # noqa: SLF001 no public way to ask
        elsewhere = (
            part.translate((-region.x, -region.y))
            for part in compositor._dirty_regions  # noqa: SLF001
            if part.overlaps(region)
        )
        lines = Region(0, self.head_height, region.width, self.page_height)
        return [
            part.intersection(lines)
            for part in (*self._repaint_regions, *elsewhere)
            if part.overlaps(lines)
        ]

    def on_mount(self) -> None:
        self.watch(self.app, "away_since", self._store_changed, init=False)

    def _store_changed(self) -> None:
        if not self.line_count:
            self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        before, self.top = self.top, max(0, min(self.top, self.last_top))
        if self.top != before:
            self.refresh()  # it was laid out, and may have been painted, from where it stood

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_top(self.top + _WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_top(self.top - _WHEEL_LINES)

    def padded(self, segments: list[Segment], width: int, style: Style) -> list[Segment]:
        """Return `segments` cut or filled with `style` to exactly `width` cells."""
        return list(Strip(segments).adjust_cell_length(width, style))

    def line_of(self, text: str, width: int, style: Style) -> list[Segment]:
        """Return one segment of exactly `width` cells."""
        return [Segment(fit(text, width), style)]
