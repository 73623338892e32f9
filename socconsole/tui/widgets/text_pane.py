"""Text of any length, log text included: wrapped on demand, searched, drawn line by line."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.geometry import Region

from socconsole.core.occurrences import occurrences
from socconsole.core.safe_text import safe_text
from socconsole.tui.cells import wrap
from socconsole.tui.keymap import key
from socconsole.tui.lines import Line
from socconsole.tui.tasks import task
from socconsole.tui.widgets.line_view import LineView

_Piece = list[tuple[str, str]]


class TextPane(LineView):
    """Shows lines; keeps its place while they change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("text.down", "j,down", "scroll(1)", "Down a line"),
        key("text.up", "k,up", "scroll(-1)", "Up a line"),
        key("text.half_down", "ctrl+d", "half(1)", "Half a page down"),
        key("text.half_up", "ctrl+u", "half(-1)", "Half a page up"),
        key("text.page_down", "pagedown,space", "page(1)", "A page down"),
        key("text.page_up", "pageup", "page(-1)", "A page up"),
        key("text.first", "g,home", "first", "To the top"),
        key("text.last", "G,end", "last", "To the end"),
        key("text.search", "slash", "search", "Search in the text"),
        key("text.next", "n", "next_match(1)", "Next match"),
        key("text.previous", "N", "next_match(-1)", "Previous match"),
        key("text.wrap", "number_sign", "toggle_wrap", "Wrap long lines or cut them"),
    ]

    def __init__(self, *, id: str | None = None, empty: str = "") -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self.empty = empty
        self.wrapped = True
        self.needle = ""
        self._lines: tuple[Line, ...] = ()
        self._pieces: list[_Piece] = []
        self._pieces_width = 0

    @property
    def line_count(self) -> int:
        if self._pieces_width != max(10, self.size.width):
            self._break_lines()
        return len(self._pieces)

    def show(self, lines: Sequence[Line], *, top: bool = False) -> None:
        """Show `lines`, from the top where `top` says so."""
        new = tuple(tuple(line) for line in lines)
        if new == self._lines and not top:
            return
        before, old_top = self._pieces, self.top
        self._lines = new
        self._break_lines()
        self.top = 0 if top else max(0, min(self.top, self.last_top))
        self._refresh_changed(before, old_top)

    def _refresh_changed(self, before: list[_Piece], old_top: int) -> None:
        """Repaint the lines on screen that say something else than they did."""
        for row in range(self.page_height):
            old = before[old_top + row] if old_top + row < len(before) else None
            new = self._pieces[self.top + row] if self.top + row < len(self._pieces) else None
            if old != new:
                self.refresh(Region(0, row + self.head_height, self.size.width, 1))

    def show_line(self, index: int) -> None:
        """Scroll so that line `index` of those shown is in the middle."""
        width = max(10, self.size.width)
        above = self._lines[:index]
        pieces = sum(len(_wrapped(line, width)) if self.wrapped else 1 for line in above)
        self.scroll_top(pieces - self.page_height // 2)

    @property
    def text(self) -> str:
        """The lines as plain text."""
        return "\n".join("".join(part for part, _ in line) for line in self._lines)

    def _break_lines(self) -> None:
        width = max(10, self.size.width)
        self._pieces_width = width
        self._pieces = [
            piece
            for line in self._lines
            for piece in (_wrapped(line, width) if self.wrapped else [_safe(line)])
        ]

    def draw_line(self, index: int, width: int) -> list[Segment]:
        base = self.rich_style
        piece = self._pieces[index]
        if self.needle:
            piece = _with_matches(piece, self.needle)
        look = self.console_app.look
        return [Segment(text, base + look[name] if name else base) for text, name in piece]

    def action_scroll(self, by: int) -> None:
        self.scroll_top(self.top + by)

    def action_half(self, by: int) -> None:
        self.scroll_top(self.top + by * (self.page_height // 2))

    def action_page(self, by: int) -> None:
        self.scroll_top(self.top + by * self.page_height)

    def action_first(self) -> None:
        self.scroll_top(0)

    def action_last(self) -> None:
        self.scroll_top(self.last_top)

    def action_toggle_wrap(self) -> None:
        self.wrapped = not self.wrapped
        self._break_lines()
        self.top = min(self.top, self.last_top)
        self.refresh()

    @task
    async def action_search(self) -> None:
        needle = await self.console_app.ask("/", initial=self.needle)
        if needle is not None:
            self.needle = needle
            self.refresh()
            self._jump(self.top, 1)

    def action_next_match(self, by: int) -> None:
        self._jump(self.top + by, by)

    def _jump(self, start: int, step: int) -> None:
        """Scroll to the first line from `start` on that has the needle."""
        if not self.needle:
            return
        count = len(self._pieces)
        for passed in range(count):
            index = (start + passed * step) % count
            joined = "".join(text for text, _ in self._pieces[index])
            if self.needle.casefold() in joined.casefold():
                self.scroll_top(index)
                return
        self.console_app.say(f"{self.needle!r} is not in this text.")


def _safe(line: Line) -> _Piece:
    return [(safe_text(text, limit=100_000), style) for text, style in line]


def _wrapped(line: Line, width: int) -> list[_Piece]:
    """Return the pieces `line` takes at `width` cells; a continuation is indented by two."""
    safe = _safe(line)
    joined = "".join(text for text, _ in safe)
    ranges = wrap(joined, width)
    if len(ranges) == 1:
        return [safe]
    first = ranges[0]
    rest = [(low + first[1], high + first[1]) for low, high in wrap(joined[first[1] :], width - 2)]
    head = _cut(safe, *first)
    return [head, *([("  ", ""), *_cut(safe, low, high)] for low, high in rest)]


def _cut(parts: _Piece, low: int, high: int) -> _Piece:
    cut: _Piece = []
    at = 0
    for text, style in parts:
        start, end = max(low - at, 0), min(high - at, len(text))
        if start < end:
            cut.append((text[start:end], style))
        at += len(text)
    return cut


def _with_matches(piece: _Piece, needle: str) -> _Piece:
    """Return `piece` with every occurrence of `needle` in the style of a match."""
    marked: _Piece = []
    for text, style in piece:
        at = 0
        for start, end in occurrences(text, needle):
            marked += [(text[at:start], style), (text[start:end], "found")]
            at = end
        marked.append((text[at:], style))
    return [part for part in marked if part[0]]
