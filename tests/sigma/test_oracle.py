"""Correlations against a recomputation of everything at every event."""

import itertools
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socconsole.sigma.match import Matcher
from socconsole.sigma.memory import Memory
from socconsole.sigma.rules import load_rules
from tests.sigma.events import NOON, an_event

SPAN, LATE = 30, 20
BASES = "".join(
    f"""
title: {name}
name: {name}
id: 00000000-0000-4000-8000-00000000000{number}
logsource: {{product: windows}}
detection:
  selection: {{rule: {name}}}
  condition: selection
---
"""
    for number, name in enumerate("abc")
)


def count(window):
    return len(window)


def distinct(window):
    return len({v for _, _, v in window})


def total(window):
    return sum(v for _, _, v in window)


def mean(window):
    return total(window) / len(window)


def median(window):
    return statistics.median(v for _, _, v in window)


def quarter(window):
    values = sorted(v for _, _, v in window)
    place = 0.25 * (len(values) - 1)
    low = values[int(place)]
    high = values[min(int(place) + 1, len(values) - 1)]
    return low + (high - low) * (place - int(place))


def kinds(window):
    return len({r for _, r, _ in window})


def in_order(window):
    by_rule = [[t for t, r, _ in window if r == rule] for rule in "abc"]
    return any(a <= b <= c for a, b, c in itertools.product(*by_rule))


CASES = [
    ("event_count", "gte: 4", lambda w: count(w) >= 4),
    ("event_count", "gt: 2, lte: 4", lambda w: 2 < count(w) <= 4),
    ("event_count", "eq: 3", lambda w: count(w) == 3),
    ("value_count", "field: v, gte: 3", lambda w: distinct(w) >= 3),
    ("value_sum", "field: v, gt: 9", lambda w: total(w) > 9),
    ("value_avg", "field: v, gte: 4", lambda w: mean(w) >= 4),
    ("value_median", "field: v, gte: 4", lambda w: median(w) >= 4),
    ("value_percentile", "field: v, percentile: 25, gt: 2", lambda w: quarter(w) > 2),
    ("temporal", "gte: 3", lambda w: kinds(w) >= 3),
    ("temporal", "gte: 2", lambda w: kinds(w) >= 2),
    ("temporal", "a and (b or c)", lambda w: {"a"} < {r for _, r, _ in w}),
    ("temporal_ordered", "", in_order),
]


def text(kind, condition):
    said = f"{{{condition}}}" if ":" in condition else condition
    limits = f"condition: {said}, " if condition else ""
    return (
        f"{BASES}\ntitle: W\nid: 00000000-0000-4000-8000-000000000009\n"
        f"correlation: {{type: {kind}, rules: [a, b, c], group-by: [g], {limits}"
        f"timespan: {SPAN}s}}\n"
    )


def oracle(arrivals, true):
    """Yield (group, end of window) for everything that fires, looking at all events every time."""
    known, fired = {}, {}
    for time, group, rule, value in arrivals:
        events, ends = known.setdefault(group, []), fired.setdefault(group, [])
        if events and time < max(t for t, _, _ in events) - LATE:
            continue
        events.append((time, rule, value))
        for end in sorted({t for t, _, _ in events if time <= t <= time + SPAN}):
            window = [e for e in events if end - SPAN <= e[0] <= end]
            if all(abs(end - f) > SPAN for f in ends) and true(window):
                ends.append(end)
                yield group, end
                break


def arrivals_of(steps):
    """Return events in an order that is shuffled a little, some twice, some far too late."""
    events, clock = [], 0
    for step, late, group, rule, value, twice in steps:
        clock += step
        one = (clock - late, group, rule, value)
        events += [one, one] if twice else [one]
    return events


steps = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from([0, 0, 0, 5, 19, 20, 21, 60]),
        st.sampled_from("xxy"),
        st.sampled_from("abc"),
        st.integers(0, 6),
        st.booleans(),
    ),
    max_size=60,
)


def ruleset_of(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("rules")
    (folder / "r.yml").write_text(text)
    ruleset = load_rules([folder])
    assert not ruleset.errors
    return ruleset


def detections(ruleset, arrivals, restart):
    """Yield what fires, stored change by change and taken up again before number `restart`."""
    matcher, kept = Matcher(ruleset, lateness_secs=LATE), Memory()
    for number, (time, group, rule, value) in enumerate(arrivals):
        if number == restart or number % 7 == 0:
            kept.add(matcher.take_changes())
        if number == restart:
            matcher = Matcher(ruleset, lateness_secs=LATE)
            matcher.restore(kept, is_stored=True)
        yield from matcher.match(an_event({"rule": rule, "g": group, "v": value}, at=time))


def seconds(moment):
    return (moment - NOON).total_seconds()


@pytest.mark.parametrize(("kind", "condition", "true"), CASES, ids=lambda c: str(c)[:24])
def test_a_correlation_fires_when_the_oracle_says_so(tmp_path_factory, kind, condition, true):
    ruleset = ruleset_of(tmp_path_factory, text(kind, condition))

    @settings(max_examples=25, deadline=None)
    @given(steps, st.integers(0, 59))
    def agrees(all_steps, restart):
        arrivals = arrivals_of(all_steps)
        windows = [one.window for one in detections(ruleset, arrivals, restart)]
        found = [(window.group["g"], seconds(window.last)) for window in windows]
        assert found == list(oracle(arrivals, true))

    agrees()


SUSTAINED = f"""{BASES}
title: W
id: 00000000-0000-4000-8000-000000000009
correlation:
  type: sustained
  rules: [a, b, c]
  group-by: [g]
  timespan: {SPAN}s
  min-count: 3
  condition: {{field: v, gt: 1}}
"""


def sustained_oracle(arrivals):
    """Yield (group, end, begin, count) of every run that is long enough, walking back each time."""
    known, fired = {}, {}
    for time, group, _, value in arrivals:
        samples = known.setdefault(group, [])
        if samples and time < max(t for t, _ in samples) - LATE:
            continue
        samples.append((time, value > 1))
        begin = end = max(t for t, _ in samples)
        count = 0
        for t, kept in sorted(samples, reverse=True):
            if not kept or begin - t > SPAN:
                break
            begin, count = t, count + 1
        last = fired.get(group)
        if end - begin < SPAN or count < 3:
            continue
        if last is None or end - last >= SPAN or last < begin:
            fired[group] = end
            yield group, end, begin, count


def test_a_sustained_value_fires_when_the_oracle_says_so(tmp_path_factory):
    ruleset = ruleset_of(tmp_path_factory, SUSTAINED)

    @settings(max_examples=150, deadline=None)
    @given(steps, st.integers(0, 59))
    def agrees(all_steps, restart):
        arrivals = arrivals_of(all_steps)
        windows = [one.window for one in detections(ruleset, arrivals, restart)]
        found = [(w.group["g"], seconds(w.last), seconds(w.first), w.count) for w in windows]
        assert found == list(sustained_oracle(arrivals))

    agrees()
