"""What keeping every event costs: bytes, time, finding a value again, forgetting; and the audit.

    python tests/bench/events.py --events 1000000 --json [--db postgresql://…]

Reads $SOCCONSOLE_CORPORA; a database that is named has to be empty.
"""

import argparse
import gzip
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import bindparam, update

from socconsole.core.event import Event, ReadContext
from socconsole.parsers import find, open_parser
from socconsole.parsers.reading import decode, read_line, split
from socconsole.store.audit import verify
from socconsole.store.database import Database
from socconsole.store.events import EventStore
from socconsole.store.journal import Touch
from socconsole.store.recording import recording
from socconsole.store.tables import Generation, Source
from tests.bench.figures import print_figures

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CORPORA = {"sshd": "loghub/OpenSSH_2k.log", "windows": "windows-events/mix20k.ndjson.gz"}
BATCH = 1_000
"""What a collector commits at once."""
NEEDLE = "203.0.113.77"
EVERY = 250_000
"""One event in so many names the needle."""
MOST = 4_000


def read(format_name: str) -> list[Event]:
    folder = os.environ.get("SOCCONSOLE_CORPORA")
    if not folder:
        sys.exit(
            "Set SOCCONSOLE_CORPORA to the folder of public logs, see tests/corpora/README.md."
        )
    path = Path(folder) / CORPORA[format_name]
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as stream:
        lines = [line for line, _ in zip(split(stream, source="bench"), range(MOST), strict=False)]
    parse = open_parser(find(format_name), [decode(line.data)[0] for line in lines[:50]])
    context = ReadContext(reference=NOON)
    found = (read_line(parse, line, context) for line in lines)
    return [event for event in found if event is not None]


def batches(events: Sequence[Event], count: int, generation: int) -> Iterator[list[Event]]:
    """Yield `count` events, the same again and again, as one long file would hold them."""
    offset = 0
    for start in range(0, count, BATCH):
        batch = []
        for number in range(start, min(start + BATCH, count)):
            event = events[number % len(events)]
            size = len(event.raw) + 1
            line = replace(event.line, offset=offset, end=offset + size, generation=generation)
            fields = event.fields
            if number % EVERY == EVERY - 1:
                fields = {**fields, **dict.fromkeys(event.names.values(), NEEDLE)}
            batch.append(replace(event, line=line, fields=fields))
            offset += size
        yield batch


def keep(
    database: Database, store: EventStore, events: Sequence[Event], count: int
) -> tuple[float, float]:
    """Store events as a collector does; return seconds and processor seconds."""
    with database.begin() as session:
        source = Source(name=f"bench-{len(events)}-{events[0].format}", created_at=NOON)
        session.add(source)
        session.flush()
        place = Generation(source_id=source.id, path="/log", first_seen_at=NOON, updated_at=NOON)
        session.add(place)
        session.flush()
        source_id, generation_id = source.id, place.id
    table = Generation.__table__
    checkpoint = (
        update(table).where(table.c.id == bindparam("place")).values(offset=bindparam("end"))
    )
    wall = processor = 0.0
    for batch in batches(events, count, generation_id):
        start, used = time.perf_counter(), time.process_time()
        with database.begin() as session:
            store.append(session, source_id, generation_id, batch, read_at=NOON)
            session.execute(checkpoint, {"place": generation_id, "end": batch[-1].line.end})
        wall += time.perf_counter() - start
        processor += time.process_time() - used
    return wall, processor


def lookup_ms(store: EventStore, times: int = 9) -> float:
    """Return how long the index takes to say which blocks hold a value."""
    from socconsole.store.event_blocks import Place, Wanted

    took = []
    wanted = Wanted(tokens=(NEEDLE,))
    for _ in range(times):
        start = time.perf_counter()
        store._blocks.after(Place(f"{NOON:%Y-%m-%d}", 0), wanted, 100)
        took.append(time.perf_counter() - start)
    return statistics.median(took) * 1000


def audit_speed(database: Database, entries: int = 100_000) -> float:
    image = {"status": "new", "assignee": None}, {"status": "closed", "assignee": "alice"}
    for start in range(0, entries, 5_000):
        with database.begin() as session:
            with recording(session, verb="alert.close", by="alice", now=NOON) as action:
                action.notes += [
                    Touch(
                        "update", "alert", start + n, "0190f5c0-0000-7000-8000-000000000000", *image
                    )
                    for n in range(5_000)
                ]
    best = float("inf")
    for _ in range(3):
        with database.read() as session:
            connection = session.connection()
            start = time.process_time()
            verdict = verify(connection)
            best = min(best, time.process_time() - start)
    assert verdict.whole
    return verdict.entries / best


def measure(url: str, count: int) -> dict[str, object]:
    database = Database(url)
    database.create()
    store = EventStore(database)
    figures: dict[str, object] = {"engine": "sqlite" if database.is_sqlite else "postgresql"}
    day = f"{NOON:%Y-%m-%d}"
    keep(
        database, store, read("sshd")[:BATCH], BATCH
    )  # what a process does once is not what is asked
    store.close()
    before = store.sizes()[day]
    for format_name, some in (("windows", min(count, 20_000)), ("sshd", count)):
        wall, processor = keep(database, store, read(format_name), some)
        store.close()  # what is in the write-ahead log comes into the file
        size = store.sizes()[day] - before
        before += size
        figures |= {
            f"{format_name}_events": some,
            f"{format_name}_bytes_an_event": round(size / some, 1),
            f"{format_name}_durable_per_second": round(some / wall),
            f"{format_name}_durable_per_processor_second": round(some / processor),
        }
    figures["lookup_ms_per_million"] = round(lookup_ms(store) / (count / 1e6), 3)
    start = time.perf_counter()
    found = len(list(store.search(tokens=[NEEDLE])))
    figures["found_events"] = found
    figures["search_ms"] = round((time.perf_counter() - start) * 1000, 1)
    start = time.perf_counter()
    store.retain(timedelta(0), None, now=NOON + timedelta(days=2))
    figures["forget_day_ms"] = round((time.perf_counter() - start) * 1000, 1)
    figures["audit_entries_verified_per_processor_second"] = round(audit_speed(database))
    store.close()
    database.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--db")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(asked.db or str(Path(folder) / "soc.db"), asked.events)
    print_figures(figures, as_json=asked.json)


if __name__ == "__main__":
    main()
