"""Text measured in terminal cells."""

from datetime import datetime, timedelta

from rich.cells import cell_len, set_cell_size

from socconsole.core.safe_text import safe_text

ELLIPSIS = "…"


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return `text`, made safe, in exactly `width` cells; what is cut ends in an ellipsis."""
    if width <= 0:
        return ""
    shown = safe_text(text, limit=max(width * 2, 16))
    if shown.isascii() and len(shown) <= width:
        return shown.rjust(width) if right else shown.ljust(width)
    cells = cell_len(shown)
    if cells <= width:
        padding = " " * (width - cells)
        return padding + shown if right else shown + padding
    return set_cell_size(shown, width - 1) + ELLIPSIS if width > 1 else ELLIPSIS


def many(count: int, noun: str) -> str:
    """Return `1 line` or `1,011 lines`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def wrap(text: str, width: int) -> list[tuple[int, int]]:
    """Return the half-open character ranges of the lines `text` takes at `width` cells.

    Breaks after a space where one is in the last third of the line, else anywhere.
    """
    if len(text) <= width and text.isascii():
        return [(0, len(text))]
    ranges: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = _line_end(text, start, max(width, 2))
        ranges.append((start, end))
        start = end
    return ranges or [(0, 0)]


def _line_end(text: str, start: int, width: int) -> int:
    used, end = 0, start
    while end < len(text):
        used += cell_len(text[end])
        if used > width:
            break
        end += 1
    if end >= len(text):
        return end
    space = text.rfind(" ", start + width * 2 // 3, end)
    return space + 1 if space >= 0 else max(end, start + 1)


_SPANS = ((14 * 86_400, 7 * 86_400, "w"), (86_400, 86_400, "d"), (3_600, 3_600, "h"))


def span(delta: timedelta) -> str:
    """Return a length of time in at most four characters: `0m`, `22m`, `4h`, `3d`, `2w`.

    Minutes are the smallest unit: what changes every second would repaint every second.
    """
    seconds = max(0, int(delta.total_seconds()))
    for least, size, unit in _SPANS:
        if seconds >= least:
            return f"{seconds // size}{unit}"
    return f"{seconds // 60}m"


def clock(moment: datetime) -> str:
    """Return the time of day of `moment` in UTC, such as `14:02:11Z`."""
    return moment.strftime("%H:%M:%SZ")


def fit_statements(text: str, room: int) -> str:
    """Return as many of the statements between ` · ` as fit; half of one would mislead."""
    said = text.split(" · ")
    while len(said) > 1 and cell_len(" · ".join(said)) > room:
        said.pop()
    kept = " · ".join(said)
    return fit(kept, min(cell_len(kept), room))


def stamp(moment: datetime | None) -> str:
    """Return date and time of `moment` in UTC, or an en dash."""
    return "–" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%SZ")
