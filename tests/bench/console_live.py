"""Beside a collector at work: an alert from its line to the screen, the tail, the header."""

import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

from tests.bench.console_keys import key_times
from tests.bench.console_rows import median, opened, percentile, settled, tell
from tests.terminal import Terminal

SETTINGS = """
[[source]]
name = "{name}"
path = "app.log"
format = "sshd"

[collector]
linger_secs = 2
"""
ALERTS = 60
LONGEST_SECS = 60.0
ALERT_RATE, TAIL_RATE = 5_000, 2_000
HEADER_SECS, TAIL_SECS = 8.0, 8.0


def measure(db: Path, folder: Path) -> None:
    """Tell how long a line takes to become an alert on screen, and what live screens cost."""
    log, config = folder / "app.log", folder / "live.toml"
    log.touch()
    config.write_text(SETTINGS.format(name=f"bench-{time.time_ns()}"))
    with opened(db, folder, "--config", str(config)) as terminal:
        settled(terminal)
        terminal.waits_for("live", secs=30)
        with written(log, ALERT_RATE):
            terminal.read(secs=3.0)
            seen = visible_times(terminal, log)
        tell("alert_visible_p50_ms", median(seen))
        tell("alert_visible_p99_ms", percentile(seen, 0.99))
        terminal.press("g")
        terminal.read(quiet=1.0, secs=10)
        with written(log, TAIL_RATE):
            terminal.read(secs=2.0)
            header = len(terminal.read(secs=HEADER_SECS)) / HEADER_SECS
            tell("live_header_bytes_per_second", header)
            terminal.press("3")
            terminal.read(secs=3.0)
            tell("tail_bytes_per_second", len(terminal.read(secs=TAIL_SECS)) / TAIL_SECS)
            terminal.press("k", "k")
            terminal.read(secs=0.5)
            tell("tail_key_p50_ms", median(key_times(terminal)))


@contextmanager
def written(log: Path, rate: int) -> Iterator[None]:
    """Append `rate` ordinary lines a second in another process."""
    stop = multiprocessing.Event()
    writer = multiprocessing.Process(target=write_lines, args=(log, rate, stop))
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def write_lines(log: Path, rate: int, stop: Event) -> None:
    started, done = time.perf_counter(), 0
    with log.open("ab", buffering=0) as file:
        while not stop.wait(0.01):
            due = int((time.perf_counter() - started) * rate)
            file.write(b"".join(line(number, "deploy") for number in range(done, due)))
            done = due


def line(number: int, user: str) -> bytes:
    clock = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    address = f"198.51.{number // 250 % 250}.{number % 250}" if user == "root" else "192.0.2.7"
    return (
        f"{clock} web-1 sshd[42]: Accepted publickey for {user} from {address}"
        f" port {number % 60_000} ssh2\n"
    ).encode()


def visible_times(terminal: Terminal, log: Path) -> list[float]:
    """Return the milliseconds from each line that is an alert to its being counted on screen."""
    chance, taken = random.Random(5), []
    first = int(time.time()) % 50_000
    deadline = time.perf_counter() + LONGEST_SECS
    for number in range(ALERTS):
        if time.perf_counter() > deadline:
            break
        with log.open("ab", buffering=0) as file:
            started = time.perf_counter()
            file.write(line(first + number, "root"))
        wanted = f"▲{number + 1} new"
        terminal.read(until=lambda: wanted in terminal.screen, secs=10)  # noqa: B023
        taken.append((time.perf_counter() - started) * 1000)
        terminal.read(secs=chance.uniform(0.05, 0.4))
    return taken
