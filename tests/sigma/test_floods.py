"""What a flood in one group costs: each event about the same, in order or not."""

import random
from itertools import pairwise

import pytest

from socconsole.sigma import sliding, steady
from socconsole.sigma.aggregate import aggregate_for
from socconsole.sigma.sliding import SlidingWindow
from socconsole.sigma.window_spec import WindowSpec
from tests.sigma.events import an_event

SECOND = 1_000_000
SPAN = 60
TYPES = {
    "event_count": (("gte", 1e6),),
    "value_count": (("gte", 3.0),),
    "temporal": (("gte", 3.0),),
    "temporal_ordered": (),
    "value_sum": (("gte", 1e6),),
    "value_avg": (("gte", 1e6),),
    "value_median": (("gte", 1e6),),
}
ANY = an_event({})


def a_window(kind):
    spec = WindowSpec(type=kind, rules=("a", "b", "c"), span=SPAN, limits=TYPES[kind])
    return SlidingWindow(spec, lateness=30 * SECOND, max_groups=10)


def arrivals(count, jitter, seed=7):
    """Return (time, value) of `count` events a millisecond apart, out of order by `jitter` ms."""
    chance = random.Random(seed)
    return [
        ((number + chance.randint(0, jitter)) * 1000, chance.randint(0, 1))
        for number in range(count)
    ]


@pytest.fixture
def counted(monkeypatch):
    """Count what is added to the windows' aggregates."""
    added = []

    def counting(spec):
        aggregate = aggregate_for(spec)
        add = aggregate.add
        aggregate.add = lambda time, value: (added.append(time), add(time, value))
        return aggregate

    monkeypatch.setattr(sliding, "aggregate_for", counting)
    return added


@pytest.mark.parametrize("jitter", [0, 20])
@pytest.mark.parametrize("kind", TYPES)
def test_an_event_of_a_flood_is_not_paid_for_by_all_before_it(kind, jitter, counted, monkeypatch):
    monkeypatch.setattr(sliding, "MAX_ENTRIES", 500)
    window = a_window(kind)
    for time, value in arrivals(2000, jitter):
        window.add(("k",), time, value, ANY)
    assert window.losses.entries == 1500
    assert len(counted) < 2000 * (3 + 2 * jitter)


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_added_up_step_by_step_is_the_sum_of_what_is_there(kind, monkeypatch):
    monkeypatch.setattr(sliding, "MAX_ENTRIES", 40)
    window = a_window(kind)
    chance = random.Random(11)
    for number in range(600):
        late = chance.choice([0, 0, 0, 2, 25, 70])
        time = max(0, number - late) * SECOND // 2
        window.add(("k",), time, chance.randint(0, 2 if kind != "temporal_ordered" else 1), ANY)
        group = window._groups[("k",)]
        assert group.entries == sorted(group.entries, key=lambda entry: entry[0])
        if group.aggregate is not None:
            assert group.entries[group.start][0] >= group.entries[-1][0] - SPAN * SECOND
            afresh = aggregate_for(window._spec)
            for entry in group.entries[group.start :]:
                afresh.add(*entry)
            assert group.aggregate.result() == pytest.approx(afresh.result())


def test_a_value_that_comes_often_is_seen_over_the_whole_span(monkeypatch):
    monkeypatch.setattr(steady, "MAX_STRETCHES", 50)
    spec = WindowSpec(type="sustained", rules=("a",), span=SPAN, limits=(("gt", 95.0),))
    window = steady.Sustained(spec, lateness=30 * SECOND, max_groups=10)
    fired = []
    for tenth in range(1250):
        fired += window.add(("k",), tenth * SECOND // 10, 99.0, ANY)
        assert len(window._runs[("k",)].stretches) <= 50
    assert [(one.first, one.last // SECOND, one.count) for one in fired] == [
        (0, 60, 601),
        (0, 120, 1201),
    ]
    assert window.losses.entries == 0


def test_a_late_break_ends_a_run_whose_samples_were_taken_together(monkeypatch):
    monkeypatch.setattr(steady, "MAX_STRETCHES", 4)
    spec = WindowSpec(type="sustained", rules=("a",), span=SPAN, limits=(("gt", 95.0),))
    window = steady.Sustained(spec, lateness=30 * SECOND, max_groups=10)
    for second in range(59):
        assert window.add(("k",), second * SECOND, 99.0, ANY) == []
    assert window.add(("k",), 40 * SECOND + 1, 10.0, ANY) == []
    stretches = window._runs[("k",)].stretches
    assert sum(stretch.count for stretch in stretches) == 60
    assert all(one.last < after.first for one, after in pairwise(stretches))
    fired = [second for second in range(59, 130) if window.add(("k",), second * SECOND, 99.0, ANY)]
    assert 41 + SPAN <= fired[0] <= 42 + SPAN
