"""How the console feels: start, keys, bytes on the wire, memory; under a real pty.

    python tests/bench/console.py --alerts 1000000 --rate 1000 --json [--db FILE]

A database file that is named is used as it is; without one a store is filled first.
"""

import argparse
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path

from sqlalchemy import insert, update

from socconsole.store.database import Database
from socconsole.store.tables import Alert, table_of
from tests.bench.store import alerts, seed
from tests.terminal import Terminal, environment

ALERT = table_of(Alert)
STARTS = 7
KEYS = 200
KEY_SECS = 0.05
IDLE_SECS = 8.0


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def opened(db: Path, folder: Path, size: tuple[int, int] = (80, 24)) -> Terminal:
    return Terminal(["--db", str(db)], environment(folder), size=size)


def help_times(folder: Path) -> list[float]:
    """Milliseconds `--help` takes as a whole process."""
    taken = []
    for _ in range(STARTS):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "socconsole", "--help"],
            env=environment(folder),
            capture_output=True,
            check=True,
        )
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def first_frames(db: Path, folder: Path) -> list[float]:
    """Milliseconds from the start of the process to a frame with alerts on it."""
    taken = []
    for _ in range(STARTS):
        started = time.perf_counter()
        with opened(db, folder) as terminal:
            terminal.read(until=lambda: b"srv-" in terminal.raw, secs=20)
            taken.append((time.perf_counter() - started) * 1000)
            terminal.read(quiet=0.5, secs=3)
    return taken


def key_times(terminal: Terminal) -> list[float]:
    """Milliseconds from a key to the first byte of what it paints."""
    taken = []
    for number in range(KEYS):
        key = "j" if number % 40 < 20 else "k"
        terminal.read(secs=0.001)
        before = len(terminal.raw)
        started = time.perf_counter()
        terminal.press(key)
        terminal.read(until=lambda: len(terminal.raw) > before, secs=2)  # noqa: B023 used at once
        taken.append((time.perf_counter() - started) * 1000)
        terminal.read(secs=KEY_SECS)
    return taken


def bytes_of(terminal: Terminal, key: str, times: int) -> float:
    """Bytes one press of `key` costs, on average."""
    sizes = []
    for _ in range(times):
        terminal.press(key)
        sizes.append(len(terminal.read(quiet=0.12, secs=2)))
    return statistics.median(sizes)


def scroll_bytes(db: Path, folder: Path, size: tuple[int, int]) -> float:
    with opened(db, folder, size) as terminal:
        terminal.waits_for("1/")
        terminal.read(quiet=1.0, secs=10)
        if size[0] >= 120:
            terminal.press("p")  # the preview repaints beside the list
            terminal.read(quiet=0.5, secs=3)
        for _ in range(size[1]):
            terminal.press("j")
            terminal.read(secs=0.02)
        terminal.read(quiet=0.5, secs=3)
        return bytes_of(terminal, "j", 15)


def row_update_bytes(terminal: Terminal, database: Database) -> float:
    """Bytes it costs to show that an alert on screen has changed."""
    with database.read() as session:
        chosen = (
            ALERT.select().where(ALERT.c.is_open).order_by(ALERT.c.rank.desc(), ALERT.c.id.desc())
        )
        second = session.connection().execute(chosen.offset(1).limit(1)).one().id
    sizes = []
    for number in range(5):
        with database.begin() as session:
            changed = update(ALERT).where(ALERT.c.id == second).values(count=number + 7)
            session.connection().execute(changed)
        sizes.append(len(terminal.read(quiet=0.8, secs=4)))
    return statistics.median(sizes)


def visible_times(terminal: Terminal, database: Database, first: int) -> list[float]:
    """Milliseconds from an alert's commit to its being counted on screen."""
    taken = []
    for number in range(20):
        row = next(alerts(1, first + number))
        row |= {"is_open": True, "status": "new", "disposition": None}
        with database.begin() as session:
            session.connection().execute(insert(ALERT), [row])
        started = time.perf_counter()
        wanted = f"▲{number + 1} new"
        terminal.read(until=lambda: wanted in terminal.screen, secs=5)  # noqa: B023 used at once
        taken.append((time.perf_counter() - started) * 1000)
        terminal.read(secs=0.37)
    return taken


def write_alerts(db: str, rate: int, first: int, stop: Event) -> None:
    """Insert `rate` alerts a second, in batches, until told to stop."""
    database = Database(db)
    start = time.perf_counter()
    done = 0
    while not stop.is_set():
        due = int((time.perf_counter() - start) * rate)
        if due > done:
            rows = list(alerts(min(due - done, 1000), first + done))
            with database.begin() as session:
                session.connection().execute(insert(ALERT), rows)
            done += len(rows)
        time.sleep(0.05)
    database.close()


def measure(db: Path, folder: Path, rate: int) -> dict[str, float | int]:
    figures: dict[str, float | int] = {}
    figures["help_ms"] = round(statistics.median(help_times(folder)))
    figures["first_frame_ms"] = round(statistics.median(first_frames(db, folder)))
    database = Database(str(db))
    first = int(datetime.now(UTC).timestamp())
    with opened(db, folder) as terminal:
        terminal.waits_for("1/")
        terminal.read(quiet=2.0, secs=15)
        figures["bytes_cursor_move"] = bytes_of(terminal, "j", 9)
        idle = key_times(terminal)
        figures["key_idle_p50_ms"] = round(statistics.median(idle), 1)
        figures["key_idle_p99_ms"] = round(percentile(idle, 0.99), 1)
        terminal.press("g")
        terminal.read(quiet=0.5, secs=3)
        figures["bytes_row_update"] = row_update_bytes(terminal, database)
        terminal.read(quiet=6.0, secs=15)
        figures["idle_bytes"] = len(terminal.read(secs=IDLE_SECS))
        seen = visible_times(terminal, database, first)
        figures["alert_visible_p99_ms"] = round(percentile(seen, 0.99))
        stop = multiprocessing.Event()
        writer = multiprocessing.Process(
            target=write_alerts, args=(str(db), rate, first + 1000, stop)
        )
        writer.start()
        terminal.read(secs=2.0)
        busy = key_times(terminal)
        stop.set()
        writer.join()
        figures["key_p50_ms"] = round(statistics.median(busy), 1)
        figures["key_p99_ms"] = round(percentile(busy, 0.99), 1)
        figures["rss_bytes"] = terminal.rss_bytes()
    database.close()
    figures["bytes_scroll"] = scroll_bytes(db, folder, (80, 24))
    figures["bytes_scroll_200x60"] = scroll_bytes(db, folder, (200, 60))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--db", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="socconsole-bench-") as name:
        folder = Path(name)
        db = options.db or folder / "soc.db"
        if options.db is None:
            database = Database(str(db))
            database.create()
            seed(database, options.alerts)
            database.close()
        figures = measure(db, folder, options.rate)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<24} {value}")


if __name__ == "__main__":
    main()
