"""One line of words in theme styles: view bars, labels, questions."""

from collections.abc import Sequence

from textual.strip import Strip
from textual.widget import Widget

from socconsole.tui.console import console
from socconsole.tui.lines import Part, parts_line


class Drawn(Widget):
    """Shows parts of text on one line, cut where the line ends. Any text is safe in it."""

    DEFAULT_CSS = "Drawn { height: 1; width: 1fr; }"

    def __init__(
        self,
        parts: Sequence[Part] = (),
        *,
        id: str | None = None,  # noqa: A002 Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._parts: tuple[Part, ...] = tuple(parts)

    @property
    def plain(self) -> str:
        """What is shown, without styles."""
        return "".join(text for text, _ in self._parts)

    def show(self, *parts: Part) -> None:
        """Show `parts`; costs nothing when they are the same as before."""
        if parts != self._parts:
            self._parts = parts
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y:
            return Strip.blank(width, self.rich_style)
        look = console(self).look
        base = self.rich_style
        segments = parts_line(self._parts, base, lambda name: base + look[name])
        return Strip(segments).adjust_cell_length(width, base)
