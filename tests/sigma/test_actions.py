"""Documents of one file that add to one another."""

from socconsole.sigma import actions
from socconsole.sigma.match import Matcher
from tests.sigma.events import an_event

SHARED = """action: global
title: Shared
author: Ann
logsource: {product: windows}
detection: {condition: s}
---
detection: {s: {A: 1}}
---
detection: {s: {B: 1}}
"""
REPEATED = """---
action: repeat
title: Again
detection: {s: {B: 2}}
"""
OWN = """---
action: reset
---
title: Own
logsource: {product: windows}
detection: {t: {C: 1}, condition: t}
"""


def told(ruleset, **fields):
    return [d.rule.title for d in Matcher(ruleset).match(an_event(fields))]


def test_what_is_global_is_part_of_every_rule_until_it_is_reset(rules):
    ruleset = rules(SHARED + REPEATED + OWN)
    assert [rule.author for rule in ruleset.rules] == ["Ann", "Ann", "Ann", None]
    assert len({rule.id for rule in ruleset.rules}) == 4
    assert told(ruleset, A=1) == told(ruleset, B=1) == ["Shared"]
    assert told(ruleset, B=2) == ["Again"]
    assert told(ruleset, C=1) == ["Own"]


def test_a_rule_without_anything_global_can_be_repeated(rules):
    ruleset = rules(OWN + "---\naction: repeat\ndetection: {t: {C: 2}}\n")
    assert told(ruleset, C=1) == told(ruleset, C=2) == ["Own"]


def test_what_is_wrong_is_told_where_it_stands(rules):
    wrong = SHARED.replace("windows}", "windows}\nlevel: hgih").replace("B: 1", "B|bad: 1")
    ruleset = rules("action: repeat\n---\n" + wrong, errors=True)
    assert [error.where.rpartition(":")[2] for error in ruleset.errors] == ["1", "7", "12"]


def test_correlations_and_filters_take_no_part(rules):
    text = (
        SHARED.replace("author: Ann", "author: Ann\nname: shared")
        + """---
title: Many
correlation: {type: event_count, rules: [shared], timespan: 1m, condition: {gte: 1}}
"""
    )
    ruleset = rules(text)
    assert [rule.author for rule in ruleset.rules if rule.title == "Many"] == [None]


def test_what_would_be_long_written_out_is_refused(rules, monkeypatch):
    monkeypatch.setattr(actions, "MAX_WRITTEN_OUT", 100)
    ruleset = rules(SHARED + REPEATED * 10, errors=True)
    (error,) = ruleset.errors
    assert "more than 100 nodes" in error.what
    assert 2 <= len(ruleset.rules) < 8
