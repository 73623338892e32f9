"""Single lines as segments: what widgets draw, and the first frame before there are widgets.

Nothing here needs Textual.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from rich.style import Style

from socconsole.core.safe_text import safe_text
from socconsole.tui.cells import fit
from socconsole.tui.widgets.columns import LEAD, Column, merged

RowT = TypeVar("RowT")
Part = tuple[str, str]
"""A text and the name of a theme style, or "" for the ground's own."""
Line = Sequence[Part]
"""The texts of one line."""
Look = Callable[[str], Style]
"""Name of a theme style → that style on the ground that is drawn on."""

CLOCKS_WIDTH = 100
"""From so many columns on the header has room for the clocks."""
_DOT = {"live": "● live", "starting": "○ starting", "none": "○ no collector"}


@dataclass(frozen=True, slots=True)
class Pulse:
    """What the header shows: the few figures that matter on every screen."""

    new: int = 0
    critical: int = 0
    mine: int = 0
    events_per_second: float | None = None
    lag_bytes: int | None = None
    """Written to the sources and not read yet."""
    collector: str = "starting"
    """`live`, `starting` or `none`."""
    clocks: str = ""
    """Oldest unacknowledged, next breach, updates due; already worded."""
    urgent: str = ""
    """The one of them that a narrow screen shows, in few letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFacts:
    """What the header says beside the pulse."""

    login: str
    zone: str
    now: datetime
    read_only: bool = False
    paused: bool = False
    away_since: datetime | None = None


def header_line(pulse: Pulse, facts: HeaderFacts, width: int, look: Look) -> list[Segment]:
    """Return the top line: who, how much, how the collector is, and two clocks."""
    base = look("header")
    left = _figures(pulse, facts, width)
    badge = " PAUSED · = " if facts.paused else ""
    state = _state(pulse, facts)
    clock = header_clock(facts.now, facts.zone)
    # What somebody owes is never cut for how fast events come: that stands on Sources too.
    while True:
        right = f"{'  '.join(state)}  {clock} "
        room = width - len(right)
        if len(state) == 1 or len(left) + len(badge) < room:
            break
        state = state[1:]
    if badge:
        segments = [
            Segment(fit(left, max(0, room - len(badge) - 1)), base),
            Segment(badge, look("paused")),
            Segment(" ", base),
        ]
    else:
        segments = [Segment(fit(left, max(0, room - 1)) + " " * min(room, 1), base)]
    is_well = pulse.collector in ("live", "starting") and facts.away_since is None
    return [*segments, Segment(right, look("header" if is_well else "say-error"))]


def header_clock(moment: datetime, zone: str) -> str:
    """Return the time of day in the team's zone and in UTC."""
    utc = moment.strftime("%H:%MZ")
    if zone in ("UTC", ""):
        return utc
    return f"{moment.astimezone(ZoneInfo(zone)).strftime('%H:%M')} {utc}"


def _figures(pulse: Pulse, facts: HeaderFacts, width: int) -> str:
    parts = [
        f" SOC {facts.login}",
        f"new {pulse.new} crit {pulse.critical} mine {pulse.mine}",
    ]
    clocks = pulse.clocks if width >= CLOCKS_WIDTH else pulse.urgent
    if clocks:
        parts.append(clocks)
    if facts.read_only:
        parts.insert(1, "READ-ONLY")
    return "  ".join(parts)


def _state(pulse: Pulse, facts: HeaderFacts) -> list[str]:
    """Return how the collector is, the dispensable first."""
    if facts.away_since is not None:
        return [f"NO DATABASE since {header_clock(facts.away_since, facts.zone)} "]
    words = []
    if pulse.events_per_second is not None:
        words.append(f"{pulse.events_per_second:.0f} eps")
    if pulse.lag_bytes:
        words.append(f"lag {_size(pulse.lag_bytes)}")
    words.append(_DOT.get(pulse.collector, pulse.collector))
    return words


def _size(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count}{unit}"
        count //= 1000
    return f"{count}GB"


def changed_cells(before: Iterable[Segment], after: Iterable[Segment]) -> tuple[int, int]:
    """Return the half-open range of cells in which two lines differ.

    It is the whole line where that has another length, or characters that are not one cell wide.
    """
    old, new = _cells(before), _cells(after)
    if len(old) != len(new) or any(get_character_cell_size(text) != 1 for text, _ in old + new):
        return 0, cell_len("".join(text for text, _ in new))
    differing = [place for place, cell in enumerate(new) if cell != old[place]]
    return (differing[0], differing[-1] + 1) if differing else (0, 0)


def _cells(line: Iterable[Segment]) -> list[tuple[str, Style | None]]:
    return [(character, style) for text, style, _ in line for character in text]


def parts_line(parts: Sequence[Part], base: Style, look: Look) -> list[Segment]:
    """Return the segments of words in theme styles."""
    return [Segment(safe_text(text), look(name) if name else base) for text, name in parts]


def titles_line(columns: Sequence[tuple[Column[RowT], int]]) -> str:
    """Return what stands above the rows of a table."""
    titles = " ".join(fit(column.title, own, right=column.right) for column, own in columns)
    return " " * LEAD + titles


def row_line(
    row: RowT,
    columns: Sequence[tuple[Column[RowT], int]],
    whole: Style,
    cell_look: Look | None = None,
    *,
    cursor: bool = False,
    marked: bool = False,
) -> list[Segment]:
    """Return the segments of a row of a table, drawn with `whole`.

    With `cell_look` the columns that have a style of their own use it.
    """
    lead = ("▌" if cursor else " ") + ("*" if marked else " ")
    parts: list[tuple[str, Style]] = [(lead, whole)]
    for column, cells in columns:
        name = column.style(row) if column.style and cell_look else ""
        style = cell_look(name) if cell_look and name else whole
        parts.append((fit(column.text(row), cells, right=column.right), style))
        parts.append((" ", whole))
    return merged(parts)


def position_text(cursor: int, count: int) -> str:
    """Return where the cursor of a list is."""
    return f"{min(cursor + 1, count)}/{count}"
