"""The collector over a real database: offsets, events, alerts and figures in one transaction."""

from pathlib import Path

import pytest
from sqlalchemy import text

from socconsole.collector import Collector
from socconsole.core.policy import Settings, SourcePolicy
from socconsole.sigma.match import Matcher
from socconsole.sigma.rules import load_rules
from socconsole.store.database import Database
from socconsole.store.events import EventStore
from socconsole.store.queries.sources import sources

RULE = """
title: The word that matters
id: 5b0b7c1e-3f43-4c0e-9d7f-0b6d8f0f4d11
status: stable
level: high
logsource: {product: linux, service: sshd}
detection:
  words: ['matters']
  condition: words
"""


def line(number: int, word: str = "passes") -> str:
    return (
        f"2026-03-02T10:{number // 60 % 60:02d}:{number % 60:02d}+00:00 web-1"
        f" sshd[{number + 1}]: Connection {number} {word}\n"
    )


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "rule.yml").write_text(RULE)
    (tmp_path / "logs").mkdir()
    return tmp_path


def settings_for(folder: Path, *names: str) -> Settings:
    return Settings(
        source=tuple(SourcePolicy(name=name, path=str(folder / "logs" / name)) for name in names)
    )


def collect_once(database: Database, folder: Path, *names: str, **options):
    said: list[str] = []
    events = EventStore(database)
    try:
        collector = Collector(
            database,
            settings_for(folder, *names),
            Matcher(load_rules([folder / "rule.yml"])),
            events,
            login="test",
            say=said.append,
        )
        collector.run_once(**options)
        kept = list(events.search())
    finally:
        events.close()
    return collector.totals, kept, said


def test_lines_become_events_alerts_offsets_and_figures(database, folder):
    log = folder / "logs" / "auth.log"
    log.write_text("".join(line(n, "matters" if n == 7 else "passes") for n in range(20)))
    totals, kept, said = collect_once(database, folder, "auth.log")
    assert (totals.lines, totals.events, totals.detections, said) == (20, 20, 1, [])
    assert [one.event.line.offset for one in kept] == sorted(one.event.line.offset for one in kept)
    with database.read() as session:
        (row,) = sources(session)
        alerts = session.connection().execute(text("SELECT title, count FROM alert")).all()
    assert (row.lines, row.events, row.unparsed, row.bytes) == (20, 20, 0, log.stat().st_size)
    assert (row.lag_bytes, row.error, row.detections, row.files) == (0, None, 1, 1)
    assert [tuple(one) for one in alerts] == [("The word that matters", 1)]


def test_a_second_run_reads_only_what_is_new(database, folder):
    log = folder / "logs" / "auth.log"
    log.write_text(line(1, "matters"))
    collect_once(database, folder, "auth.log")
    totals, _, _ = collect_once(database, folder, "auth.log")
    assert totals.lines == 0
    with log.open("a") as writer:
        writer.write(line(2) + "no parser reads this\n")
    totals, kept, _ = collect_once(database, folder, "auth.log")
    assert (totals.lines, totals.unparsed, totals.detections) == (2, 1, 0)
    assert len(kept) == 3


def test_69_the_same_file_under_two_sources_comes_once_for_each(database, folder):
    (folder / "logs" / "auth.log").write_text("".join(line(n) for n in range(5)))
    (folder / "logs" / "again.log").hardlink_to(folder / "logs" / "auth.log")
    totals, kept, _ = collect_once(database, folder, "auth.log", "again.log")
    assert totals.lines == 10
    assert sorted({one.event.line.source for one in kept}) == ["again.log", "auth.log"]


def test_70_a_source_that_is_removed_and_added_again_goes_on_where_it_was(database, folder):
    log = folder / "logs" / "auth.log"
    log.write_text(line(1))
    (folder / "logs" / "other.log").write_text(line(1))
    collect_once(database, folder, "auth.log")
    collect_once(database, folder, "other.log")
    with log.open("a") as writer:
        writer.write(line(2))
    totals, _, _ = collect_once(database, folder, "auth.log")
    assert totals.lines == 1


def test_a_source_without_a_file_says_so(database, folder):
    collect_once(database, folder, "missing.log")
    with database.read() as session:
        (row,) = sources(session)
    assert row.state == "failed"
    assert row.error == f"no file matches {folder / 'logs' / 'missing.log'}"
