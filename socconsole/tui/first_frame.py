"""The first page of the queue on screen before Textual is loaded.

Loading Textual takes longer than everything else an analyst waits for. What draws here also draws
in the widgets, from the same rows; Textual then paints the same cells over it. Where anything is
unusual there is no such frame, and nobody misses it: an empty store, a theme of one's own, a
terminal whose colours are not known at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from socconsole.errors import SettingsError
from socconsole.tui.alert_columns import alert_columns
from socconsole.tui.lines import (
    HeaderFacts,
    Pulse,
    header_line,
    parts_line,
    position_text,
    row_line,
    titles_line,
)
from socconsole.tui.saved_views import ViewBar, fitting
from socconsole.tui.themes import Look, read_look
from socconsole.tui.widgets.columns import placed

_WIDE, _VERY_WIDE, _TALL = 120, 180, 40
_VIEWS_CELLS, _STRIP_LINES = 27, 13
_AROUND = 3
"""Header, bar and bottom line."""


class Place(NamedTuple):
    """Where the list stands on the queue's screen; above it are the header and the bar."""

    x: int
    width: int
    height: int


def list_place(columns: int, rows: int) -> Place:
    """Return where the style sheet puts the list on a screen of that size."""
    strip = _STRIP_LINES if columns >= _VERY_WIDE and rows >= _TALL else 0
    x = _VIEWS_CELLS if columns >= _VERY_WIDE else 0
    room = columns - x
    width = (room - 1) // 2 if columns >= _WIDE else room
    return Place(x, width, rows - _AROUND - strip)


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """What the first page is drawn from."""

    rows: Sequence[Any]
    look: Look
    ground: Style
    facts: HeaderFacts
    columns: int
    lines: int

    def drawn(self, colors: ColorSystem) -> str:
        """Return what paints it on an empty screen."""
        return "".join(
            f"\x1b[{number}H{''.join(_written(line, colors))}"
            for number, line in enumerate(self._screen(), 1)
        )

    def _screen(self) -> Iterator[list[Segment]]:
        place = list_place(self.columns, self.lines)
        yield self._filled(
            header_line(Pulse(), self.facts, self.columns, self._on_ground),
            self._on_ground("header"),
        )
        bar = fitting(ViewBar().parts(), self.columns, is_listed=place.x > 0)
        yield self._filled(parts_line(bar, self.ground, self._on_ground), self.ground)
        for line in self._list(place):
            yield self._filled([Segment(" " * place.x, self.ground), *line], self.ground)
        for _ in range(self.lines - 2 - place.height):
            yield self._filled([], self.ground)

    def _list(self, place: Place) -> Iterator[list[Segment]]:
        columns = placed(alert_columns(lambda: self.facts.now), place.width)
        column = self._on_ground("column")
        yield _exactly([Segment(titles_line(columns), column)], place.width, column)
        shown = self.rows[: place.height - 2]
        cursor = self._on_ground("cursor")
        yield _exactly(row_line(shown[0], columns, cursor, cursor=True), place.width, cursor)
        for row in shown[1:]:
            line = row_line(row, columns, self.ground, self._on_ground)
            yield _exactly(line, place.width, self.ground)
        for _ in range(place.height - 2 - len(shown)):
            yield []
        position = position_text(0, len(self.rows))
        left = Segment(" " * (place.width - len(position)), self.ground)
        yield [left, Segment(position, self._on_ground("muted"))]

    def _on_ground(self, name: str) -> Style:
        return self.ground + self.look[name]

    def _filled(self, line: list[Segment], style: Style) -> list[Segment]:
        return _exactly(line, self.columns, style)


def first_frame(
    rows: Sequence[Any],
    facts: HeaderFacts,
    *,
    theme: str,
    folders: Sequence[Path],
    environ: Mapping[str, str],
    size: tuple[int, int],
) -> str:
    """Return what paints the first frame on an empty screen; empty where Textual does it alone.

    Args:
        rows: The first of the queue.
        facts: What the header says.
        theme: Its name.
        folders: Where themes are, the user's own last.
        environ: Says which colours the terminal has.
        size: Columns and lines of the terminal.

    """
    look, colors = _look(theme, folders, environ), color_system(environ)
    ground = look.ground if look is not None else None
    if not rows or look is None or ground is None or colors is None:
        return ""
    return FirstFrame(rows, look, ground, facts, *size).drawn(colors)


def _look(name: str, folders: Sequence[Path], environ: Mapping[str, str]) -> Look | None:
    """Return the theme called `name` where the file that bears its name holds it."""
    for folder in reversed(folders):
        path = folder / f"{name}.toml"
        if path.is_file():
            try:
                look = read_look(path, checked=False)
            except SettingsError:
                return None
            if look.name != name:
                return None
            if "NO_COLOR" in environ:
                return look.without_color() if look.ansi else None
            return look
    return None


def color_system(environ: Mapping[str, str]) -> ColorSystem | None:
    """Return the colours the environment says the terminal has, as Rich reads it."""
    if "TEXTUAL_COLOR_SYSTEM" in environ:
        return None
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return ColorSystem.TRUECOLOR
    colors = environ.get("TERM", "").strip().lower().rpartition("-")[2]
    return ColorSystem.EIGHT_BIT if colors in ("256color", "kitty") else ColorSystem.STANDARD


def _exactly(line: list[Segment], width: int, style: Style) -> list[Segment]:
    return Segment.adjust_line_length(line, width, style)


def _written(line: list[Segment], colors: ColorSystem) -> Iterator[str]:
    for text, style, _ in line:
        yield (style or Style()).render(text, color_system=colors)
