"""How long a handoff over many open items takes to open.

    python tests/bench/handoff.py --open 200 --json [--db postgresql://…]

Without --db it makes an SQLite file in a temporary folder; a database that is named has to be
empty. `open_ms` is the draft computed as a difference to the last handoff, with the rows of the
screen, and `processor_ms` its share of the processor, for a busy machine. `first_key_to_table_ms`
is what a person at a real terminal waits for the first handoff of a session,
`next_key_to_table_ms` for another look at it; both with the console's processor time.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from socconsole.core.policy import Settings
from socconsole.core.severity import Severity
from socconsole.services import handoffs
from socconsole.store.database import Database
from socconsole.store.tables import (
    Alert,
    DetectionCount,
    EventCount,
    Finding,
    Incident,
    IncidentPhase,
    RuleRecord,
    Source,
    Suppression,
    Task,
    Ticket,
)
from socconsole.tui.screens.handoff import read_paper, rows_of
from socconsole.tui.terminal.startup import WARM_SECS
from tests.bench.console_rows import opened, settled
from tests.bench.figures import print_figures
from tests.terminal import Terminal

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
TIMES = 15
SESSIONS = 3
IDLE_MS = 40
"""A console that shows the same uses less than this in a second."""
MOST_LOOKS = 20


def seed(database: Database, number: int) -> None:
    """Fill a store with `number` open items and what else a handoff reads."""
    with database.begin() as session:
        _surroundings(session)
        for n in range(1, number + 1):
            _open_item(session, n)
    with database.begin() as session:
        handoffs.write(session, "A busy night; nothing burns.", by="mara", now=NOW - 8 * HOUR)
        handoffs.sign(session, by="mara", now=NOW - 8 * HOUR)
    with database.begin() as session:
        for ticket in session.exec(select(Ticket).where(col(Ticket.id) % 3 == 0)):
            ticket.hypothesis = "somebody of ours"


def _surroundings(session: Session) -> None:
    for n in range(20):
        session.add(Source(name=f"source-{n}", created_at=NOW, last_event_time=NOW))
        session.add(RuleRecord(id=f"r{n}", title=f"Rule {n}", severity=2, loaded_at=NOW))
        session.add(
            Suppression(
                kind="maintenance" if n % 2 else "suppression", title=f"planned {n}", filter="x",
                reason="planned", starts_at=NOW, until=NOW + 30 * HOUR, created_at=NOW,
                created_by="mara",
            )
        )  # fmt: skip
    session.flush()
    for n in range(20):
        for hours in range(0, 24 * 29, 2):
            hour = (NOW - hours * HOUR).replace(minute=0)
            session.add(EventCount(hour=hour, source_id=n + 1, category="warning", events=900))
            session.add(DetectionCount(hour=hour, rule_id=f"r{n}", source_id=n + 1, alerts=2))


def _open_item(session: Session, n: int) -> None:
    thought = {
        "hypothesis": "a botnet", "unchecked": "the gateway", "next_step": "ask the ISP",
        "deadline": NOW + HOUR,
    }  # fmt: skip
    session.add(
        Ticket(
            human_id=f"SOC-2026-{n:03d}", title=f"Brute force on host-{n}",
            opened_at=NOW - n * HOUR, opened_by="mara", assignee="mara", due_at=NOW + n * HOUR,
            status=("open", "in_progress", "waiting")[n % 3], waiting_on="the ISP", **thought,
        )
    )  # fmt: skip
    session.add(
        Finding(
            subject_kind="ticket", subject_id=n, checked="the backup account", result="no login",
            meaning="rules_out", created_at=NOW, created_by="mara",
        )
    )  # fmt: skip
    session.add(
        Alert(
            fingerprint=str(n), title=f"Alert {n}", rule_id=f"r{n % 20}", source_id=1,
            severity=Severity(n % 5), first_seen=NOW - n * HOUR, last_seen=NOW,
            created_at=NOW - n * HOUR,
        )
    )  # fmt: skip
    if n % 20 == 0:
        session.add(
            Incident(
                human_id=f"INC-2026-{n:03d}", title=f"Intruder {n}", severity=n % 5 + 1,
                declared_at=NOW - n * HOUR, declared_by="mara", **thought,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            IncidentPhase(incident_id=n // 20, phase="declared", entered_at=NOW, entered_by="mara")
        )
        session.add(
            Task(
                subject_kind="incident", subject_id=n // 20, title="Tell management",
                created_at=NOW, created_by="mara", due_at=NOW + HOUR,
            )
        )  # fmt: skip


def timed(work: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Return the milliseconds a piece of work took, on the wall and on the processor."""
    wall, processor = [], []
    for _ in range(TIMES):
        began, begun = time.perf_counter(), time.process_time()
        work()
        wall.append((time.perf_counter() - began) * 1000)
        processor.append((time.process_time() - begun) * 1000)
    return wall, processor


Spent = tuple[float, float]
"""Milliseconds on the wall, and of the console's processor time."""


def keyed(url: str, folder: Path) -> tuple[list[Spent], list[Spent]]:
    """Return what the way from the key to the table took: first of a session, and once more."""
    first: list[Spent] = []
    again: list[Spent] = []
    for _ in range(SESSIONS):
        with opened(url, folder) as terminal:
            settled(terminal)
            terminal.read(secs=2 * WARM_SECS)
            _until_idle(terminal)
            first.append(_drawn(terminal, "6", "Active incidents"))
            _drawn(terminal, "1", "[Open]")
            terminal.read(quiet=0.5, secs=5)
            again.append(_drawn(terminal, "6", "Active incidents"))
    return first, again


def _drawn(terminal: Terminal, key: str, text: str) -> Spent:
    began, begun = time.perf_counter(), _processor_ms(terminal.pid)
    terminal.press(key)
    terminal.waits_for(text)
    return (time.perf_counter() - began) * 1000, _processor_ms(terminal.pid) - begun


def _until_idle(terminal: Terminal) -> None:
    """Wait until nothing works behind the screen any more, on a busy machine too."""
    used = _processor_ms(terminal.pid)
    for _ in range(MOST_LOOKS):
        terminal.read(secs=1)
        before, used = used, _processor_ms(terminal.pid)
        if used - before < IDLE_MS:
            return


def _processor_ms(pid: int) -> float:
    """Return what all threads of a process have used; 0 where the system does not tell."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in threads) / 1e6


def measure(database: Database, url: str, folder: Path) -> dict[str, object]:
    """Return the figures."""
    papers = []

    def opens() -> None:
        with database.read() as session:
            paper = read_paper(session, None, NOW, Settings())
        papers.append((paper, list(rows_of(paper, everything=True))))

    wall, processor = timed(opens)
    paper, rows = papers[-1]
    first, again = keyed(url, folder)
    return {
        "items": len(paper.entries),
        "rows": len(rows),
        "open_ms": round(statistics.median(wall), 1),
        "open_worst_ms": round(max(wall), 1),
        "processor_ms": round(statistics.median(processor), 1),
        "first_key_to_table_ms": round(statistics.median(wall for wall, _ in first), 1),
        "first_key_processor_ms": round(statistics.median(used for _, used in first), 1),
        "next_key_to_table_ms": round(statistics.median(wall for wall, _ in again), 1),
        "next_key_processor_ms": round(statistics.median(used for _, used in again), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open", type=int, default=200)
    parser.add_argument("--db")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = asked.db or str(Path(folder) / "soc.db")
        database = Database(url)
        database.create()
        seed(database, asked.open)
        result = {"open": asked.open, **measure(database, url, Path(folder))}
        database.close()
    print_figures(result, as_json=asked.json)


if __name__ == "__main__":
    main()
