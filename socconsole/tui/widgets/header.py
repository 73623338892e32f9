"""The top line: who, how much, how the collector is, and two clocks."""

from typing import TYPE_CHECKING

from textual.strip import Strip
from textual.widget import Widget

from socconsole.tui.console import console
from socconsole.tui.lines import HeaderFacts, header_clock, header_line

if TYPE_CHECKING:
    from socconsole.tui.console import Console


class StatusHeader(Widget):
    """Draws the application's pulse; repainted when that or the minute changes."""

    DEFAULT_CSS = "StatusHeader { height: 1; width: 1fr; dock: top; }"

    def __init__(self) -> None:
        super().__init__()
        self._minute = ""

    @property
    def console_app(self) -> "Console":
        return console(self)

    def on_mount(self) -> None:
        self.watch(self.app, "pulse", self._pulsed, init=False)
        self.watch(self.app, "paused", self._pulsed, init=False)
        self.watch(self.app, "away_since", self._pulsed, init=False)
        self.watch(self.app, "read_only", self._pulsed, init=False)
        self.set_interval(1.0, self._tick)

    def _pulsed(self) -> None:
        if self.screen.is_current:
            self.refresh()

    def _tick(self) -> None:
        console = self.console_app
        minute = header_clock(console.now(), console.zone)
        if minute != self._minute and self.screen.is_current:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        console, base, width = self.console_app, self.rich_style, self.size.width
        facts = HeaderFacts(
            login=console.login,
            zone=console.zone,
            now=console.now(),
            read_only=console.read_only,
            paused=console.paused,
            away_since=console.away_since,
        )
        self._minute = header_clock(facts.now, facts.zone)
        segments = header_line(console.pulse, facts, width, lambda name: base + console.look[name])
        return Strip(segments).adjust_cell_length(width, base + console.look["header"])
