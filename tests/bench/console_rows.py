"""The rows of the console's budget: what each is called, and what it has to reach."""

import json
import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.figures import Stolen
from tests.terminal import Terminal, environment

REACH: dict[str, float | None] = {
    "first_frame_ms": 250,
    "first_frame_bare_textual_ms": None,
    "first_key_ms": None,
    "key_idle_p50_ms": None,
    "key_idle_p99_ms": 20,
    "key_busy_p50_ms": None,
    "key_busy_p99_ms": 35,
    "bytes_cursor_move": 450,
    "bytes_row_update": 250,
    "bytes_counter": 200,
    "bytes_line_scroll_80x24": 700,
    "bytes_line_scroll_200x60": 1_200,
    "idle_bytes": 0,
    "live_header_bytes_per_second": 1_000,
    "alert_visible_p50_ms": None,
    "alert_visible_p99_ms": 500,
    "tail_bytes_per_second": 35_000,
    "tail_key_p50_ms": 10,
    "filter_first_page_ms": 50,
    "bulk_alerts": None,
    "bulk_close_ms": 2_000,
    "bulk_close_key_p50_ms": None,
    "bulk_close_key_max_ms": None,
    "bulk_undo_ms": 2_000,
    "bulk_undo_key_p50_ms": None,
    "bulk_undo_key_max_ms": None,
    "console_rss_bytes": 90_000_000,
}
"""Row → the most it may be; None: told for comparison."""


def tell(name: str, figure: float) -> None:
    """Print a row as a line of JSON: figure, what it has to reach, how busy the machine is.

    `stolen` is the share of the processors' time since the row before that a host took from its
    guest: times measured while it is high tell of the host.
    """
    reach = REACH[name]
    row: dict[str, object] = {"name": name, "figure": round(figure, 1), "reach": reach}
    if reach is not None:
        row["reached"] = figure <= reach
    row["load"] = round(os.getloadavg()[0], 1)
    row["stolen"] = round(_STOLEN.share(), 2)
    print(json.dumps(row), flush=True)


_STOLEN = Stolen()


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share of `values` lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def opened(
    db: Path | str,
    folder: Path,
    *options: str,
    size: tuple[int, int] = (80, 24),
    program: Sequence[str] = (sys.executable, "-m", "socconsole"),
) -> Terminal:
    """Open the console on a database in a terminal of that size."""
    return Terminal(["--db", str(db), *options], environment(folder), size=size, program=program)


def settled(terminal: Terminal) -> None:
    """Wait until the whole order is loaded and nothing is drawn any more."""
    terminal.waits_for("1/", secs=30)
    terminal.read(quiet=2.0, secs=20)
