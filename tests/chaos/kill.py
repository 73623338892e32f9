"""Kills the collector with SIGKILL while lines are written; no line may be lost or doubled.

    python tests/chaos/kill.py --kills 12 --json [--db postgresql://…]

Every line is an event; every 37th is a detection; two rules with windows fire once a host. All
are counted exactly.
"""

import argparse
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import text

from socconsole.cli import run
from socconsole.store.database import Database
from socconsole.store.events import EventStore

ROOT = Path(__file__).parents[2]
RULE = """
title: A line that counts
id: 0e0ff4a6-9f3e-4d0c-8a8e-4f2c33d1a0b7
status: stable
level: high
logsource: {product: linux, service: sshd}
detection:
  words: ['alarming']
  condition: words
---
title: A line
name: line
id: 0e0ff4a6-9f3e-4d0c-8a8e-4f2c33d1a0b8
status: stable
level: low
logsource: {product: linux, service: sshd}
detection:
  words: ['line']
  condition: words
---
title: A busy host
id: 0e0ff4a6-9f3e-4d0c-8a8e-4f2c33d1a0b9
status: stable
level: high
correlation: {type: event_count, rules: [line], group-by: [host], timespan: 2d, condition: {gte: 9}}
---
title: A new host
id: 0e0ff4a6-9f3e-4d0c-8a8e-4f2c33d1a0ba
status: stable
level: high
correlation: {type: new_value, rules: [line], timespan: 30d, condition: {field: host}}
"""
HOSTS = 97
WINDOWS = ("A busy host", "A new host")
"""Rules that fire once a host, however often what they remember was taken up again."""
SETTINGS = """
[[source]]
name = "app"
path = "logs/app.log*"
format = "sshd"

[rules]
shipped = false
paths = ["rule.yml"]

[fold]
window_minutes = 1440
"""
EVERY = 37
SETTLED = 1.5
"""Seconds without a new line after which all have been read: a doubled one would come in them."""
STUCK = 300.0
"""Seconds without a new line after which no other will come."""


class Writer(threading.Thread):
    """Appends numbered lines and rotates now and then."""

    def __init__(self, folder: Path, chance: random.Random, pause: float):
        super().__init__(daemon=True)
        self.log = folder / "app.log"
        self.chance = chance
        self.pause = pause
        """Longest wait between two writes: a long run writes slowly, or it ends in files alone."""
        self.last = 0
        self.rotations = 0
        self.enough = threading.Event()

    def run(self):
        while not self.enough.is_set():
            with self.log.open("ab", buffering=0) as log:
                for _ in range(self.chance.randint(20, 120)):
                    data = b"".join(self._line() for _ in range(self.chance.randint(1, 30)))
                    cut = self.chance.randint(0, len(data))
                    log.write(data[:cut])
                    time.sleep(self.chance.random() * self.pause)
                    log.write(data[cut:])
            self._rotate()

    def _line(self) -> bytes:
        self.last += 1
        word = "alarming" if self.last % EVERY == 0 else "quiet"
        padding = "x" * self.chance.randint(0, 60)
        clock = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
        host = f"web-{self.last % HOSTS}"
        return f"{clock} {host} sshd[42]: {word} line {self.last} {padding}\n".encode()

    def _rotate(self):
        self.rotations += 1
        target = self.log.with_name(f"app.log.{self.rotations}")
        if self.chance.random() < 0.5:
            self.log.rename(target)
        else:
            shutil.copyfile(self.log, target)
            with self.log.open("r+b") as log:
                log.truncate(0)


WARM = multiprocessing.get_context("forkserver")
"""Processes that have everything imported already: a thousand starts are affordable."""
WARM.set_forkserver_preload(["socconsole.cli.collect", "socconsole.collector", "sqlalchemy"])


def collector(folder: Path, url: str) -> multiprocessing.Process:
    words = ["--config", str(folder / "socconsole.toml"), "--db", url, "collect"]
    process = WARM.Process(target=collect, args=(str(folder / "collector.log"), words))
    process.start()
    return process


def collect(log: str, words: list[str]) -> None:
    os.chdir(ROOT)
    with Path(log).open("ab") as said:
        os.dup2(said.fileno(), 2)
    raise SystemExit(run(words))


def torture(folder: Path, url: str, kills: int, seed: int, pause: float) -> Writer:
    chance = random.Random(seed)
    (folder / "logs").mkdir()
    (folder / "rule.yml").write_text(RULE)
    (folder / "socconsole.toml").write_text(SETTINGS)
    writer = Writer(folder / "logs", random.Random(seed + 1), 0.03 if kills > 50 else 0.004)
    writer.start()
    database = Database(url)
    for number in range(kills):
        before = lines_read(database)
        running = collector(folder, url)
        if number % 4:  # every fourth is killed wherever its start has come to
            wait_until_it_reads(database, before)
        time.sleep(chance.uniform(0.0, pause))
        running.kill()
        running.join()
    database.close()
    writer.enough.set()
    writer.join()
    last = collector(folder, url)
    wait_until_read(url, writer.last, last)
    last.terminate()
    last.join()
    return writer


def lines_read(database: Database) -> int:
    """Return how many lines the figures say were read."""
    with database.read() as session:
        query = text("SELECT coalesce(sum(lines), 0) FROM source")
        return int(session.connection().execute(query).scalar() or 0)


def wait_until_it_reads(database: Database, before: int, seconds: float = 30.0):
    """Wait until more than `before` lines were read."""
    deadline = time.monotonic() + seconds
    while lines_read(database) <= before and time.monotonic() < deadline:
        time.sleep(0.02)


def wait_until_read(url: str, lines: int, last: multiprocessing.Process):
    """Wait until the figures say that everything was read, for as long as reading goes on."""
    database = Database(url)
    before, since = -1, time.monotonic()
    while last.is_alive():
        count = lines_read(database)
        if count != before:
            before, since = count, time.monotonic()
        if time.monotonic() - since > (SETTLED if count >= lines else STUCK):
            break
        time.sleep(0.2)
    database.close()


def count(url: str, writer: Writer) -> dict[str, int]:
    database = Database(url)
    events = EventStore(database)
    seen = Counter(int(one.event.raw.split(" line ")[1].split()[0]) for one in events.search())
    with database.read() as session:
        connection = session.connection()
        fired = dict.fromkeys(("A line that counts", *WINDOWS), 0)
        fired |= {
            str(title): int(times)
            for title, times in connection.execute(
                text("SELECT title, sum(count) FROM alert GROUP BY title")
            )
        }
        lines = connection.execute(text("SELECT sum(lines) FROM source")).scalar()
        gaps = connection.execute(
            text("SELECT count(*) FROM source_note WHERE kind = 'gap'")
        ).scalar()
    events.close()
    database.close()
    wanted = {"A line that counts": writer.last // EVERY, **dict.fromkeys(WINDOWS, HOSTS)}
    return {
        "lines": writer.last,
        "lost": sum(1 for n in range(1, writer.last + 1) if n not in seen),
        "doubled": sum(times - 1 for times in seen.values()),
        "detections_lost": sum(max(0, wanted[title] - times) for title, times in fired.items()),
        "detections_doubled": sum(max(0, times - wanted[title]) for title, times in fired.items()),
        "lines_counted": int(lines or 0),
        "rotations": writer.rotations,
        "gaps_reported": int(gaps or 0),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--db", help="an empty database; without it an SQLite file of its own")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--pause", type=float, default=1.2, help="longest life after a start")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="socconsole-kill.") as name:
        folder = Path(name)
        url = options.db or f"sqlite:///{folder / 'soc.db'}"
        database = Database(url)
        database.create()
        database.close()
        writer = torture(folder, url, options.kills, options.seed, options.pause)
        figures = {"kills": options.kills, **count(url, writer)}
        log = (folder / "collector.log").read_text()
    print(json.dumps(figures) if options.json else figures)
    failed = any(value for key, value in figures.items() if key.endswith(("lost", "doubled")))
    if failed:
        print(log[-2000:], file=sys.stderr)
    return 1 if failed or figures["lines_counted"] != figures["lines"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
