"""The top line: who, how much, how the collector is, and two clocks."""

from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from socconsole.tui.console import console
from socconsole.tui.lines import HeaderFacts, changed_cells, header_line

if TYPE_CHECKING:
    from socconsole.tui.console import Console


class StatusHeader(Widget):
    """Draws the application's pulse; repainted when that or the minute changes."""

    DEFAULT_CSS = "StatusHeader { height: 1; width: 1fr; dock: top; }"

    def __init__(self) -> None:
        super().__init__()
        self._shown = Strip([])

    @property
    def console_app(self) -> "Console":
        return console(self)

    def on_mount(self) -> None:
        self.watch(self.app, "pulse", self._pulsed, init=False)
        self.watch(self.app, "paused", self._pulsed, init=False)
        self.watch(self.app, "away_since", self._pulsed, init=False)
        self.watch(self.app, "read_only", self._pulsed, init=False)
        # What changed while another screen was in front, and the minute, are looked for too.
        self.set_interval(1.0, self._pulsed)

    def _pulsed(self) -> None:
        """Repaint what has changed of the line: each byte is waited for over SSH."""
        if not self.screen.is_current:
            return
        first, last = changed_cells(self._shown, self._line())
        if first < last:
            self.refresh(Region(first, 0, last - first, 1))

    def render_line(self, y: int) -> Strip:
        self._shown = self._line()
        return self._shown

    def _line(self) -> Strip:
        console, base, width = self.console_app, self.rich_style, self.size.width
        facts = HeaderFacts(
            login=console.login,
            zone=console.zone,
            now=console.now(),
            read_only=console.read_only,
            paused=console.paused,
            away_since=console.away_since,
        )
        segments = header_line(console.pulse, facts, width, lambda name: base + console.look[name])
        return Strip(segments).adjust_cell_length(width, base + console.look["header"])
