"""How frames reach the terminal: safe to show, briefly said, styled by a sheet parsed once."""

from typing import TYPE_CHECKING, Any, cast

from textual._compositor import CompositorUpdate
from textual.app import App
from textual.filter import LineFilter, Monochrome
from textual.screen import Screen

from socconsole.tui.terminal.frames import ShiftedUpdate, brief
from socconsole.tui.terminal.safe import ControlGuard

if TYPE_CHECKING:
    from rich.console import RenderableType


class PaintedApp(App[int]):
    """An application whose every frame passes through here."""

    ENABLE_COMMAND_PALETTE = False
    ENABLE_SELECT_AUTO_SCROLL = False
    PAUSE_GC_ON_SCROLL = True

    _GUARD = ControlGuard()
    _shift = ""

    @property
    def _background_screens(self) -> list[Screen[Any]]:
        """None: every screen of ours is opaque.

        Textual counts the one below as visible all the same, and each change there, such as a new
        row of the queue, would repaint the one in front whole.
        """
        return []

    def get_line_filters(self) -> list[LineFilter]:
        # Our own looks are colourless already under NO_COLOR; greys would not be.
        kept = [one for one in super().get_line_filters() if not isinstance(one, Monochrome)]
        return [*kept, self._GUARD]

    def shift_lines(self, codes: str) -> None:
        """Send `codes` that shift lines on the terminal, together with the next change of lines."""
        self._shift += codes

    def _display(self, screen: Screen[Any], renderable: object) -> None:
        if isinstance(renderable, CompositorUpdate):
            renderable = brief(renderable)
            if self._shift and not self._batch_count:
                renderable, self._shift = ShiftedUpdate(self._shift, renderable), ""
        super()._display(screen, cast("RenderableType | None", renderable))
