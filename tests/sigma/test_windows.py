"""Every type of window, by its own story."""

from datetime import UTC, datetime, timedelta

import pytest

from socconsole.core.event import EventCategory
from socconsole.sigma.match import Matcher
from socconsole.sigma.memory import Memory
from tests.sigma.events import NOON, an_event

BASE = """
title: Failed login
name: failed
id: 00000000-0000-4000-8000-000000000001
logsource: {product: windows}
detection:
  selection: {outcome: failed}
  condition: selection
---
title: Login
name: success
id: 00000000-0000-4000-8000-000000000002
logsource: {product: windows}
detection:
  selection: {outcome: success}
  condition: selection
---
title: Sample
name: sample
id: 00000000-0000-4000-8000-000000000003
logsource: {product: windows}
detection:
  selection: {metric: cpu}
  condition: selection
---
"""


def window(section, extra=""):
    return f"""{BASE}
title: Window
id: 00000000-0000-4000-8000-000000000009
level: high
correlation: {section}
{extra}
"""


def fails(*times, user="ann", **fields):
    return [an_event({"outcome": "failed", "user": user, **fields}, at=time) for time in times]


COUNT = "{type: event_count, rules: [failed], group-by: [user], timespan: 1m, condition: {gte: 5}}"


def fired(ruleset, events):
    found = Matcher(ruleset).match_all(events)
    return [d for d in found if d.rule.title == "Window"]


def test_five_failures_in_a_minute_fire_once(rules):
    (detection,) = fired(rules(window(COUNT)), fails(0, 10, 20, 30, 60, 61))
    facts = detection.window
    assert (facts.type, dict(facts.group), facts.count) == ("event_count", {"user": "ann"}, 5)
    assert (facts.first, (facts.last - NOON).total_seconds()) == (NOON, 60)
    assert [event.fields["outcome"] for event in detection.evidence] == ["failed"] * 5


def test_a_window_slides_and_is_not_cut_into_minutes(rules):
    assert len(fired(rules(window(COUNT)), fails(50, 55, 65, 70, 75))) == 1
    assert not fired(rules(window(COUNT)), fails(0, 20, 40, 61, 81))


def test_a_window_that_fires_as_old_events_are_forgotten_still_says_when_it_began(rules):
    quiet = [number * 40 for number in range(62)]
    (detection,) = fired(rules(window(COUNT)), fails(*quiet, 2441, 2442, 2443))
    facts = detection.window
    assert [(moment - NOON).total_seconds() for moment in (facts.first, facts.last)] == [2400, 2443]
    assert len(detection.evidence) == facts.count == 5


def test_groups_do_not_add_up(rules):
    events = [*fails(0, 1, 2), *fails(3, 4, 5, user="bob")]
    assert not fired(rules(window(COUNT)), events)


def test_the_base_rule_is_silent_unless_generate_says_otherwise(rules):
    silent = Matcher(rules(window(COUNT))).match_all(fails(0))
    loud = Matcher(rules(window(COUNT.replace("{type", "{generate: true, type")))).match_all(
        fails(0)
    )
    assert [d.rule.title for d in (*silent, *loud)] == ["Failed login"]


def test_a_late_event_completes_the_window_it_belongs_to(rules):
    ruleset = rules(window(COUNT))
    assert len(fired(ruleset, fails(0, 10, 20, 40, 30))) == 1
    matcher = Matcher(ruleset)
    matcher.match_all(fails(0, 500, 1))
    assert [losses.late for losses in matcher.losses().values()] == [1]


PERCENTILE = (
    "{type: value_percentile, rules: [failed], timespan: 1m,"
    " condition: {field: n, percentile: 75, gte: 10}}"
)


@pytest.mark.parametrize(
    ("section", "events", "count"),
    [
        (
            "{type: value_count, rules: [failed], timespan: 1m, condition: {field: user, gte: 3}}",
            [e for u in "abab" for e in fails(1, user=u, host="h")] + fails(2, user="c", host="h"),
            3,
        ),
        (
            "{type: value_sum, rules: [failed], timespan: 1m, condition: {field: n, gt: 100}}",
            fails(0, n=60) + fails(90, n=60) + fails(95, n="41"),
            2,
        ),
        (
            "{type: value_avg, rules: [failed], timespan: 1m, condition: {field: n, gte: 50}}",
            fails(0, n=20) + fails(1, n=30) + fails(2, n=100),
            3,
        ),
        (
            "{type: value_median, rules: [failed], timespan: 1m, condition: {field: n, gt: 9}}",
            fails(0, n=1) + fails(1, n=10) + fails(2, n=11),
            3,
        ),
        (
            PERCENTILE,
            fails(0, n=0) + fails(1, n=0) + fails(2, n=20),
            3,
        ),
        (
            "{type: event_count, rules: [failed], timespan: 1m, condition: {gt: 1, lte: 3}}",
            fails(0, 1),
            2,
        ),
    ],
)
def test_a_figure_over_its_limit_fires(rules, section, events, count):
    (detection,) = fired(rules(window(section)), events)
    assert detection.window.count == count


def test_evidence_outlives_a_restart(rules, monkeypatch):
    monkeypatch.setattr("socconsole.sigma.sliding.SAVED_BYTES", 210)
    ruleset = rules(window(COUNT))
    matcher = Matcher(ruleset)
    matcher.match_all([*fails(0, 1, user="bob"), *fails(0, 1, 2, 3, note="x" * 20)])
    memory = matcher.memory()
    matcher = Matcher(ruleset)
    matcher.restore(memory)
    (detection,) = matcher.match_all(fails(4))
    assert detection.window.count == 5
    assert [event.time.second for event in detection.evidence] == [1, 2, 3, 4]  # as many as fit
    assert detection.evidence[0] == fails(1, note="x" * 20)[0]


def test_the_samples_of_a_run_outlive_a_restart(rules):
    ruleset = rules(window(SUSTAINED))
    matcher = Matcher(ruleset)
    matcher.match_all(cpu(*[(t, 99) for t in range(0, 300, 30)]))
    memory = matcher.memory()
    matcher = Matcher(ruleset)
    matcher.restore(memory)
    (detection,) = matcher.match_all(cpu((300, 99)))
    assert [event.time.minute for event in detection.evidence] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5]


def test_temporal_needs_every_rule_in_any_order(rules):
    ruleset = rules(
        window("{type: temporal, rules: [failed, success], group-by: [user], timespan: 1m}")
    )
    success = an_event({"outcome": "success", "user": "ann"}, at=5)
    assert len(fired(ruleset, [success, *fails(30)])) == 1
    assert not fired(ruleset, [success, *fails(66)])


WORDS = "{type: temporal, group-by: [user], timespan: 1m, condition: %s}"


def test_temporal_takes_its_condition_in_words(rules):
    ruleset = rules(window(WORDS % "failed and (success or sample)"))
    logins = [an_event({"outcome": "success", "user": "ann"}, at=20)]
    assert len(fired(ruleset, [*fails(0), *logins])) == 1
    assert not fired(ruleset, fails(0, 10))


@pytest.mark.parametrize(("login_at", "count"), [(20, 0), (70, 1), (None, 1)])
def test_a_condition_that_denies_is_judged_when_its_time_is_over(rules, login_at, count):
    ruleset = rules(window(WORDS % "failed and not success"))
    events = fails(0, 10)
    if login_at is not None:
        events.append(an_event({"outcome": "success", "user": "ann"}, at=login_at))
    matcher = Matcher(ruleset)
    assert not matcher.match_all(events)
    memory = matcher.memory()  # a restart in between changes nothing
    matcher = Matcher(ruleset)
    matcher.restore(memory)
    found = matcher.tick(NOON + timedelta(seconds=300))
    assert [d.rule.title for d in found] == ["Window"] * count


def test_temporal_ordered_needs_their_order(rules):
    ruleset = rules(
        window("{type: temporal_ordered, rules: [failed, success], group-by: [user], timespan: 1m}")
    )
    success = an_event({"outcome": "success", "user": "ann"}, at=5)
    assert not fired(ruleset, [success, *fails(30)])
    assert len(fired(ruleset, [*fails(5), success])) == 1
    assert len(fired(ruleset, [success, *fails(3)])) == 1  # late, and first


def test_aliases_join_fields_of_different_names(rules):
    ruleset = rules(
        window(
            "{type: temporal, rules: [failed, success], group-by: [who], timespan: 1m,"
            " aliases: {who: {failed: user, success: account}}}"
        )
    )
    success = an_event({"outcome": "success", "account": "ann"}, at=5)
    (detection,) = fired(ruleset, [*fails(1), success])
    assert detection.window.group == {"who": "ann"}


def test_a_correlation_may_stand_on_another(rules):
    chain = window(COUNT, "name: burst") + (
        "---\ntitle: Chain\nid: 00000000-0000-4000-8000-00000000000a\n"
        "correlation: {type: temporal_ordered, rules: [burst, success], group-by: [user],"
        " timespan: 5m}\n"
    )
    success = an_event({"outcome": "success", "user": "ann"}, at=9)
    found = Matcher(rules(chain)).match_all([*fails(0, 1, 2, 3, 4), success])
    assert [d.rule.title for d in found] == ["Chain"]


SUSTAINED = (
    "{type: sustained, rules: [sample], group-by: [host], timespan: 5m, min-count: 5,"
    " condition: {field: value, gt: 95}}"
)


def cpu(*samples, host="h"):
    return [an_event({"metric": "cpu", "host": host, "value": v}, at=t) for t, v in samples]


def test_a_correlation_upon_another_may_count_the_values_of_its_groups(rules):
    text = window(
        "{type: event_count, rules: [failed], group-by: [who], timespan: 1m,"
        " aliases: {who: {failed: user}}, condition: {gte: 2}}",
        """---
title: Several people
id: 00000000-0000-4000-8000-000000000010
correlation:
  {type: value_count, rules: [Window], timespan: 1h, condition: {gte: 2, field: who}}
""",
    ).replace("title: Window", "title: Window\nname: Window")
    events = [*fails(0, 1), *fails(2, 3, user="eve")]
    (found,) = Matcher(rules(text)).match_all(events)
    assert (found.rule.title, found.window.count) == ("Several people", 2)


def test_sustained_fires_when_every_sample_of_the_span_is_over(rules):
    ruleset = rules(window(SUSTAINED))
    high = [(t, 97 + t % 3) for t in range(0, 301, 60)]
    (detection,) = fired(ruleset, cpu(*high))
    assert detection.window.count == 6
    dip = [(t, 50 if t == 120 else 99) for t in range(0, 301, 60)]
    assert not fired(ruleset, cpu(*dip))
    assert not fired(ruleset, cpu(*high[:-1]))
    assert not fired(ruleset, cpu((0, 99), (150, 99), (300, 99)))  # too few


def test_sustained_fires_again_only_after_another_span(rules):
    hour = [(t, 99) for t in range(0, 3601, 60)]
    assert len(fired(rules(window(SUSTAINED)), cpu(*hour))) == 12


def test_a_new_value_fires_after_the_learning_time(rules):
    ruleset = rules(
        window(
            "{type: new_value, rules: [success], group-by: [user], timespan: 30d, learn: 1h,"
            " condition: {field: country}}"
        )
    )
    logins = [(0, "DE"), (10, "FR"), (7200, "DE"), (7300, "KP"), (7400, "KP")]
    events = [
        an_event({"outcome": "success", "user": "ann", "country": c}, at=t) for t, c in logins
    ]
    (detection,) = fired(ruleset, events)
    assert detection.event.fields["country"] == "KP"


def test_a_silent_source_fires_once_and_rearms(rules):
    ruleset = rules(
        window("{type: silent_source, rules: [sample], group-by: [host], timespan: 10m}")
    )
    matcher = Matcher(ruleset)
    matcher.match_all(cpu((0, 1), host="a"))
    found = [matcher.match_all(cpu((t, 1), host="b")) for t in range(0, 2000, 100)]
    (detection,) = [d for batch in found for d in batch]
    assert detection.window.group == {"host": "a"}
    matcher.match_all(cpu((2000, 1), host="a"))
    found = matcher.match_all(cpu((3000, 1), host="b"))
    assert sorted(d.window.group["host"] for d in found) == ["a", "b"]  # nobody was heard


def test_a_silence_in_a_backlog_is_told_though_it_is_over(rules):
    section = "{type: silent_source, rules: [sample], group-by: [host], timespan: 10m}"
    (detection,) = Matcher(rules(window(section))).match_all(cpu((0, 1), (60, 1), (4000, 1)))
    assert (detection.window.first, detection.window.last) == (
        NOON + timedelta(seconds=60),
        NOON + timedelta(seconds=660),
    )


def test_a_group_that_pauses_in_one_batch_is_judged_empty_once(rules):
    section = "{type: event_count, rules: [sample], timespan: 1m, condition: {lt: 3}}"
    matcher = Matcher(rules(window(section)), lateness_secs=0)
    steady = [(t, 1) for t in range(0, 50, 10)]
    (detection,) = matcher.match_all(cpu(*steady, (3600, 1)))
    assert (detection.window.count, detection.window.last) == (0, NOON + timedelta(minutes=2))


def test_an_upper_limit_alone_is_judged_when_the_window_is_over(rules):
    ruleset = rules(
        window(
            "{type: event_count, rules: [sample], group-by: [host], timespan: 1m,"
            " condition: {lt: 3}}"
        )
    )
    matcher = Matcher(ruleset, lateness_secs=0)
    steady = [(t, 1) for t in range(0, 50, 10)]
    assert not matcher.match_all(cpu(*steady, (70, 1)))
    (detection,) = matcher.match_all(cpu((130, 1)))
    assert detection.window.count == 1


def test_a_window_with_its_own_detection_needs_no_other_rule(rules):
    text = """
title: Window
id: 00000000-0000-4000-8000-000000000009
logsource: {product: windows}
detection:
  selection: {metric: cpu}
  condition: selection
correlation: {type: sustained, group-by: [host], timespan: 1m, condition: {field: value, gt: 95}}
"""
    assert len(fired(rules(text), cpu((0, 99), (30, 99), (60, 99)))) == 1


def test_windows_survive_a_restart_without_firing_twice_or_missing_one(rules):
    ruleset = rules(window(COUNT))
    first = Matcher(ruleset)
    assert not first.match_all(fails(0, 1, 2, 3))
    second = Matcher(ruleset)
    second.restore(first.memory())
    assert len(second.match_all(fails(4))) == 1
    third = Matcher(ruleset)
    third.restore(second.memory())
    assert not third.match_all(fails(5, 6))


@pytest.mark.parametrize(
    "section",
    [
        SUSTAINED,
        "{type: new_value, rules: [sample], timespan: 30d, condition: {field: value}}",
        "{type: silent_source, rules: [sample], group-by: [host], timespan: 10m}",
        "{type: spike, rules: [sample], group-by: [host], timespan: 1h}",
        "{type: flatline, rules: [sample], timespan: 1h, condition: {lt: 2}}",
    ],
)
def test_every_kind_of_window_gives_back_its_memory(rules, section):
    ruleset = rules(window(section))
    first = Matcher(ruleset)
    kept = Memory()
    for begin in (0, 100, 4000):
        first.match_all(cpu(*[(t, 99) for t in range(begin, begin + 100, 10)]))
        kept.add(first.take_changes())
    assert first.take_changes().parts == {}
    second = Matcher(ruleset)
    second.restore(kept, is_stored=True)
    assert second.memory() == first.memory()
    assert kept.is_whole
    assert not second.take_changes().is_whole


def test_what_changed_is_the_group_that_was_touched_and_the_one_forgotten(rules, monkeypatch):
    monkeypatch.setattr("socconsole.sigma.sliding.MANY_GROUPS", 2)
    matcher = Matcher(rules(window(COUNT)))
    matcher.match_all([*fails(0, user="ann"), *fails(1, user="bob"), *fails(2, user="cal")])
    everyone = matcher.take_changes()
    assert len(everyone.parts) == 3
    matcher.match_all(fails(500, user="bob"))
    changed = matcher.take_changes()
    assert not changed.is_whole
    assert [state is None for state in changed.parts.values()] == [False, True, True]
    assert changed.parts.keys() <= everyone.parts.keys()


def test_the_evidence_of_many_groups_is_bounded(rules, monkeypatch):
    monkeypatch.setattr("socconsole.sigma.sliding.MAX_SAMPLED", 6)
    matcher = Matcher(rules(window(COUNT)))
    matcher.match_all([*fails(0, 1, 2, 3, user="ann"), *fails(0, 1, 2, 3, user="bob")])
    (detection,) = matcher.match_all(fails(4, user="bob"))
    assert len(detection.evidence) == 5
    (detection,) = matcher.match_all(fails(4, user="ann"))
    assert detection.window.count == 5
    assert len(detection.evidence) < 5


def test_a_rule_whose_text_changed_starts_afresh_and_what_it_left_is_removed(rules):
    kept = Memory()
    first = Matcher(rules(window(COUNT)))
    first.match_all(fails(0, 1, 2, 3))
    kept.add(first.take_changes())
    second = Matcher(rules(window(COUNT.replace("gte: 5", "gte: 4"))))
    second.restore(kept, is_stored=True)
    assert not second.match_all(fails(4))
    kept.add(second.take_changes())
    assert kept.is_whole
    assert len(kept.parts) == 1


def test_a_detection_is_of_the_category_of_the_event_that_completed_it(rules):
    *known, last = fails(0, 1, 2, 3, 4)
    last.category = EventCategory.EXCEPTION
    (detection,) = fired(rules(window(COUNT)), [*known, last])
    assert detection.category is EventCategory.EXCEPTION


SILENT = "{type: silent_source, rules: [sample], group-by: [host], timespan: 1m}"


@pytest.mark.parametrize(
    "section",
    [
        SILENT,
        "{type: flatline, rules: [sample], timespan: 1m, condition: {lt: 2}}",
        "{type: event_count, rules: [sample], timespan: 1m, condition: {lt: 2}}",
    ],
)
def test_what_fires_for_what_did_not_come_is_of_no_category(rules, section):
    text = window(
        section,
        """---
title: Two in an hour
id: 00000000-0000-4000-8000-000000000010
level: high
correlation: {type: event_count, rules: [Window], timespan: 1h, condition: {gte: 1}, generate: true}
""",
    ).replace("title: Window", "title: Window\nname: Window")
    matcher = Matcher(rules(text), lateness_secs=0)
    found = [*matcher.match_all(cpu((0, 1))), *matcher.tick(NOON + timedelta(minutes=3))]
    assert {d.rule.title for d in found} == {"Window", "Two in an hour"}
    assert {d.category for d in found} == {None}


def test_the_last_event_heard_keeps_its_category_over_a_restart(rules):
    ruleset = rules(window(SILENT))
    first, second = Matcher(ruleset, lateness_secs=0), Matcher(ruleset, lateness_secs=0)
    (event,) = cpu((0, 1))
    event.category = EventCategory.MAINTENANCE
    first.match_all([event])
    second.restore(first.memory())
    (detection,) = second.tick(NOON + timedelta(minutes=2))
    assert detection.event.category is EventCategory.MAINTENANCE


def test_a_match_without_its_group_is_counted_and_left_out(rules):
    matcher = Matcher(rules(window(COUNT)))
    matcher.match_all([an_event({"outcome": "failed"})])
    assert [losses.without_group for losses in matcher.losses().values()] == [1]


def test_in_a_file_with_a_correlation_a_rule_needs_only_its_name(rules):
    text = """
title: Window
id: 00000000-0000-4000-8000-000000000009
correlation: {type: event_count, rules: failed, group-by: user, timespan: 1m, condition: {gte: 2}}
---
name: failed
logsource: {product: windows}
detection:
  selection: {outcome: failed}
  condition: selection
"""
    assert len(fired(rules(text), fails(1, 2))) == 1


def test_a_clock_that_is_far_ahead_does_not_make_everything_late(rules):
    ruleset = rules(window(COUNT))
    now = (datetime.now(UTC) - NOON).total_seconds()
    events = fails(now - 9, now + 10**7, now - 8, now - 7, now - 6)
    assert len(Matcher(ruleset, ahead_secs=300).match_all(events)) == 1
    assert not Matcher(ruleset).match_all(events)
