"""Kills analysts' processes with SIGKILL in the middle of their work; no action may be lost.

    python tests/chaos/analysts.py --kills 100 --json [--db postgresql://…]

Each process opens tickets, writes notes, takes an alert and undoes that, and says what was
committed. Afterwards everything that was said is there exactly once, ticket numbers
have no gap, the audit chain is whole and the file is sound.
"""

import argparse
import itertools
import json
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from sqlmodel import select

from socconsole.core.severity import Severity
from socconsole.services import actions, alerts, notes, tickets
from socconsole.services.tickets import Report
from socconsole.store import condition
from socconsole.store.database import Database
from socconsole.store.queries import subjects
from socconsole.store.tables import Alert, Note, Source, Ticket

WORKERS = 3


WARM = multiprocessing.get_context("forkserver")
"""Processes that have everything imported already: a thousand starts are affordable."""
WARM.set_forkserver_preload(
    [each.__name__ for each in (actions, alerts, condition, notes, tickets)]
)


def work(url: str, name: str, pipe: Connection) -> None:
    """Act until killed; a word in the pipe is a promise."""
    database = Database(url)
    for number in itertools.count(1):
        report(database, name, f"{name}-{number}", pipe)
        now = datetime.now(UTC)
        with database.begin() as session:
            taken = alerts.claim_next(session, by=name, now=now)
        if taken is not None:
            with database.begin() as session:
                actions.undo(session, by=name, now=now)
        database.give_way()  # nobody works without a pause


def report(database: Database, name: str, mark: str, pipe: Connection) -> None:
    """Open a ticket and write a note on it; each is promised once it is committed."""
    now = datetime.now(UTC)
    with database.begin() as session:
        made = tickets.open_by_hand(session, Report(title=mark), by=name, now=now)
    pipe.send(f"ticket {mark}")
    with database.begin() as session:
        about = subjects.subject(session, made.human_id)
        notes.add(session, about, f"note {mark}", by=name, now=now)
    pipe.send(f"note {mark}")


def seed(database: Database) -> None:
    now = datetime.now(UTC)
    with database.begin() as session:
        session.add(Source(name="auth", created_at=now))
        session.flush()
        for number in range(50):
            session.add(
                Alert(
                    fingerprint=str(number), title="Brute force", rule_id="r", source_id=1,
                    severity=Severity.HIGH, first_seen=now, last_seen=now, created_at=now,
                )
            )  # fmt: skip


def torture(url: str, kills: int, chance: random.Random) -> list[str]:
    """Start workers and kill them at random moments; return what they said."""
    said: list[str] = []
    running: list[Analyst] = []
    for number in range(kills):
        while len(running) < WORKERS:
            running.append(Analyst(url, f"a{number}-{len(running)}"))
        victim = running.pop(0)
        said += victim.first_word()  # it has started for good
        time.sleep(chance.uniform(0.0, 0.5))
        said += victim.end()
    for each in running:
        said += each.end()
    return [line for line in said if line]


class Analyst:
    """A process that works; what it has committed it says through a pipe."""

    def __init__(self, url: str, name: str) -> None:
        self.said, pipe = WARM.Pipe(duplex=False)
        self.process = WARM.Process(target=work, args=(url, name, pipe))
        self.process.start()
        pipe.close()

    def first_word(self) -> list[str]:
        """Wait for the first promise; a process that failed gives none and says why on stderr."""
        try:
            return [self.said.recv()]
        except EOFError:
            return []

    def end(self) -> list[str]:
        self.process.kill()
        self.process.join()
        heard = []
        with self.said:
            try:
                while True:
                    heard.append(self.said.recv())
            except EOFError:  # killed; perhaps in the middle of a word
                return heard


def judge(database: Database, said: list[str]) -> dict[str, object]:
    with database.read() as session:
        titles = Counter(session.exec(select(Ticket.title)))
        bodies = Counter(session.exec(select(Note.body)))
        numbers = sorted(
            int(each.rsplit("-", 1)[1]) for each in session.exec(select(Ticket.human_id))
        )
        stuck = len(session.exec(select(Alert).where(Alert.status != "new")).all())
    promised = Counter(said)
    there = Counter({f"ticket {k}": v for k, v in titles.items()}) + bodies
    state = condition.examine(database)
    return {
        "promised": sum(promised.values()),
        "lost": sum((promised - there).values()),
        "doubled": sum(count - 1 for count in there.values() if count > 1),
        "gaps": len(set(range(1, len(numbers) + 1)) - set(numbers)),
        "alerts_taken_at_death": stuck,
        "audit_entries": state.chain.entries,
        "whole": state.whole,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--db")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = asked.db or str(Path(folder) / "soc.db")
        database = Database(url)
        database.create()
        seed(database)
        said = torture(url, asked.kills, random.Random(asked.seed))
        result = {"kills": asked.kills, **judge(database, said)}
        database.close()
    print(json.dumps(result) if asked.json else "\n".join(f"{k:24}{v}" for k, v in result.items()))
    sys.exit(0 if result["whole"] and not (result["lost"] or result["doubled"]) else 1)


if __name__ == "__main__":
    main()
