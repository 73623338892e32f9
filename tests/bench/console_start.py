"""From the start of the process to alerts on screen, beside a bare Textual application."""

import sys
import time
from pathlib import Path

from tests.bench.console_rows import median, opened, tell
from tests.terminal import Terminal, environment

STARTS = 9
BARE = """
from rich.segment import Segment
from textual.app import App
from textual.strip import Strip
from textual.widget import Widget

class Lines(Widget):
    def render_line(self, y):
        return Strip([Segment(f"srv-{y}")])

class Bare(App):
    ENABLE_COMMAND_PALETTE = False
    CSS = "Lines { height: 1fr; width: 1fr; }"

    def compose(self):
        yield Lines()

Bare().run()
"""


def measure(db: Path, folder: Path) -> None:
    """Tell when the first alerts are on screen, and when a key typed at once is answered."""
    ours, bare, keys = [], [], []
    for _ in range(STARTS):
        with Terminal(["-c", BARE], environment(folder), program=(sys.executable,)) as terminal:
            bare.append(shown(terminal))
        with opened(db, folder) as terminal:
            ours.append(shown(terminal))
            keys.append(ours[-1] + answered(terminal))
            terminal.read(quiet=0.5, secs=5)
    tell("first_frame_ms", median(ours))
    tell("first_frame_bare_textual_ms", median(bare))
    tell("first_key_ms", median(keys))


def shown(terminal: Terminal) -> float:
    """Return the milliseconds until a host's name is drawn."""
    started = time.perf_counter()
    terminal.read(until=lambda: b"srv-" in terminal.raw, secs=20)
    return (time.perf_counter() - started) * 1000


def answered(terminal: Terminal) -> float:
    """Return the milliseconds until the cursor is on the second row."""
    started = time.perf_counter()
    terminal.press("j")
    terminal.read(until=lambda: "2/" in terminal.screen, secs=20)
    return (time.perf_counter() - started) * 1000
