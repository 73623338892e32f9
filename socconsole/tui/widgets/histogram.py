"""Lines over time as blocks: how many, how many of them errors, and where the cursor is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from socconsole.tui.cells import fit
from socconsole.tui.console import console
from socconsole.tui.widgets.sparkline import sparkline
from socconsole.tui.widgets.tail import TailLine

_LABEL, _REMARK = 8, 26
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
"""Seconds that one column may stand for."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """Lines counted by time."""

    start: datetime
    step: int
    """Seconds a column."""
    lines: tuple[int, ...]
    errors: tuple[int, ...]

    @property
    def end(self) -> datetime:
        """Where the last column ends."""
        return self.start + timedelta(seconds=self.step * len(self.lines))

    def column_of(self, at: datetime) -> int:
        """Return the column that holds a moment."""
        column = int((at - self.start).total_seconds() // self.step)
        return max(0, min(column, len(self.lines) - 1))


def counted(lines: Iterable[TailLine], width: int) -> Buckets | None:
    """Return the lines that have a time in at most `width` columns; None where none has one."""
    seconds = [(int(line.time.timestamp()), line.style == "bad") for line in lines if line.time]
    if not seconds or width < 1:
        return None
    low, high = min(seconds)[0], max(seconds)[0]
    needed = (high - low + 1) / width
    step = next((each for each in _STEPS if each >= needed), int(needed) + 1)
    first = low - low % step
    columns = min((high - first) // step + 1, width + 1)
    all_lines, errors = [0] * columns, [0] * columns
    for second, is_error in seconds:
        at = min((second - first) // step, columns - 1)
        all_lines[at] += 1
        errors[at] += is_error
    start = datetime.fromtimestamp(first, UTC)
    return Buckets(start, step, tuple(all_lines), tuple(errors))


class Histogram(Widget):
    """Shows when the lines of a tail happened; `show` redraws it."""

    DEFAULT_CSS = "Histogram { height: 3; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self._buckets: Buckets | None = None
        self._cursor: datetime | None = None

    def show(self, lines: Iterable[TailLine], cursor: datetime | None) -> None:
        """Count `lines` again; `cursor` is the time of the line picked."""
        width = max(1, self.size.width - _LABEL - _REMARK)
        buckets = counted(lines, width - 1)
        if (buckets, cursor) != (self._buckets, self._cursor):
            self._buckets, self._cursor = buckets, cursor
            self.refresh()

    def render_line(self, y: int) -> Strip:
        look = console(self).look
        base, width = self.rich_style, self.size.width
        muted = base + look["muted"]
        room = max(1, width - _LABEL - _REMARK)
        buckets = self._buckets
        if buckets is None:
            text = " No line with a time yet." if y == 1 else ""
            return Strip([Segment(fit(text, width), muted)])
        if y == 2:
            axis = self._axis(buckets, room)
            return Strip([Segment(fit(f"{'':{_LABEL}}{axis}", width), muted)])
        values, name, tone, remark = (
            (buckets.lines, "lines", "key", f"{_span(buckets.step)} a column")
            if y == 0
            else (buckets.errors, "errors", "bad", f"{sum(buckets.errors):,} errors")
        )
        at = -1 if self._cursor is None else buckets.column_of(self._cursor)
        styles = [
            base + look["cursor"] if column == at else base + look[tone] if value else muted
            for column, value in enumerate(values)
        ]
        bars = zip(sparkline(values, room), styles, strict=False)
        columns = Strip([Segment(block, style) for block, style in bars]).simplify()
        segments = [
            Segment(fit(f" {name}", _LABEL), muted),
            *columns.adjust_cell_length(room, base),
            Segment(fit(f" {remark}", _REMARK), muted),
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def _axis(self, buckets: Buckets, room: int) -> str:
        """Return where the columns start and where they end."""
        used = min(room, len(buckets.lines))
        form = "%H:%M:%S" if buckets.step < 3600 else "%m-%d %H:%M"
        start, end = buckets.start.strftime(form), buckets.end.strftime(form) + "Z"
        axis = list(start.ljust(room))
        at = max(used - len(end), len(start) + 1)
        axis[at : at + len(end)] = end
        return "".join(axis[:room])


def _span(seconds: int) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
