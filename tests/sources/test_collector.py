"""The collector over a real database: offsets, events, alerts and figures in one transaction."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

import socconsole.collector as collector_module
from socconsole.collector import Collector
from socconsole.core.policy import Settings, SourcePolicy
from socconsole.core.silence import Gaps
from socconsole.errors import StoreError
from socconsole.services import nodes
from socconsole.services import sources as kept
from socconsole.services.following import Followed
from socconsole.sigma import explain
from socconsole.sigma.match import Matcher
from socconsole.sigma.rules import load_rules
from socconsole.sources.notes import NoteKind
from socconsole.store.database import Database
from socconsole.store.events import EventStore
from socconsole.store.queries.rule_list import rule_remarks
from socconsole.store.queries.sources import source_notes, sources
from socconsole.store.tables import Lease

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

WINDOW = (
    RULE.replace("title:", "name: word\ntitle:")
    + """---
title: The word comes five times
id: 0f8e4c55-2a90-4c0a-9a5e-3b8f6e3b9a11
status: stable
level: high
correlation:
  type: event_count
  rules: [word]
  group-by: [host]
  timespan: 5m
  condition: {gte: 5}
"""
)


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


def test_why_a_rule_matched_is_found_out_before_the_transaction(database, folder, monkeypatch):
    order = []
    explained, written = explain.explain, Collector._write
    monkeypatch.setattr(explain, "explain", lambda *a: order.append("why") or explained(*a))
    monkeypatch.setattr(Collector, "_write", lambda *a: order.append("stored") or written(*a))
    (folder / "logs" / "auth.log").write_text(line(1, "matters"))
    collect_once(database, folder, "auth.log")
    assert order[:2] == ["why", "stored"]
    assert order.count("why") == 1


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


def test_a_source_that_falls_silent_or_fails_says_so_once():
    """What it may be silent for is learned, but not from an outage."""
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    tail = SimpleNamespace(
        problems={}, has_files=True, lag_bytes=0, half_lines=lambda _now: (), path="/log"
    )
    source = Followed(1, SourcePolicy(name="auth", path="/log"), tail, None)
    for minute in range(200):
        source._hear(noon + timedelta(minutes=7 * minute))
    limit = source.silence_limit()
    assert limit < timedelta(minutes=30)
    source.told = replace(source.health(), state="idle")
    (note,) = source.news()
    assert (note.kind, source.health().state) == (NoteKind.SILENCE, "silent")
    source.told = source.health()
    assert list(source.news()) == []
    source._hear(datetime.now(UTC))
    assert (source.silence_limit(), source.health().state) == (limit, "idle")
    tail.problems = {b"/log": "Permission denied"}
    assert [note.kind for note in source.news()] == [NoteKind.FAILURE]


def test_what_befell_a_source_while_nothing_could_be_stored_is_told_later(
    database, folder, monkeypatch
):
    def refuse(*_args, **_kwargs):
        raise StoreError("The disk is full: nothing was stored.")

    (folder / "logs" / "auth.log").touch()
    events, said = EventStore(database), []
    rules, settings = Matcher(load_rules([folder / "rule.yml"])), settings_for(folder, "auth.log")
    collector = Collector(database, settings, rules, events, login="test", say=said.append)
    collector._lease.join()
    collector._lease.take()
    collector._open_sources()
    try:
        assert collector._beat() is not None
        collector._followed[0].tail.problems[b"/log"] = "Permission denied"
        with monkeypatch.context() as away:
            away.setattr(nodes, "attending", refuse)
            assert collector._beat() is None
        assert collector._beat() is not None
    finally:
        collector._end()
        events.close()
    with database.read() as session:
        assert [note.kind for note in source_notes(session)] == ["failure"]
    assert said == ["auth.log: /log: Permission denied"]


def test_what_a_source_may_be_silent_for_outlives_a_restart(database, folder):
    collect_once(database, folder, "auth.log")
    with database.begin() as session:
        gaps = Gaps({"20": 200})
        kept.save_gaps(session, 1, gaps, gaps.limit())
    collect_once(database, folder, "auth.log")
    with database.read() as session:
        assert sources(session)[0].max_silence == Gaps({"20": 200}).limit().total_seconds()


def test_a_source_that_is_a_pipe_is_not_called_missing(database, folder):
    os.mkfifo(folder / "logs" / "pipe")
    collect_once(database, folder, "pipe")
    with database.read() as session:
        (row,) = sources(session)
    assert row.error == f"{folder / 'logs' / 'pipe'} is there and is no file"


def test_an_empty_file_is_no_trouble(database, folder):
    (folder / "logs" / "empty.log").touch()
    collect_once(database, folder, "empty.log")
    with database.read() as session:
        (row,) = sources(session)
    assert (row.state, row.error) == ("idle", None)


def test_files_that_are_all_empty_are_no_trouble(database, folder):
    for name in ("one.log", "two.log"):
        (folder / "logs" / name).touch()
    collect_once(database, folder, "*.log")
    with database.read() as session:
        (row,) = sources(session)
    assert (row.state, row.error) == ("idle", None)


def test_a_source_without_a_file_says_so(database, folder):
    collect_once(database, folder, "missing.log")
    with database.read() as session:
        (row,) = sources(session)
    assert row.state == "failed"
    assert row.error == f"no file matches {folder / 'logs' / 'missing.log'}"


@contextmanager
def running(database: Database, folder: Path, *names: str) -> Iterator[tuple[Collector, list[str]]]:
    """A collector that follows its sources in a thread until the block ends."""
    said: list[str] = []
    events = EventStore(database)
    collector = Collector(
        database,
        settings_for(folder, *names),
        Matcher(load_rules([folder / "rule.yml"])),
        events,
        login="test",
        say=said.append,
    )
    thread = threading.Thread(target=collector.run)
    thread.start()
    try:
        yield collector, said
    finally:
        collector.stop()
        thread.join(timeout=20)
        events.close()
    assert not thread.is_alive()


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


@pytest.mark.parametrize("more", ["", "one that cannot be stored any more\n"])
def test_one_that_runs_for_consoles_ends_when_its_database_was_removed(
    sqlite_database, folder, more
):
    log = folder / "logs" / "auth.log"
    log.write_text(line(1))
    with sqlite_database.begin() as session:  # a console was there, as far as it can know
        nodes.join(session, "console", "ada", now=datetime.now(UTC))
    events, said = EventStore(sqlite_database), []
    rules = Matcher(load_rules([folder / "rule.yml"]))
    settings = settings_for(folder, "auth.log")
    collector = Collector(sqlite_database, settings, rules, events, login="test", say=said.append)
    thread = threading.Thread(target=collector.run, kwargs={"lonely_secs": 0.5})
    thread.start()
    until(lambda: collector.totals.lines == 1)
    sqlite_database.path.unlink()
    with log.open("a") as writer:
        writer.write(more)
    thread.join(timeout=20)
    ended = not thread.is_alive()
    collector.stop()
    thread.join(timeout=20)
    events.close()
    assert ended, said


def test_while_the_database_is_away_reading_waits_and_nothing_is_lost(
    chosen_database, folder, monkeypatch
):
    refusals = 3
    real = Collector._write

    def failing(self, session, batch, events):
        nonlocal refusals
        real(self, session, batch, events)
        if refusals:
            refusals -= 1
            raise StoreError("The disk is full: nothing was stored.", hint="Free space.")

    monkeypatch.setattr(Collector, "_write", failing)
    log = folder / "logs" / "auth.log"
    log.write_text("".join(line(n, "matters" if n == 3 else "passes") for n in range(30)))
    with running(chosen_database, folder, "auth.log") as (collector, said):
        until(lambda: collector.totals.lines == 30)
        with log.open("a") as writer:
            writer.write(line(30))
        until(lambda: collector.totals.lines == 31)
    waited = "The disk is full: nothing was stored. Free space. Reading waits; nothing is lost."
    assert said == [waited, "the database is back"]
    assert alerts_of(chosen_database) == [("The word that matters", 1)]
    assert len(events_of(chosen_database)) == 31


def test_a_database_that_is_away_for_long_is_said_once(database, folder, monkeypatch):
    monkeypatch.setattr(collector_module, "LONGEST_BACK_OFF_SECS", 0.01)
    asked: list[str] = []

    def refuse(*_args):
        asked.append("asked")
        raise StoreError("The disk is full: nothing was stored.")

    monkeypatch.setattr(Collector, "_run_with_lease", refuse)
    with running(database, folder, "auth.log") as (_, said):
        until(lambda: len(asked) > 3)
    assert said == ["The disk is full: nothing was stored. Trying again."]


def test_what_was_stored_without_a_word_is_not_stored_twice(chosen_database, folder, monkeypatch):
    """A server may commit, and be lost before it says so."""
    real, lost = Database.begin, []

    @contextmanager
    def begin(self):
        with real(self) as session:
            yield session
            detections = session.connection().execute(text("SELECT sum(count) FROM alert"))
            is_batch = detections.scalar() is not None
        if is_batch and not lost:
            lost.append(session)
            raise StoreError("The database server was lost while it stored this: perhaps it did.")

    monkeypatch.setattr(Database, "begin", begin)
    log = folder / "logs" / "auth.log"
    log.write_text("".join(line(n, "matters" if n == 3 else "passes") for n in range(30)))
    with running(chosen_database, folder, "auth.log") as (collector, _said):
        until(lambda: collector.totals.lines == 30)
    assert lost
    with chosen_database.read() as session:
        alerts = session.connection().execute(text("SELECT title, count FROM alert")).all()
        (row,) = sources(session)
    assert alerts == [("The word that matters", 1)]
    assert (row.lines, row.events) == (30, 30)
    assert len(events_of(chosen_database)) == 30


def test_a_single_run_ends_when_the_database_stays_away(sqlite_database, folder, monkeypatch):
    def failing(*_):
        raise StoreError("The disk is full: nothing was stored.")

    monkeypatch.setattr(Collector, "_write", failing)
    monkeypatch.setattr("socconsole.collector.ONCE_WAITS_SECS", 0.1)
    (folder / "logs" / "auth.log").write_text(line(1))
    with pytest.raises(StoreError, match="The disk is full"):
        collect_once(sqlite_database, folder, "auth.log")
    monkeypatch.undo()
    totals, _, _ = collect_once(sqlite_database, folder, "auth.log")
    assert totals.lines == 1


def test_a_collector_whose_lease_was_taken_commits_nothing_more(chosen_database, folder):
    log = folder / "logs" / "auth.log"
    log.write_text(line(1))
    with running(chosen_database, folder, "auth.log") as (collector, said):
        until(lambda: collector.totals.lines == 1)
        with chosen_database.begin() as session:
            lease = session.get(Lease, "all")
            lease.epoch += 1
            lease.node_id = None
            lease.expires_at = datetime.now(UTC) - timedelta(seconds=1)
        with log.open("a") as writer:
            writer.write(line(2))
        until(lambda: collector.totals.lines == 2)
    assert said == ["another collector has taken over; waiting for its end"]
    assert len(events_of(chosen_database)) == 2


def test_windows_that_are_open_survive_a_restart(chosen_database, folder):
    (folder / "rule.yml").write_text(WINDOW)
    log = folder / "logs" / "auth.log"
    log.write_text("".join(line(n, "matters") for n in range(3)))
    totals, _, _ = collect_once(chosen_database, folder, "auth.log")
    assert totals.detections == 0
    with log.open("a") as writer:
        writer.write("".join(line(n, "matters") for n in range(3, 6)))
    totals, _, _ = collect_once(chosen_database, folder, "auth.log")
    assert totals.detections == 1
    totals, _, _ = collect_once(chosen_database, folder, "auth.log")
    assert totals.detections == 0


def test_what_windows_lost_is_told_and_outlives_a_restart(chosen_database, folder):
    (folder / "rule.yml").write_text(WINDOW)
    log = folder / "logs" / "auth.log"
    for count in (1, 2):
        with log.open("a") as writer:
            writer.write(line(600, "matters") + line(0, "matters"))  # ten minutes late
        collect_once(chosen_database, folder, "auth.log")
        with chosen_database.read() as session:
            (remark,) = rule_remarks(session).values()
        assert remark == f"lost: {count} came too late"


def test_what_is_said_of_a_rule_is_stored_though_no_line_comes(database, folder, monkeypatch):
    (folder / "logs" / "auth.log").write_text(line(1))

    def told():
        with database.read() as session:
            return sum(row.lines for row in sources(session)), rule_remarks(session)

    with running(database, folder, "auth.log"):
        until(lambda: told() == (1, {}))
        monkeypatch.setattr(Matcher, "remarks", lambda _: {"a": "runs as loaded"})
        until(lambda: told() == (1, {"a": "runs as loaded"}))


def alerts_of(database: Database):
    with database.read() as session:
        rows = session.connection().execute(text("SELECT title, count FROM alert ORDER BY id"))
        return [tuple(row) for row in rows]


def events_of(database: Database):
    events = EventStore(database)
    try:
        return list(events.search())
    finally:
        events.close()


def test_silence_raises_an_alert_while_no_line_comes(database, folder):
    (folder / "rule.yml").write_text(
        RULE.replace("words: ['matters']", "words: ['Connection']")
        + "correlation: {type: silent_source, group-by: [host.name], timespan: 1m}\n"
    )
    (folder / "logs" / "auth.log").write_text(line(1))

    def raised() -> bool:
        with database.read() as session:
            return session.connection().execute(text("SELECT count(*) FROM alert")).scalar() == 1

    with running(database, folder, "auth.log"):
        until(raised)
