"""What a terminal shifts along with the lines of a view that is not as wide as the screen."""

from typing import Any

from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

Anew = tuple[Widget, Region]
"""A widget, and which part of it has to be painted anew."""


def shifted_beside(
    screen: Screen[Any], region: Region, rows: range, moved: int
) -> list[Anew] | None:
    """Return what has to be painted anew left and right of `region` once `rows` have shifted.

    A terminal shifts whole lines. Beside a list most are blank, and a blank that moves to where a
    blank was needs nothing. None: shifting would save nothing, or something there is about to
    change.
    """
    if region.width == screen.size.width:
        return []
    anew: list[Anew] = []
    compositor = screen._compositor  # noqa: SLF001 no public way to ask what is where
    for widget, (place, _) in compositor.visible_widgets.items():
        beside = place.right <= region.x or place.x >= region.right
        covered = range(max(place.y, rows.start), min(place.bottom, rows.stop))
        if not beside or not covered or widget.is_container:
            continue
        waiting = any(part.overlaps(place) for part in compositor._dirty_regions)  # noqa: SLF001
        if waiting or widget._repaint_regions or covered != rows:  # noqa: SLF001
            return None
        anew += _differing(widget, place, rows, moved)
    return anew if len(anew) <= len(rows) // 2 else None


def _differing(widget: Widget, place: Region, rows: range, moved: int) -> list[Anew]:
    drawn = widget.render_lines(Region(0, rows.start - place.y, place.width, len(rows)))
    lines: dict[int, Strip] = dict(zip(rows, drawn, strict=True))
    return [
        (widget, Region(0, y - place.y, place.width, 1))
        for y in rows
        if y + moved not in rows or lines[y] != lines[y + moved]
    ]
