"""How the console feels: every row of its budget, measured under a real pty.

    python tests/bench/console.py [--alerts 1000000] [--db FILE] [--only start,keys,work,live]

Each figure is a line of JSON with its name, what it has to reach and how busy the machine was.
A database file that is named is used as it is and changed by it; without one a store is filled
first, which takes minutes for a million alerts.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from socconsole.store.database import Database
from tests.bench import console_keys, console_live, console_start, console_work
from tests.bench.store import seed

PARTS: dict[str, Callable[[Path, Path], None]] = {
    "start": console_start.measure,
    "keys": console_keys.measure,
    "work": console_work.measure,
    "live": console_live.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--db", type=Path)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="socconsole-bench-") as name:
        folder = Path(name)
        db = options.db or folder / "soc.db"
        if options.db is None:
            database = Database(str(db))
            database.create()
            seed(database, options.alerts)
            database.close()
        for part in options.only.split(","):
            PARTS[part](db, folder)


if __name__ == "__main__":
    main()
