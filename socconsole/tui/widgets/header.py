"""The top line: who, how much, how the collector is, and two clocks."""

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from socconsole.tui.cells import fit
from socconsole.tui.console import console
from socconsole.tui.messages import Pulse

if TYPE_CHECKING:
    from socconsole.tui.console import Console

_DOT = {"live": "● live", "starting": "○ starting", "none": "○ no collector"}


CLOCKS_WIDTH = 100
"""From so many columns on the header has room for the clocks."""


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
        self.set_interval(1.0, self._tick)

    def _pulsed(self) -> None:
        if self.screen.is_current:
            self.refresh()

    def _tick(self) -> None:
        minute = self._clock(self.console_app.now())
        if minute != self._minute and self.screen.is_current:
            self.refresh()

    def _clock(self, now: datetime) -> str:
        zone = self.console_app.zone
        utc = now.strftime("%H:%MZ")
        if zone in ("UTC", ""):
            return utc
        return f"{now.astimezone(ZoneInfo(zone)).strftime('%H:%M')} {utc}"

    def render_line(self, y: int) -> Strip:
        console = self.console_app
        pulse: Pulse = console.pulse
        base = self.rich_style + console.look["header"]
        self._minute = self._clock(console.now())
        left = self._figures(pulse)
        right = self._state(pulse) + f"  {self._minute} "
        width = self.size.width
        room = width - len(right)
        segments = [Segment(fit(left, max(0, room)), base)]
        if console.paused:
            badge = " PAUSED · = "
            segments = [
                Segment(fit(left, max(0, room - len(badge) - 1)), base),
                Segment(badge, self.rich_style + console.look["paused"]),
                Segment(" ", base),
            ]
        is_well = pulse.collector in ("live", "starting") and console.away_since is None
        tone = "header" if is_well else "say-error"
        segments.append(Segment(right, self.rich_style + console.look[tone]))
        return Strip(segments).adjust_cell_length(width, base)

    def _figures(self, pulse: Pulse) -> str:
        console = self.console_app
        parts = [
            f" SOC {console.login}",
            f"new {pulse.new} crit {pulse.critical} mine {pulse.mine}",
        ]
        clocks = pulse.clocks if self.size.width >= CLOCKS_WIDTH else pulse.urgent
        if clocks:
            parts.append(clocks)
        if console.read_only:
            parts.insert(1, "READ-ONLY")
        return "  ".join(parts)

    def _state(self, pulse: Pulse) -> str:
        away = self.console_app.away_since
        if away is not None:
            return f"NO DATABASE since {self._clock(away)} "
        words = []
        if pulse.events_per_second is not None:
            words.append(f"{pulse.events_per_second:.0f} eps")
        if pulse.lag_bytes:
            words.append(f"lag {_size(pulse.lag_bytes)}")
        words.append(_DOT.get(pulse.collector, pulse.collector))
        return "  ".join(words)


def _size(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count}{unit}"
        count //= 1000
    return f"{count}GB"
