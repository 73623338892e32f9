"""What stands around the middle of every screen."""

from textual.app import ComposeResult
from textual.widget import Widget

from socconsole.tui.lines import Part
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.header import StatusHeader
from socconsole.tui.widgets.prompt import PromptLine


def framed(*middle: Widget, bar: "tuple[Part, ...]" = ()) -> ComposeResult:
    """Yield the header, the bar, what stands in the middle, and the bottom line."""
    yield StatusHeader()
    yield Drawn(bar, id="bar")
    yield from middle
    yield PromptLine()
