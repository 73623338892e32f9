"""Hosts whose clocks are minutes to years apart share one server: its time counts, everywhere."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from socconsole.cli import context, run
from socconsole.services import leases, nodes, presence
from socconsole.services.lapsing import keep_time
from socconsole.services.leases import LASTS, CollectorLease, Holder
from socconsole.settings import load_settings
from socconsole.store import clock
from socconsole.store.database import Database
from socconsole.store.tables import METADATA, Lease
from socconsole.store.types import Micros
from tests.sources.test_collector import RULE
from tests.store.rows import an_alert

pytestmark = pytest.mark.postgres

RIGHT = timedelta(0)
BEHIND = timedelta(minutes=-10)
AHEAD = timedelta(days=730)
LONG_BEHIND = timedelta(days=-400)


@contextmanager
def host(off: timedelta) -> Iterator[None]:
    """A host whose clock is off by so much."""

    class OffClock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + off

    with pytest.MonkeyPatch.context() as patch:
        for place in (clock, context):
            patch.setattr(place, "datetime", OffClock)
        yield


@contextmanager
def opened(off: timedelta, url: str) -> Iterator[Database]:
    """The database as a process on such a host has it open."""
    with host(off):
        database = Database(url)
        with database.read() as session:
            session.connection()
        yield database
        database.close()


@pytest.fixture
def url(postgres_server):
    with postgres_server.fresh_database() as fresh:
        yield fresh


def test_a_database_on_a_server_tells_the_servers_time(url):
    for off in (BEHIND, AHEAD, LONG_BEHIND):
        with opened(off, url) as database:
            assert abs(database.clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
            assert abs(database.clock.host_is_ahead - off) < timedelta(seconds=5)


def test_a_host_that_is_put_right_meanwhile_changes_nothing(url):
    with opened(AHEAD, url) as database:
        before = database.clock.now()
    assert timedelta(0) <= database.clock.now() - before < timedelta(seconds=5)


@pytest.mark.parametrize(("first", "second"), [(RIGHT, AHEAD), (AHEAD, RIGHT), (BEHIND, AHEAD)])
def test_no_collector_takes_anothers_lease_and_none_keeps_one_for_years(
    url, monkeypatch, first, second
):
    monkeypatch.setattr(leases, "_may_be_alive", lambda _node: True)  # both are this process
    with opened(first, url) as one, opened(second, url) as other:
        mine = CollectorLease(one, group="all", login="soc")
        theirs = CollectorLease(other, group="all", login="soc")
        mine.join()
        theirs.join()
        assert mine.take() is None
        for _ in range(3):
            assert isinstance(theirs.take(), Holder)
            with one.begin() as session:
                mine.beat(session, now=one.clock.now())
        with other.read() as session:
            assert len(nodes.alive(session, now=other.clock.now())) == 2
            ends = session.get_one(Lease, "all").expires_at
        assert abs(ends - datetime.now(UTC) - LASTS) < timedelta(seconds=5)
        with other.begin() as session:  # the first is killed, and its time passes
            session.get_one(Lease, "all").expires_at = ends - LASTS - timedelta(seconds=5)
        assert theirs.take() is None


def test_a_claim_lapses_when_it_should_whoever_made_it_and_whoever_looks(url):
    policy = load_settings(None, {}).alerts
    for off in (AHEAD, LONG_BEHIND):
        with opened(off, url) as console, opened(-off, url) as collector:
            with console.begin() as session:
                alert = an_alert(session, console.clock.now(), fingerprint=str(off)).id
            assert run(["--db", url, "alerts", "ack", str(alert)]) == 0
            with collector.begin() as session:
                keep_time(session, now=collector.clock.now(), since=None, policy=policy)
            assert status(console, alert) == "acknowledged"
            with collector.begin() as session:
                later = collector.clock.now() + timedelta(days=3)
                keep_time(session, now=later, since=None, policy=policy)
            assert status(console, alert) == "new"


def status(database: Database, alert: int) -> str:
    alerts = METADATA.tables["alert"]
    with database.read() as session:
        query = select(alerts.c.status).where(alerts.c.id == alert)
        return str(session.connection().execute(query).scalar())


def test_everybody_sees_who_looks_at_what(url):
    with opened(AHEAD, url) as one, opened(BEHIND, url) as other:
        for database, login in ((one, "mara"), (other, "ben")):
            now = database.clock.now()
            with database.begin() as session:
                node = nodes.join(session, "console", login, now=now)
                at = presence.Look("alert", "alert", 7)
                presence.look(session, node, at, by=login, now=now)
        for database, login in ((one, "ben"), (other, "mara")):
            with database.read() as session:
                by = "mara" if login == "ben" else "ben"
                seen = presence.others(session, "alert", 7, by, now=database.clock.now())
            assert seen == (login,)


def moments(database: Database) -> dict[str, list[datetime]]:
    """Return the earliest and the latest of every column that holds a time."""
    found = {}
    with database.read() as session:
        for table in METADATA.sorted_tables:
            for column in table.c:
                if isinstance(column.type, Micros):
                    query = select(func.min(column), func.max(column))
                    low, high = session.connection().execute(query).one()
                    if low is not None:
                        found[f"{table.name}.{column.name}"] = [low, high]
    return found


def test_a_shift_on_four_hosts_is_one_history(url, tmp_path, monkeypatch, capsys):
    """No time that a host made up is in the database; spans between hosts are those that passed."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "rule.yml").write_text(RULE)
    begun = datetime.now(UTC)

    def soc(off: timedelta, *words: str) -> object:
        with host(off):
            code = run(["--config", str(tmp_path / "soc.toml"), "--db", url, *words])
        out, err = capsys.readouterr()
        assert code == 0, f"{words}: {err}"
        return json.loads(out) if "--json" in words else out

    for number, off in enumerate((AHEAD, LONG_BEHIND)):
        name = f"source{number}"
        log = tmp_path / f"{name}.log"
        log.write_text(
            "".join(
                f"{begun:%Y-%m-%dT%H:%M:%S+00:00} web-{number} sshd[1]: matters {line}\n"
                for line in range(5)
            )
        )
        (tmp_path / "soc.toml").write_text(
            f'[collector]\ngroup = "{name}"\n[[source]]\nname = "{name}"\npath = "{log}"\n'
            'format = "sshd"\n[rules]\nshipped = false\npaths = ["rule.yml"]\n'
        )
        soc(off, "collect", "--once", "--backfill")
    rows = soc(BEHIND, "alerts", "list", "--json")
    assert len(rows) == 2
    first, second = (str(row["id"]) for row in rows)
    soc(AHEAD, "alerts", "ack", first, second)
    soc(BEHIND, "alerts", "close", first, "--as", "false_positive")
    ticket = soc(LONG_BEHIND, "tickets", "open", second, "--json")["id"]
    soc(AHEAD, "tickets", "start", ticket)
    soc(BEHIND, "notes", "add", ticket, "asked the owner")
    said = ["--hypothesis", "a test", "--unchecked", "the owner", "--next-step", "ask"]
    soc(LONG_BEHIND, "tickets", "edit", ticket, *said, "--deadline", "4h")
    soc(AHEAD, "handoff", "draft", "--json")
    soc(LONG_BEHIND, "handoff", "sign", "--read-first", "calm")
    figures = soc(AHEAD, "kpi", "--json")
    with opened(RIGHT, url) as database:
        ended = database.clock.now()
        for where, (low, high) in moments(database).items():
            assert begun - timedelta(days=2) < low, where
            assert high < ended + timedelta(days=40), where  # what is due is due by then
        with database.read() as session:
            entry = METADATA.tables["audit_entry"].c
            times = session.connection().execute(select(entry.at).order_by(entry.seq))
            assert sorted(written := list(times.scalars())) == written
    assert (figures["mtta"]["n"], figures["events"]["value"]) == (2, 10)
    assert 0 <= figures["mtta"]["p90"] < 120
    assert 0 <= figures["backlog_oldest"]["value"] < 300
    assert figures["sla_acknowledge"]["value"] == figures["sla_respond"]["value"] == 1.0
