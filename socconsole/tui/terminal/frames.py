"""Frames as few bytes: what Textual is about to paint, said in the shortest way.

Textual names every colour of every piece of text anew, and repaints a line from its first cell
even where only its end has changed. Over SSH each byte is waited for.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

_ENDS = {
    "1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28",
    "9": "29", "21": "24",
}  # fmt: skip
"""Attribute → the code that ends it."""
_SEEN_ON_BLANKS = frozenset({"4", "7", "9", "21", "53"})


class Pen(NamedTuple):
    """What the terminal draws with; "" is its own colour."""

    attributes: frozenset[str] = frozenset()
    color: str = ""
    background: str = ""


def brief(update: CompositorUpdate) -> CompositorUpdate:
    """Return `update` so that it comes out shorter and paints the same cells."""
    if type(update) is ChopsUpdate:
        return BriefUpdate(_changed_parts(update))
    if type(update) is LayoutUpdate:
        return BriefUpdate(_all_parts(update))
    return update


class ShiftedUpdate(CompositorUpdate):
    """A change of lines that the terminal has to shift first, in one piece with that.

    On its own the shift would show its blank lines until the next frame.
    """

    def __init__(self, shift: str, update: CompositorUpdate) -> None:
        self._shift, self._update = shift, update

    def render_segments(self, console: Console) -> str:
        """Return the codes of the shift and what paints the change."""
        return self._shift + self._update.render_segments(console)


class BriefUpdate(CompositorUpdate):
    """Strips at places, each style said once."""

    def __init__(self, parts: Iterable[tuple[int, int, Strip]]) -> None:
        self._parts = parts

    def render_segments(self, console: Console) -> str:
        """Return what paints the parts, once."""
        system = console._color_system or ColorSystem.TRUECOLOR  # noqa: SLF001 as Textual does
        written: list[str] = []
        pen, place = Pen(), (-1, -1)
        for x, y, strip in self._parts:
            if place != (x, y):
                written.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
            place = (x + strip.cell_length, y)
            for text, style, control in strip:
                if control or not text:
                    continue
                if style is not None and style._link:  # noqa: SLF001
                    written.append(_plain(pen) + Strip.render_style(style, text, system))
                    pen = Pen()
                    continue
                wanted = _pen(_codes(style, system))
                if text.isspace() and _blank_alike(pen, wanted):
                    written.append(text)
                    continue
                written.append(_change(pen, wanted) + text)
                pen = wanted
        written.append(_plain(pen))
        return "".join(written)


def fill_codes(style: Style, console: Console) -> str:
    """Return what makes the terminal fill what it clears with the background of `style`."""
    system = console._color_system or ColorSystem.TRUECOLOR  # noqa: SLF001 as Textual does
    codes = Strip.render_ansi(Style(bgcolor=style.bgcolor), system)
    return f"\x1b[{codes}m" if codes else ""


def _changed_parts(update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x >= last or end <= first:
                continue
            left, right = max(x, first), min(end, last)
            if (left, right) == (x, end) or not _is_even(strip):
                yield x, y, strip
            else:
                yield left, y, strip.crop(left - x, right - x)


def _is_even(strip: Strip) -> bool:
    """Return whether every character takes one cell, so that it may be cut anywhere."""
    return all(get_character_cell_size(each) == 1 for segment in strip for each in segment.text)


def _all_parts(update: LayoutUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, strips in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in strips:
            yield x, y, strip
            x += strip.cell_length


def _codes(style: Style | None, system: ColorSystem) -> str:
    if style is None:
        return ""
    if style._ansi is None:  # noqa: SLF001 where Rich and Textual keep it
        return Strip.render_ansi(style, system)
    return style._ansi  # noqa: SLF001


@lru_cache(maxsize=1024)
def _pen(codes: str) -> Pen:
    """Return what SGR codes without a reset draw with."""
    attributes: set[str] = set()
    color = background = ""
    waiting = iter(codes.split(";")) if codes else iter(())
    for code in waiting:
        value = code
        if code in ("38", "48"):
            kind = next(waiting, "")
            count = 1 if kind == "5" else 3
            value = ";".join([code, kind, *(next(waiting, "") for _ in range(count))])
        number = int(code)
        if number == 38 or 30 <= number <= 39 or 90 <= number <= 97:
            color = "" if number == 39 else value
        elif 40 <= number <= 49 or 100 <= number <= 107:
            background = "" if number == 49 else value
        else:
            attributes.add(code)
    return Pen(frozenset(attributes), color, background)


@lru_cache(maxsize=4096)
def _change(old: Pen, new: Pen) -> str:
    """Return what makes the terminal draw with `new` when it draws with `old`."""
    if old == new:
        return ""
    ended = old.attributes - new.attributes
    if not all(code in _ENDS for code in ended):
        return "\x1b[0m" + _change(Pen(), new)
    ends = {_ENDS[code] for code in ended}
    kept = {code for code in old.attributes & new.attributes if _ENDS.get(code) not in ends}
    codes = [*sorted(ends), *sorted(new.attributes - kept)]
    if new.color != old.color:
        codes.append(new.color or "39")
    if new.background != old.background:
        codes.append(new.background or "49")
    return f"\x1b[{';'.join(codes)}m"


def _plain(pen: Pen) -> str:
    return "" if pen == Pen() else "\x1b[0m"


def _blank_alike(one: Pen, other: Pen) -> bool:
    """Return whether a blank looks the same with both."""
    seen = one.attributes ^ other.attributes
    return one.background == other.background and not (
        seen & _SEEN_ON_BLANKS or (one.attributes | other.attributes) & _SEEN_ON_BLANKS
    )
