"""Rows 68-71: two readers, two sources, sources that come and go, and everything at random."""

import signal
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socconsole.core.policy import SourcePolicy
from tests.sources.following import lost_and_doubled
from tests.sources.killing import FreeReader, KilledReader
from tests.sources.model import ACTIONS, play, random_actions
from tests.sources.stage import KILLED, LIVE, Stage, covers, expect_order, scenario


@scenario(68, "two collectors on one database", matrix=False)
def test_two_collectors(stage: Stage, row):
    stage.append()
    first = stage.run()
    first.reads(20)
    second = FreeReader(first.policy.path, stage.url, stage.home)
    second.says("reads the sources; waiting")
    stage.append()
    first.reads(40)
    if stage.mode == KILLED:
        first.stop()
    else:
        first.signal(signal.SIGTERM)
    stage.append()
    second.reads(60)
    second.close()
    stage.expect_all()


@scenario(69, "the same file under two sources", matrix=False)
def test_two_sources(stage: Stage, row):
    again = stage.folder / "again.log"
    stage.append()
    again.hardlink_to(stage.path())
    other = SourcePolicy(name="again", path=str(again), format="sshd")
    reader = stage.start("app.log", apart=True, also=(other,))
    with stage.act():
        stage.append()
    stage.settle()
    for source in ("test", "again"):
        lines = [one for one in reader.records if one.source == source]
        assert lost_and_doubled([one.data for one in lines], stage.last) == ([], [])
        expect_order([(one.generation, one.offset, one.data) for one in lines])


@scenario(70, "a source removed amid reading and added again", matrix=False)
def test_removed_and_added(stage: Stage, row):
    reader = stage.start(apart=True)
    own, other = reader.policy, stage.folder / "other.log"
    stage.append(count=3000)
    other.write_bytes(b"another source\n")
    reader.round()
    assert 0 < len(reader.lines) < 3000
    for policy in (replace(own, name="other", path=str(other)), own):
        if stage.mode == LIVE:
            reader.end()
        elif stage.mode == KILLED:
            reader.stop()
        reader.policy = policy
        stage.append(count=10)
        stage.path().rename(stage.path(f"app.log.{stage.last}"))
        reader.start()
        reader.follow()
    stage.expect_all(besides=lambda text: text == b"another source")


NAMES = [name for name, weight in ACTIONS.items() for _ in range(weight)]


@covers(71, LIVE)
@settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(actions=st.lists(st.sampled_from(NAMES), max_size=40), seed=st.integers(0, 2**16))
def test_71_model_short(tmp_path_factory, actions, seed):
    outcome = play(tmp_path_factory.mktemp("model"), actions, seed)
    assert (outcome.lost, outcome.doubled, outcome.garbled) == ([], [], [])


def play_with_kills(tmp_path, url: str, steps: int, seed: int):
    folder = tmp_path / "logs"
    folder.mkdir()
    reader = KilledReader(folder / "app.log*", url, tmp_path)
    outcome = play(folder, random_actions(steps, seed), seed, reader)
    reader.close()
    assert reader.kills
    assert (outcome.lost, outcome.doubled, outcome.garbled) == ([], [], [])


@covers(71, KILLED)
@pytest.mark.parametrize("seed", range(3))
def test_71_model_short_killed(tmp_path, chosen_url, seed):
    play_with_kills(tmp_path, chosen_url, 60, seed)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(20))
def test_71_model_long(tmp_path, seed):
    outcome = play(tmp_path, random_actions(5000, seed), seed)
    assert (outcome.lost, outcome.doubled, outcome.garbled) == ([], [], [])


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(100, 110))
def test_71_model_long_killed(tmp_path, chosen_url, seed):
    play_with_kills(tmp_path, chosen_url, 1000, seed)
