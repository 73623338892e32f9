import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from socconsole.core.policy import SourcePolicy
from socconsole.errors import SettingsError
from socconsole.services import nodes
from socconsole.services import sources as kept
from socconsole.services.sources import Holder, LeaseLostError

LASTS = timedelta(seconds=10)


def joined(database, noon, login="soc") -> int:
    with database.begin() as session:
        return nodes.join(session, "collector", login, now=noon)


def take(database, node, now, **group):
    with database.begin() as session:
        return kept.take_lease(session, node, now=now, lasts=LASTS, **group)


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
        kept.renew_lease(session, epoch, now=later, lasts=LASTS)


def test_of_two_that_ask_at_once_one_reads(database, noon):
    mine = [joined(database, noon), joined(database, noon)]
    with database.begin() as session:  # a holder on another host cannot be asked for its pulse
        for number in mine:
            session.get(kept.Node, number).host = f"host-{number}"
    start = threading.Barrier(2)

    def ask(node: int) -> int | Holder:
        start.wait(10)
        return take(database, node, noon)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, mine))
    assert sorted(type(answer).__name__ for answer in answers) == ["Holder", "int"]


def test_a_group_stops_its_own_sources_only(database, noon):
    web, mail = SourcePolicy(name="web", path="/w"), SourcePolicy(name="mail", path="/m")
    with database.begin() as session:
        kept.register(session, [web], now=noon, group="a")
        kept.register(session, [mail], now=noon, group="b")
        rows = {row.name: row.enabled for row in session.exec(select(kept.Source))}
        assert rows == {"web": True, "mail": True}
        with pytest.raises(SettingsError, match="'web' is read by the collectors of group 'a'"):
            kept.register(session, [web], now=noon, group="b")
