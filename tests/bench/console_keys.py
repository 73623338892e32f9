"""Keys and bytes: what a key costs, idle and beside a thousand alerts a second."""

import multiprocessing
import time
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path

from sqlalchemy import insert, select, update

from socconsole.core.severity import Severity
from socconsole.store.database import Database
from socconsole.store.tables import Alert, table_of
from tests.bench.console_rows import median, opened, percentile, settled, tell
from tests.bench.store import alerts
from tests.terminal import Terminal

ALERT = table_of(Alert)
KEYS = 200
KEY_SECS = 0.05
IDLE_SECS = 8.0
RATE = 1_000


def measure(db: Path, folder: Path) -> None:
    """Tell how long keys take, how many bytes things cost, and how much memory is in use."""
    database = Database(str(db))
    with opened(db, folder) as terminal:
        settled(terminal)
        tell("bytes_cursor_move", bytes_of(terminal, "j", 9))
        idle = key_times(terminal)
        tell("key_idle_p50_ms", median(idle))
        tell("key_idle_p99_ms", percentile(idle, 0.99))
        terminal.press("g")
        terminal.read(quiet=0.5, secs=3)
        tell("bytes_row_update", row_update_bytes(terminal, database))
        tell("bytes_counter", counter_bytes(terminal, database))
        terminal.read(quiet=6.0, secs=15)
        tell("idle_bytes", idle_bytes(terminal))
        busy = key_times_beside_alerts(terminal, db)
        tell("key_busy_p50_ms", median(busy))
        tell("key_busy_p99_ms", percentile(busy, 0.99))
        tell("console_rss_bytes", terminal.rss_bytes())
    database.close()
    tell("bytes_line_scroll_80x24", scroll_bytes(db, folder, (80, 24)))
    tell("bytes_line_scroll_200x60", scroll_bytes(db, folder, (200, 60)))


def key_times(terminal: Terminal) -> list[float]:
    """Return the milliseconds from each key to the first byte of what it paints."""
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


def key_times_beside_alerts(terminal: Terminal, db: Path) -> list[float]:
    stop = multiprocessing.Event()
    first = int(datetime.now(UTC).timestamp())
    writer = multiprocessing.Process(target=write_alerts, args=(str(db), RATE, first, stop))
    writer.start()
    try:
        terminal.read(secs=2.0)
        return key_times(terminal)
    finally:
        stop.set()
        writer.join()


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


def idle_bytes(terminal: Terminal) -> float:
    """Return the bytes of some seconds with nothing new; a turn of the minute is not waited out."""
    into = time.time() % 60
    if into + IDLE_SECS > 59:
        terminal.read(secs=61 - into)
        terminal.read(quiet=2.0, secs=5)
    return len(terminal.read(secs=IDLE_SECS))


def bytes_of(terminal: Terminal, key: str, times: int) -> float:
    """Return the bytes one press of `key` costs."""
    sizes = []
    for _ in range(times):
        terminal.press(key)
        sizes.append(len(terminal.read(quiet=0.3, secs=2)))
    return median(sizes)


def scroll_bytes(db: Path, folder: Path, size: tuple[int, int]) -> float:
    with opened(db, folder, size=size) as terminal:
        settled(terminal)
        if size[0] >= 120:
            terminal.press("p")  # the preview repaints beside the list
            terminal.read(quiet=0.5, secs=3)
        for _ in range(size[1]):
            terminal.press("j")
            terminal.read(secs=0.02)
        terminal.read(quiet=0.5, secs=3)
        return bytes_of(terminal, "j", 15)


def row_update_bytes(terminal: Terminal, database: Database) -> float:
    """Return the bytes it costs to show that an alert on screen has changed."""
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
    return median(sizes)


def counter_bytes(terminal: Terminal, database: Database) -> float:
    """Return the bytes it costs to show that one figure of the header has changed."""
    with database.read() as session:
        lowest = (
            select(ALERT.c.id)
            .where(ALERT.c.is_open, ALERT.c.severity < Severity.CRITICAL)
            .order_by(ALERT.c.rank, ALERT.c.id)
        )
        off_screen = session.connection().execute(lowest.limit(1)).scalar_one()
    sizes = []
    for number in range(6):
        severity = Severity.HIGH if number % 2 else Severity.CRITICAL
        with database.begin() as session:
            changed = update(ALERT).where(ALERT.c.id == off_screen).values(severity=severity)
            session.connection().execute(changed)
        sizes.append(len(terminal.read(quiet=1.5, secs=5)))
    return median(sizes)
