"""Stops a PostgreSQL at once (`pg_ctl stop -m immediate`) under a collector and analysts.

    python tests/chaos/server.py --stops 20 --json

Each stop is a crash: the server recovers from its log. Everything that was promised is there
once, every line is an event once, the audit is whole; an action that was refused, or whose answer
was lost, was not repeated by anybody.
"""

import argparse
import itertools
import json
import multiprocessing
import random
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from analysts import WARM, judge, report
from kill import (
    RULE,
    SETTINGS,
    Writer,
    collector,
    count,
    wait_until_it_reads,
    wait_until_read,
)

from socconsole.errors import StoreError
from socconsole.store.database import Database
from tests.postgres import Server, start_server

ANALYSTS = 2


def work(url: str, name: str, pipe: Connection) -> None:
    """Act until killed; a word in the pipe is a promise. What fails is left, as people are told."""
    database = Database(url)
    for number in itertools.count(1):
        try:
            report(database, name, f"{name}-{number}", pipe)
        except StoreError:
            pipe.send("")
            time.sleep(0.1)
        time.sleep(0.01)


def heard(pipes: list[Connection]) -> list[str]:
    return [pipe.recv() for pipe in pipes for _ in iter(pipe.poll, False)]


def torture(server: Server, url: str, folder: Path, stops: int, chance: random.Random):
    (folder / "logs").mkdir()
    (folder / "rule.yml").write_text(RULE)
    (folder / "socconsole.toml").write_text(SETTINGS)
    writer = Writer(folder / "logs", random.Random(chance.random()), 0.05)
    writer.start()
    reading = collector(folder, url)
    watching = Database(url)
    wait_until_it_reads(watching, 0)
    watching.close()
    pipes, people = [], []
    for number in range(ANALYSTS):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        people.append(WARM.Process(target=work, args=(url, f"a{number}", theirs)))
        people[-1].start()
        theirs.close()
        pipes.append(ours)
    said = [pipe.recv() for pipe in pipes]
    for _ in range(stops):
        time.sleep(chance.uniform(1.0, 3.0))
        server.stop("immediate")
        time.sleep(chance.uniform(0.0, 1.0))
        server.start()
        said += heard(pipes)
    time.sleep(1.0)
    for each in people:
        each.kill()
        each.join()
    for pipe in pipes:
        try:
            while pipe.poll():
                said.append(pipe.recv())
        except EOFError:  # killed; perhaps in the middle of a word
            pipe.close()
    writer.enough.set()
    writer.join()
    wait_until_read(url, writer.last, reading)
    reading.terminate()
    reading.join()
    return writer, said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stops", type=int, default=6)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    prefix = "socconsole-server."
    with start_server() as server, tempfile.TemporaryDirectory(prefix=prefix) as name:
        server.remember_commits()
        server.execute("CREATE DATABASE soc")
        url = server.url("soc")
        database = Database(url)
        database.create()
        writer, said = torture(server, url, Path(name), options.stops, random.Random(options.seed))
        people = judge(database, [word for word in said if word])
        database.close()
        lines = count(url, writer)
        log = (Path(name) / "collector.log").read_text()
    figures = {"stops": options.stops, "refused": said.count(""), "analysts": people, **lines}
    print(json.dumps(figures) if options.json else figures)
    wrong = [value for key, value in lines.items() if key.endswith(("lost", "doubled"))]
    wrong += [people["lost"], people["doubled"], not people["whole"]]
    failed = any(wrong) or lines["lines_counted"] != lines["lines"]
    if failed:
        print(log[-2000:], file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
