"""What `related` does: a rule may stand for others that are gone."""

import pytest

from socconsole.sigma.match import Matcher
from tests.sigma.events import an_event


def uuid(number):
    return f"00000000-0000-4000-8000-{number:012}"


def rule(number, *related, name=""):
    told = "".join(f"  - {{type: {kind}, id: {uuid(other)}}}\n" for kind, other in related)
    return (
        f"title: R{number}\nid: {uuid(number)}\n{name and f'name: {name}'}\n"
        f"{'related:' if told else ''}\n{told}"
        f"logsource: {{product: windows}}\ndetection: {{s: {{A: x}}, condition: s}}\n"
    )


def loaded(ruleset):
    return [rule.title for rule in ruleset.rules]


def test_a_rule_that_another_makes_obsolete_is_left_out_and_said_so(rules):
    ruleset = rules(rule(1), rule(2, ("obsolete", 1)), rule(3))
    assert loaded(ruleset) == ["R2", "R3"]
    ((left, reason),) = ruleset.skipped
    assert (left.title, reason) == ("R1", "obsolete: 'R2' replaces it")


def test_a_rule_that_is_disabled_replaces_none(rules):
    assert loaded(rules(rule(1), rule(2, ("obsolete", 1)), disabled=[uuid(2)])) == ["R1"]


def test_of_a_chain_the_newest_stays(rules):
    texts = (rule(1), rule(2, ("obsolete", 1)), rule(3, ("obsolete", 2)))
    assert loaded(rules(*texts)) == loaded(rules(*reversed(texts))) == ["R3"]


def test_of_a_circle_all_stay(rules):
    circle = (rule(1, ("obsolete", 3)), rule(2, ("obsolete", 1)), rule(3, ("obsolete", 2)))
    assert loaded(rules(*circle, rule(4, ("obsolete", 4)))) == ["R1", "R2", "R3", "R4"]


@pytest.mark.parametrize("kind", ["derived", "similar"])
def test_rules_that_are_alike_all_stay(rules, kind):
    assert loaded(rules(rule(1), rule(2, (kind, 1)))) == ["R1", "R2"]


def test_a_renamed_rule_stays_disabled(rules):
    assert loaded(rules(rule(2, ("renamed", 1)), disabled=[uuid(1)])) == []
    assert loaded(rules(rule(2, ("merged", 1)), disabled=[uuid(1)])) == ["R2"]


@pytest.mark.parametrize("kind", ["obsolete", "renamed", "merged"])
@pytest.mark.parametrize("word", [uuid(1), "first"])
def test_correlations_and_filters_find_what_stands_for_a_rule(rules, kind, word):
    old = [rule(1, name="first")] if kind == "obsolete" or word == "first" else []
    burst = (
        f"title: Burst\nid: {uuid(8)}\ncorrelation: {{type: event_count, rules: ['{word}'], "
        "timespan: 1m, condition: {gte: 1}}\n"
    )
    kept_out = (
        f"title: Not eve\nlogsource: {{product: windows}}\nfilter: {{rules: ['{word}'], "
        "eve: {User: eve}, condition: not eve}\n"
    )
    ruleset = rules(*old, rule(2, (kind, 1)), burst, kept_out)
    for user, fired in (("ann", ["Burst"]), ("eve", [])):
        event = an_event({"A": "x", "User": user})
        matcher = Matcher(ruleset)
        found = {detection.rule.title for detection in matcher.match_all([event])}
        assert ("Burst" in found) is bool(fired), found
