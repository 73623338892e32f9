import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlmodel import select

from socconsole.core.policy import SHIPPED, SourcePolicy
from socconsole.errors import SettingsError
from socconsole.services import leases, nodes
from socconsole.services import sources as kept
from socconsole.services import upkeep as module
from socconsole.services.leases import CollectorLease, Holder, LeaseLostError
from socconsole.services.upkeep import Upkeep
from socconsole.store.tables import Node, Source

LASTS = timedelta(seconds=10)


def joined(database, noon, login="soc") -> int:
    with database.begin() as session:
        return nodes.join(session, "collector", login, now=noon)


def take(database, node, now, **group):
    with database.begin() as session:
        return leases.take_lease(session, node, now=now, lasts=LASTS, **group)


def test_groups_of_sources_are_read_by_collectors_of_their_own(database, noon):
    first, second = joined(database, noon), joined(database, noon)
    assert take(database, first, noon, group="web") == 1
    assert take(database, second, noon, group="mail") == 1


def test_a_collector_that_lost_its_lease_commits_nothing(database, noon):
    first, second = joined(database, noon), joined(database, noon)
    epoch = take(database, first, noon)
    later = noon + timedelta(minutes=1)
    assert take(database, second, later) == epoch + 1
    with pytest.raises(LeaseLostError), database.begin() as session:
        leases.renew_lease(session, epoch, now=later, lasts=LASTS)


def test_of_two_that_ask_at_once_one_reads(database, noon):
    mine = [joined(database, noon), joined(database, noon)]
    with database.begin() as session:  # a holder on another host cannot be asked for its pulse
        for number in mine:
            session.get(Node, number).host = f"host-{number}"
    start = threading.Barrier(2)

    def ask(node: int) -> int | Holder:
        start.wait(10)
        return take(database, node, noon)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, mine))
    assert sorted(type(answer).__name__ for answer in answers) == ["Holder", "int"]


def test_a_host_of_the_same_name_is_not_asked_for_anothers_process(database, noon):
    first, second = joined(database, noon), joined(database, noon)
    with database.begin() as session:
        session.get_one(Node, first).hints = {"machine": "made from the same image"}
    assert take(database, first, noon) == 1
    assert isinstance(take(database, second, noon), Holder)
    assert take(database, second, noon + LASTS) == 2


def test_a_group_stops_its_own_sources_only(database, noon):
    web, mail = SourcePolicy(name="web", path="/w"), SourcePolicy(name="mail", path="/m")
    with database.begin() as session:
        kept.register(session, [web], now=noon, group="a")
        kept.register(session, [mail], now=noon, group="b")
        rows = {row.name: row.enabled for row in session.exec(select(Source))}
        assert rows == {"web": True, "mail": True}
        with pytest.raises(SettingsError, match="'web' is read by the collectors of group 'a'"):
            kept.register(session, [web], now=noon, group="b")


@pytest.fixture
def elsewhere(database, noon, monkeypatch) -> int:
    """The epoch of a collector on another host, which cannot be asked for its pulse."""
    monkeypatch.setattr(leases, "_ASK_EVERY", 0.01)
    node = joined(database, noon)
    with database.begin() as session:
        session.get_one(Node, node).host = "elsewhere"
        return leases.take_lease(session, node, now=datetime.now(UTC), lasts=LASTS)


def test_of_two_that_consoles_started_at_once_one_ends(database, elsewhere):
    said: list[str] = []
    stop = threading.Event()

    def holder_goes_on(text: str) -> None:
        said.append(text)
        with database.begin() as session:
            later = datetime.now(UTC) + timedelta(seconds=1)
            leases.renew_lease(session, elsewhere, now=later, lasts=LASTS)

    second = CollectorLease(database, group="all", login="soc")
    assert not second.wait(stop, holder_goes_on, one_is_enough=True)
    assert [text.rpartition("; ")[2] for text in said] == ["waiting", "one is enough"]
    with database.read() as session:
        alive = nodes.alive(session, now=datetime.now(UTC), kind="collector")
        assert [node.heartbeat_at > node.started_at for node in alive] == [True]


def test_one_that_consoles_started_takes_over_from_one_that_was_killed(database, elsewhere):
    second = CollectorLease(database, group="all", login="soc")
    with database.begin() as session:
        lasts = timedelta(seconds=0.3)
        leases.renew_lease(session, elsewhere, now=datetime.now(UTC), lasts=lasts)
    said: list[str] = []
    assert second.wait(threading.Event(), said.append, one_is_enough=True)
    assert not any("enough" in text for text in said)
    assert second.epoch == elsewhere + 1


def test_a_lease_that_a_clock_ahead_left_behind_is_taken_once_nobody_moves_it(
    database, elsewhere, monkeypatch
):
    """Else nobody could read the sources until that time has come."""
    monkeypatch.setattr(leases, "LASTS", timedelta(seconds=0.5))
    ahead = datetime.now(UTC) + timedelta(days=300)
    with database.begin() as session:
        leases.renew_lease(session, elsewhere, now=ahead, lasts=LASTS)
    with database.read() as session:  # a console starts one
        assert leases.collector_alive(session, now=datetime.now(UTC)) is None
    second = CollectorLease(database, group="all", login="soc")
    started = time.monotonic()
    assert second.wait(threading.Event(), lambda _: None, one_is_enough=True)
    assert time.monotonic() - started > 0.5


def test_what_was_heard_of_tomorrow_keeps_nobody_waiting(database, noon):
    node = joined(database, noon + timedelta(days=300))
    with database.begin() as session:
        assert nodes.forget_dead(session, now=noon) == 1
        assert nodes.alive(session, now=noon) == ()
        nodes.beat(session, node, now=noon)
        assert len(nodes.alive(session, now=noon)) == 1


def test_a_head_that_cannot_be_anchored_is_said_once_and_ends_no_collector(sqlite_database):
    """In a team's folder the key belongs to the account whose collector was there first."""
    said: list[str] = []
    policy, now = SHIPPED, datetime.now(UTC)
    events = SimpleNamespace(retain=lambda *_, **__: None)
    path = sqlite_database.path
    key = path.with_name(f"{path.name}.anchor-key")
    key.mkdir()
    upkeep = Upkeep(
        sqlite_database, events, alerts=policy.alerts, kept=policy.retention, say=said.append
    )
    for _ in range(2):
        with sqlite_database.begin() as session:
            upkeep.keep_time(session, (), now)
    key.rmdir()
    key.write_bytes(b"short")
    with sqlite_database.begin() as session:
        upkeep.keep_time(session, (), now)
    assert len(said) == 2
    assert said[0].startswith("The audit's head is not anchored: [Errno")
    assert said[1].endswith("is too short. Remove it to have one made.")


@pytest.mark.parametrize("hours", [-48, 48])
def test_nothing_goes_by_its_age_when_the_clock_was_set(database, monkeypatch, hours):
    days: list[str] = []
    said: list[str] = []
    events = SimpleNamespace(retain=lambda *_, **__: days.append("asked"))
    policy = SHIPPED
    upkeep = Upkeep(database, events, alerts=policy.alerts, kept=policy.retention, say=said.append)
    monkeypatch.setattr(module, "RETAIN_SECS", 0.0)
    upkeep.look_around()
    assert (days, said) == (["asked"], [])
    ticks = module.ticking() - timedelta(hours=hours)
    monkeypatch.setattr(module, "ticking", lambda: ticks)
    upkeep.look_around()
    assert days == ["asked"]
    assert f"set by {hours:+d} h" in said[0]
