"""Long texts: what they remember is true, and rules ask little of them."""

import random
import re

import pytest

from socconsole.sigma import patterns
from socconsole.sigma.long_text import LONG, LongText, lowered
from socconsole.sigma.match import Matcher
from socconsole.sigma.needles import Needles
from socconsole.sigma.patterns import ANY_ONE, ANY_RUN, glob_pattern, glob_searcher, searcher
from socconsole.sigma.tree import items_of
from tests.sigma.events import WINDOWS, an_event


@pytest.fixture
def counted(monkeypatch):
    """Count how often a long text is gone through for a literal, or for a pattern."""
    counts = {"literals": 0, "patterns": 0}
    look, search = LongText._looked_for, patterns.searcher

    def looked_for(text, literal):
        counts["literals"] += 1
        return look(text, literal)

    def searcher_for(pattern):
        found = search(pattern)

        def searched(text):
            counts["patterns"] += 1
            return found(text)

        return searched

    monkeypatch.setattr(LongText, "_looked_for", looked_for)
    monkeypatch.setattr(patterns, "searcher", searcher_for)
    patterns.sparing_searcher.cache_clear()
    yield counts
    patterns.sparing_searcher.cache_clear()


def test_a_text_of_the_rules_own_words_is_not_gone_through_for_each_of_them(public_rules, counted):
    trees = [one.tree for one in public_rules.definitions if one.tree is not None]
    items = [item for tree in trees for item in items_of(tree) if item.field == "CommandLine"]
    words = sorted({item.text for item in items if item.test == "contains"})
    value = " ".join(random.Random(4).choices(words, k=4000))[:32_000]
    matcher = Matcher(public_rules, expected=[WINDOWS])
    fields = {"EventID": 1, "Image": r"C:\Windows\cmd.exe", "CommandLine": value}
    found = matcher.match(an_event(fields))
    assert len(found) > 50
    assert counted["literals"] < 150  # of some thousand that are asked for
    assert counted["patterns"] < 60
    told = sum(len(detection.parts) for detection in found)
    assert told > 300
    assert counted["literals"] < 500  # nor to tell why


def test_what_a_long_text_remembers_is_true():
    chance = random.Random(1)
    value = "".join(chance.choices("abc\u0130", k=LONG))
    text = lowered(value)
    assert text is lowered(value)
    assert text == value.lower()
    needles = Needles(tuple({"".join(chance.choices("abc", k=6)): None for _ in range(50)}))
    assert set(text.found(needles)) == set(needles.found(str(text)))
    for _ in range(2):
        for length in range(9):
            literal = "".join(chance.choices("abc", k=length))
            assert (literal in text) == (value.lower().find(literal) >= 0)
    assert all((literal in text) == (literal in str(value.lower())) for literal in needles.texts)


@pytest.mark.parametrize("anchored", [True, False])
def test_wildcards_mean_what_their_regular_expression_means(anchored):
    chance = random.Random(2)
    for _ in range(3000):
        glob = "".join(chance.choices("aab" + ANY_RUN + ANY_ONE, k=chance.randint(1, 6)))
        if chance.random() < 0.6:
            glob = glob.replace(ANY_ONE, "\n")
        pattern = re.compile(glob_pattern(glob, anchored=anchored).replace(r"\z", r"\Z"))
        text = "".join(chance.choices("aab\n", k=chance.randint(0, 8)))
        assert glob_searcher(glob, anchored=anchored)(text) == bool(pattern.search(text)), glob


def test_a_pattern_is_not_tried_where_its_literal_is_missing(counted):
    search = patterns.sparing_searcher(r"(?i)net\s+Viewer")
    assert not search("net viewe " * LONG)
    assert not counted["patterns"]
    assert search("net viewe " * LONG + "NET  VIEWER")
    long_s = "pa\u017f\u017f"
    assert patterns.sparing_searcher("(?i)pass")("x" * LONG + long_s)
    assert searcher("(?i)pass")(long_s)
