"""What windows tell does not depend on batches, on time that is told, or on restarts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socconsole.sigma.match import Matcher
from socconsole.sigma.memory import Memory
from socconsole.sigma.rules import load_rules
from tests.sigma.events import an_event
from tests.sigma.test_oracle import BASES

SECTIONS = [
    "{type: event_count, condition: {gte: 3}}",
    "{type: event_count, condition: {lt: 2}}",
    "{type: event_count, condition: {eq: 0}}",
    "{type: value_count, condition: {field: v, lte: 1}}",
    "{type: temporal, condition: a and not (b or c)}",
    "{type: temporal_ordered}",
    "{type: sustained, condition: {field: v, gt: 1}}",
    "{type: new_value, condition: {field: v}}",
    "{type: flatline, condition: {lt: 2}}",
    "{type: silent_source}",
]
SHARED = "rules: [a, b, c], group-by: [g], timespan: 30s"


@pytest.fixture(scope="module", params=SECTIONS)
def ruleset(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    section = request.param.replace("{", f"{{{SHARED}, ", 1)
    (folder / "r.yml").write_text(f"{BASES}\ntitle: W\nlevel: high\ncorrelation: {section}\n")
    found = load_rules([folder])
    assert not found.errors
    return found


steps = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 7, 29, 30, 31, 61, 200]),
        st.sampled_from("xy"),
        st.sampled_from("abc"),
        st.integers(0, 2),
    ),
    max_size=30,
)


def facts(detections):
    return sorted(
        (d.window.group["g"], d.window.first, d.window.last, d.window.count) for d in detections
    )


def test_a_batch_tells_what_its_events_tell_one_by_one(ruleset):
    @settings(max_examples=25, deadline=None)
    @given(steps, st.sampled_from([0, 20]), st.integers(0, 29))
    def agrees(all_steps, lateness, restart):
        events, clock = [], 0
        for step, group, rule, value in all_steps:
            clock += step
            events.append(an_event({"rule": rule, "g": group, "v": value}, at=clock))
        whole = Matcher(ruleset, lateness_secs=lateness)
        single = Matcher(ruleset, lateness_secs=lateness)
        kept, found = Memory(), []
        for number, event in enumerate(events):
            if number == restart:
                single = Matcher(ruleset, lateness_secs=lateness)
                single.restore(kept, is_stored=True)
            found += single.tick(event.time)
            found += single.match(event)
            kept.add(single.take_changes())
        assert facts(whole.match_all(events)) == facts(found)

    agrees()
