"""Row 71: random lists of what can happen to log files."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.model import ACTIONS, play, random_actions

NAMES = [name for name, weight in ACTIONS.items() for _ in range(weight)]


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


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(20))
def test_71_model_long(tmp_path, seed):
    outcome = play(tmp_path, random_actions(5000, seed), seed)
    assert (outcome.lost, outcome.doubled, outcome.garbled) == ([], [], [])
