"""Work on many alerts: a filter's first page, closing ten thousand and taking that back."""

import time
from pathlib import Path

from tests.bench.console_rows import median, opened, percentile, settled, tell
from tests.terminal import Terminal

MANY = "host:srv-10*,srv-2?"
"""Twenty-one hosts of the seed: 10,500 of a million alerts."""
ONE = ("host:srv-500", "host:srv-501", "host:srv-502", "host:srv-503", "host:srv-504")


def measure(db: Path, folder: Path) -> None:
    """Tell how long filters and bulk verbs take, and how keys are answered meanwhile."""
    with opened(db, folder) as terminal:
        settled(terminal)
        tell("filter_first_page_ms", median([filtered(terminal, each) for each in ONE]))
        terminal.press("/", "ctrl+u", MANY, "enter")
        terminal.read(quiet=2.0, secs=20)
        tell("bulk_alerts", int(terminal.screen.splitlines()[22].rpartition("/")[2]))
        terminal.press("*", "x")
        terminal.read(quiet=0.5, secs=5)
        timed(terminal, "f", "Closed as", "bulk_close")
        terminal.read(quiet=2.0, secs=20)
        timed(terminal, "u", "Undid: closed", "bulk_undo")
        terminal.read(quiet=1.0, secs=10)


def filtered(terminal: Terminal, text: str) -> float:
    """Return the milliseconds from Enter to the first page of what a filter finds."""
    host = text.partition(":")[2]
    terminal.press("/", "ctrl+u")
    terminal.read(quiet=0.3, secs=2)
    terminal.press(text)
    terminal.read(until=lambda: text in last_line(terminal), secs=2)
    started = time.perf_counter()
    terminal.press("enter")
    terminal.read(until=lambda: hosts(terminal) == {host}, secs=20)
    taken = (time.perf_counter() - started) * 1000
    terminal.read(quiet=0.5, secs=5)
    return taken


def last_line(terminal: Terminal) -> str:
    return terminal.screen.splitlines()[-1]


def hosts(terminal: Terminal) -> set[str]:
    """Return the hosts of the rows on screen."""
    rows = (line.split() for line in terminal.screen.splitlines()[3:22])
    return {word for row in rows for word in row if word.startswith("srv-")}


def timed(terminal: Terminal, key: str, said: str, name: str) -> None:
    """Press `key`, tell when `said` is on the screen and how other keys fared meanwhile."""
    started = time.perf_counter()
    terminal.press(key)
    terminal.read(secs=0.05)
    moves: list[float] = []
    while said not in terminal.screen and time.perf_counter() - started < 60:
        place = position(terminal)
        pressed = time.perf_counter()
        terminal.press("k" if len(moves) % 2 else "j")
        terminal.read(
            until=lambda: position(terminal) != place or said in terminal.screen,  # noqa: B023
            secs=10,
        )
        moves.append((time.perf_counter() - pressed) * 1000)
        terminal.read(until=lambda: said in terminal.screen, secs=0.1)
    tell(f"{name}_ms", (time.perf_counter() - started) * 1000)
    tell(f"{name}_key_p50_ms", median(moves))
    tell(f"{name}_key_max_ms", percentile(moves, 1.0))


def position(terminal: Terminal) -> str:
    """Return where the cursor is, as the foot of the list says it."""
    return terminal.screen.splitlines()[22].split()[-1]
