"""How fast the store answers beside a collector that never rests.

    python tests/bench/store.py --alerts 1000000 --seconds 20 --json [--db URL [--filled]]

Without --db it makes an SQLite file in a temporary folder; a database that is named has to be
empty, or, with --filled, to hold its alerts from an earlier run. `stolen` is the share of the
processors' time that a host took meanwhile; figures named `calm` leave out the seconds in which
it took any to speak of, and what was begun or ended in them.
"""

import argparse
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, text
from sqlmodel import Session

from socconsole.core.severity import Severity
from socconsole.errors import StoreError
from socconsole.services.alerts import acknowledge, give_back
from socconsole.services.batch import Pace
from socconsole.store import ddl
from socconsole.store.database import Database
from socconsole.store.queries.facets import open_counts
from socconsole.store.queries.queue import QueueQuery, newest_id, page_end, queue_page
from socconsole.store.recording import recording
from socconsole.store.search import newest
from socconsole.store.tables import Alert, Source, table_of
from socconsole.store.types import new_uid
from tests.bench.figures import Calm, Span, print_figures

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WORDS = (
    "Brute force",
    "Web shell",
    "New service",
    "Log cleared",
    "Odd parent",
    "Beacon",
    "Port scan",
)
BATCH = 200
SEED_BATCH = 5_000


def alerts(count: int, first: int = 0) -> Iterator[dict[str, object]]:
    chance = random.Random(first)
    for number in range(first, first + count):
        is_open = chance.random() < 0.5
        seen = NOW - timedelta(seconds=count - number)
        yield {
            "uid": new_uid(), "version": 1, "fingerprint": f"{number:064x}",
            "title": f"{chance.choice(WORDS)} on srv-{number % 997}", "summary": "",
            "rule_id": f"rule-{number % 211}", "rule_revision": "", "tags": ["attack.t1110"],
            "source_id": number % 5 + 1, "severity": Severity(number % 5),
            "rank": float(chance.randrange(10_000)) / 100, "rank_terms": {},
            "status": "new" if is_open else "closed", "is_open": is_open,
            "disposition": None if is_open else "false_positive",
            "auto_closed": False, "count": 1, "quiet_count": 0, "reopen_count": 0,
            "entities": {"host": f"srv-{number % 997}"}, "host": f"srv-{number % 997}",
            "username": f"user{number % 331}",
            "source_ip": f"10.{number % 250}.{number // 250 % 250}.7",
            "first_seen": seen, "last_seen": seen, "created_at": seen,
        }  # fmt: skip


def seed(database: Database, count: int) -> None:
    """Fill the store quickly: indexes of words and counts are made once, at the end."""
    sqlite = database.is_sqlite
    with database.begin() as session:
        for number in range(5):
            session.add(Source(name=f"source-{number}", created_at=NOW))
        session.flush()
        guards = (
            session.execute(
                text(
                    "SELECT name, sql FROM sqlite_master WHERE type='trigger' AND tbl_name='alert'"
                )
            ).all()
            if sqlite
            else []
        )
        for name, _ in guards:
            session.execute(text(f"DROP TRIGGER {name}"))
        rows = alerts(count)
        while batch := [row for _, row in zip(range(SEED_BATCH), rows, strict=False)]:
            session.connection().execute(insert(table_of(Alert)), batch)
        for _, sql in guards:
            session.connection().exec_driver_sql(sql)
        if sqlite:
            session.execute(text("INSERT INTO alert_fts (alert_fts) VALUES ('rebuild')"))
            for table in ("alert_tags", "alert_name", "alert_facet"):
                for statement in ddl.counted(table):
                    session.connection().exec_driver_sql(statement)


class Gate:
    """Lets all processes start at once, and stop."""

    def __init__(self, context: multiprocessing.context.SpawnContext, workers: int):
        self._barrier = context.Barrier(workers + 1)
        self._stop = context.Event()

    def ready(self) -> None:
        self._barrier.wait(120)

    def closed(self, wait: float = 0.0) -> bool:
        return self._stop.wait(wait)

    def close(self) -> None:
        self._stop.set()


def collector(url: str, gate: Gate, first: int, said: multiprocessing.Queue) -> None:
    """Raise alerts as fast as the store takes them, with the pause that lets analysts in."""
    database, raised, errors = Database(url), 0, 0
    database.become_collector()
    pace = Pace(BATCH, most=BATCH)
    gate.ready()
    while not gate.closed():
        rows = list(alerts(pace.events, first + raised))
        try:
            with (
                database.begin() as session,
                recording(
                    session, verb="collector.batch", by="collector", now=NOW, audit="one-entry"
                ) as action,
            ):
                begun = time.monotonic()
                session.connection().execute(insert(table_of(Alert)), rows)
                action.changed.add("alert")
                worked = time.monotonic() - begun
            pace.held(worked)
            raised += len(rows)
        except StoreError:
            errors += 1
        database.give_way()
    database.close()
    said.put(("raised", raised, errors))


def reader(url: str, gate: Gate, said: multiprocessing.Queue) -> None:
    """Read a page twenty times a second, as a console does."""
    database, took, errors = Database(url, read_only=True), [], 0
    query = QueueQuery.of("", login="alice", now=NOW)
    gate.ready()
    while not gate.closed(0.05):
        start = time.monotonic()
        try:
            with database.read() as session:
                queue_page(session, query, limit=50)
            took.append(Span(start, time.monotonic()))
        except StoreError:
            errors += 1
    database.close()
    said.put(("read", took[1:], errors))


def writer(url: str, gate: Gate, number: int, said: multiprocessing.Queue) -> None:
    """Take an alert and give it back, five times a second."""
    database, took, errors = Database(url), [], 0
    login, chance = f"analyst-{number}", random.Random(number)
    with database.read() as session:
        mine = [row.id for row in queue_page(
            session, QueueQuery.of("status:new", login=login, now=NOW), limit=50
        )][number::4]  # fmt: skip
    verbs = (acknowledge, give_back)
    chosen = chance.choice(mine)
    gate.ready()
    while not gate.closed(0.1):
        start = time.monotonic()
        try:
            with database.begin() as session:
                verbs[len(took) % 2](session, [chosen], by=login, now=NOW)
            took.append(Span(start, time.monotonic()))
        except StoreError:
            errors += 1
    database.close()
    said.put(("write", took[1:], errors))


def median_ms(work: Callable[[Session], object], database: Database, times: int = 15) -> float:
    took = []
    for _ in range(times):
        with database.read() as session:
            session.connection()
            start = time.perf_counter()
            work(session)
            took.append(time.perf_counter() - start)
    return round(statistics.median(took) * 1000, 2)


def p99_ms(took: list[Span]) -> float | None:
    return round(sorted(s.secs for s in took)[int(len(took) * 0.99)] * 1000, 2) if took else None


def alone(database: Database) -> dict[str, float]:
    query = QueueQuery.of("", login="alice", now=NOW)
    nothing = QueueQuery.of("host:no-such-host*", login="alice", now=NOW)
    several = QueueQuery.of("severity>=high host:srv-12*", login="alice", now=NOW)
    letters = QueueQuery.of("~qzxq", login="alice", now=NOW)
    with database.read() as session:
        page = queue_page(session, query, limit=50)
        end = page_end(session, query, page[-1])
    return {
        "page_ms": median_ms(lambda s: queue_page(s, query, limit=50), database),
        "next_page_ms": median_ms(lambda s: queue_page(s, query, limit=50, after=end), database),
        "filter_ms": median_ms(lambda s: queue_page(s, nothing, limit=50), database),
        "filter_several_ms": median_ms(lambda s: queue_page(s, several, limit=50), database),
        "filter_letters_ms": median_ms(lambda s: queue_page(s, letters, limit=50), database),
        "facets_ms": median_ms(open_counts, database),
        "search_ms": median_ms(lambda s: newest(s, "alert", "brute force", 50), database),
        "search_rare_ms": median_ms(lambda s: newest(s, "alert", "10.7.7.7", 50), database),
    }


def together(url: str, seconds: float, first: int) -> dict[str, float | None]:
    """Run a collector, four reading consoles and three writing analysts at once."""
    context = multiprocessing.get_context("spawn")
    gate, said = Gate(context, 8), context.Queue()
    workers = [context.Process(target=collector, args=(url, gate, first, said))]
    workers += [context.Process(target=reader, args=(url, gate, said)) for _ in range(4)]
    workers += [context.Process(target=writer, args=(url, gate, n, said)) for n in range(3)]
    for worker in workers:
        worker.start()
    gate.ready()
    calm = Calm()
    stolen = calm.watch(seconds)
    gate.close()
    answers = [said.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    raised = sum(what for kind, what, _ in answers if kind == "raised")
    writes, reads = (
        [span for kind, spans, _ in answers if kind == wanted for span in spans]
        for wanted in ("write", "read")
    )
    return {
        "alerts_per_second": round(raised / seconds, 1),
        "writes": len(writes),
        "write_p99_ms": p99_ms(writes),
        "calm_writes": len(calm.among(writes)),
        "calm_write_p99_ms": p99_ms(calm.among(writes)),
        "reads": len(reads),
        "read_p99_ms": p99_ms(reads),
        "calm_reads": len(calm.among(reads)),
        "calm_read_p99_ms": p99_ms(calm.among(reads)),
        "locked_errors": sum(errors for _, _, errors in answers),
        "stolen": round(stolen, 3),
    }


def measure(url: str, count: int, seconds: float) -> dict[str, object]:
    """Measure a database; a `count` of 0 takes it as it is filled."""
    database = Database(url)
    database.create()
    start = time.perf_counter()
    if count:
        seed(database, count)
    with database.read() as session:
        newest = newest_id(session)
    figures: dict[str, object] = {
        "alerts": newest,
        "engine": "sqlite" if database.is_sqlite else "postgresql",
        "seed_seconds": round(time.perf_counter() - start, 1),
        **alone(database),
    }
    database.close()
    return figures | together(url, seconds, newest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--db")
    parser.add_argument("--filled", action="store_true", help="measure what --db holds already")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    count = 0 if asked.filled else asked.alerts
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(asked.db or str(Path(folder) / "soc.db"), count, asked.seconds)
    print_figures(figures, as_json=asked.json)


if __name__ == "__main__":
    main()
