"""Measures how long a line takes from its write to the commit of its row.

python tests/bench/tail.py --rate 1000 --seconds 10 --json
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import text

from socconsole.store.database import Database
from socconsole.store.events import EventStore

SETTINGS = """
[[source]]
name = "app"
path = "app.log"
format = "sshd"
"""
STEP_SECS = 0.01


class Writer(threading.Thread):
    """Appends lines at a steady rate and remembers when each was written."""

    def __init__(self, log: Path, rate: int, seconds: float):
        super().__init__(daemon=True)
        self.log, self.rate, self.seconds = log, rate, seconds
        self.written: list[float] = []

    def run(self):
        started = time.monotonic()
        wanted = int(self.rate * self.seconds)
        with self.log.open("ab", buffering=0) as log:
            while len(self.written) < wanted:
                due = min(int((time.monotonic() - started) * self.rate) + 1, wanted)
                first = len(self.written) + 1
                if due >= first:
                    log.write(b"".join(_line(number) for number in range(first, due + 1)))
                    self.written += [time.monotonic()] * (due + 1 - first)
                time.sleep(min(STEP_SECS, 1 / self.rate))


def _line(number: int) -> bytes:
    clock = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    return (
        f"{clock} web-1 sshd[42]: Accepted publickey for deploy from 192.0.2.7 port {number} ssh2\n"
    ).encode()


def committed(database: Database, writer: Writer, seconds: float) -> list[float]:
    """Return when the n-th line was committed, for every n."""
    changes = database.changes()
    moments: list[float] = []
    deadline = time.monotonic() + seconds
    wanted = int(writer.rate * writer.seconds)
    while len(moments) < wanted and time.monotonic() < deadline:
        if changes.poll():
            with database.read() as session:
                query = text("SELECT coalesce(sum(lines), 0) FROM source")
                count = int(session.connection().execute(query).scalar() or 0)
            moments += [time.monotonic()] * (count - len(moments))
        time.sleep(0.001)
    changes.close()
    return moments


def measure(folder: Path, rate: int, seconds: float) -> dict[str, float]:
    log = folder / "app.log"
    log.touch()
    config = folder / "socconsole.toml"
    config.write_text(SETTINGS)
    url = f"sqlite:///{folder / 'soc.db'}"
    database = Database(url)
    database.create()
    words = ["--config", str(config), "--db", url, "collect"]
    running = subprocess.Popen(
        [sys.executable, "-m", "socconsole", *words], cwd=Path(__file__).parents[2]
    )
    try:
        wait_until_reading(database)
        writer = Writer(log, rate, seconds)
        writer.start()
        moments = committed(database, writer, seconds + 20)
        writer.join()
    finally:
        running.terminate()
        running.wait()
    delays = sorted(
        (done - begun) * 1000 for begun, done in zip(writer.written, moments, strict=False)
    )
    events = EventStore(database)
    seen = Counter(one.event.line.offset for one in events.search() if one.event.line)
    events.close()
    database.close()
    return {
        "rate": rate,
        "seconds": seconds,
        "lines": len(writer.written),
        "commit_p50_ms": round(delays[len(delays) // 2], 1),
        "commit_p99_ms": round(delays[int(len(delays) * 0.99)], 1),
        "commit_max_ms": round(delays[-1], 1),
        "lost": len(writer.written) - len(seen),
        "doubled": sum(seen.values()) - len(seen),
    }


def wait_until_reading(database: Database) -> None:
    """Wait until a collector has registered its source and looked at it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with database.read() as session:
            there = session.connection().execute(text("SELECT count(*) FROM source")).scalar()
        if there:
            time.sleep(1.0)
            return
        time.sleep(0.05)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="socconsole-tail.") as folder:
        figures = measure(Path(folder), options.rate, options.seconds)
    print(json.dumps(figures) if options.json else figures)
    return 1 if figures["lost"] or figures["doubled"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
