"""Takes the lease from a collector again and again: it is killed, or stands still and comes back.

    python tests/chaos/failover.py --rounds 10 --json [--db postgresql://…]

Two collectors are there all the time; one reads, one waits. Every line is an event, and after all
of it each is there exactly once. On a server every second round the owner is only stopped (SIGSTOP)
until the other reads, and goes on then: nothing it still wants to write may come through. A file
stays locked by a process that stands still in a transaction; there the owner is always killed.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kill import RULE, SETTINGS, Writer, collector, count, lines_read, wait_until_read
from sqlalchemy import text

from socconsole.services.leases import LASTS
from socconsole.store.database import Database

MOST = LASTS.total_seconds() + 25
"""Seconds a takeover may take: the lease, a lock of the paused one's, a poll, a busy machine."""


def owner(database: Database) -> tuple[int, int]:
    """Return the epoch and the process that holds the lease; 0 where nobody does."""
    query = text("SELECT l.epoch, n.pid FROM lease l JOIN node n ON n.id = l.node_id")
    with database.read() as session:
        row = session.connection().execute(query).first()
    return (row[0], row[1]) if row else (0, 0)


def until(happened: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for something; return how long that took."""
    start = time.monotonic()
    while not happened():
        if time.monotonic() - start > seconds:
            raise SystemExit(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - start


def torture(folder: Path, url: str, rounds: int, seed: int) -> tuple[Writer, dict[str, object]]:
    chance = random.Random(seed)
    (folder / "logs").mkdir()
    (folder / "rule.yml").write_text(RULE)
    (folder / "socconsole.toml").write_text(SETTINGS)
    writer = Writer(folder / "logs", random.Random(seed + 1), 0.05)
    writer.start()
    database = Database(url)
    running = [collector(folder, url)]
    until(lambda: lines_read(database) > 0, 60, "the first lines")
    taken: dict[str, list[float]] = {"killed": [], "stopped": []}
    for number in range(rounds):
        running.append(collector(folder, url))
        time.sleep(chance.uniform(0.5, 2.0))
        epoch, pid = owner(database)
        stopped = number % 2 == 1 and not database.is_sqlite
        os.kill(pid, signal.SIGSTOP if stopped else signal.SIGKILL)
        way = taken["stopped" if stopped else "killed"]
        way.append(until(lambda: owner(database)[0] > epoch, MOST, "a takeover"))  # noqa: B023 used at once
        before = lines_read(database)
        until(lambda: lines_read(database) > before, 60, "lines read by the other")  # noqa: B023
        if stopped:
            os.kill(pid, signal.SIGCONT)
            time.sleep(chance.uniform(0.2, 1.0))
            if owner(database)[0] != epoch + 1:
                raise SystemExit("the old owner took the lease from one that was alive")
            os.kill(pid, signal.SIGKILL)
        for each in running:
            if each.pid == pid:
                each.join()
        running = [each for each in running if each.pid != pid]
    database.close()
    writer.enough.set()
    writer.join()
    wait_until_read(url, writer.last, running[0])
    for each in running:
        each.terminate()
        each.join()
    longest = {f"longest_{way}": round(max(secs, default=0), 2) for way, secs in taken.items()}
    return writer, longest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--db", help="an empty database; without it an SQLite file of its own")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="socconsole-failover.") as name:
        folder = Path(name)
        url = options.db or f"sqlite:///{folder / 'soc.db'}"
        database = Database(url)
        database.create()
        database.close()
        writer, longest = torture(folder, url, options.rounds, options.seed)
        figures = {"rounds": options.rounds, **longest, **count(url, writer)}
        log = (folder / "collector.log").read_text()
    print(json.dumps(figures) if options.json else figures)
    failed = any(value for key, value in figures.items() if key.endswith(("lost", "doubled")))
    if failed:
        print(log[-2000:], file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
