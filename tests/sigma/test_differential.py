"""The engine against the naive evaluator: on rules nobody would write, and on SigmaHQ's."""

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socconsole.cli.replay import read_events
from socconsole.core.event import LogSource, ReadContext
from socconsole.sigma.define import define
from socconsole.sigma.evaluate import holds
from socconsole.sigma.match import Matcher
from socconsole.sigma.reading import Document
from socconsole.sigma.rules import assemble
from tests.sigma.events import NOON, an_event
from tests.sigma.naive import matches

WORDS = ["a", "b", "ab", "AB", "aab", "\\a", "x\\ab", "\\x\\ab.exe", "a.exe", "-a", "a -b /c", "1"]
WORDS += ["true", "0", "10.1.2.3", "10.1.2.300", "::1", "é", "É", "a\nb", "a'b", 'a"b', "a{b}", ""]
FIELDS = ["A", "B", "C.d"]
PLAIN = st.sampled_from([w for w in WORDS if w and "\\" not in w]) | st.integers(0, 3)
PATTERNS = st.sampled_from(
    [
        "a",
        "AB",
        "a*",
        "*b",
        "a*b",
        "?b",
        "a\\*",
        "*",
        "\\\\a",
        "*\\ab.exe",
        "*\\x\\*",
        "é",
        "1",
        "-a",
    ]
)
OUTER = ["contains", "startswith", "endswith"]
SHAPES = [[], *[[m] for m in OUTER], ["cased"], ["contains", "cased"], ["windash"]]
SHAPES += [["contains", "all"], ["windash", "contains"], ["neq"], ["contains", "neq"]]


def key(field, modifiers):
    return "|".join([field, *modifiers])


texts = st.builds(
    lambda field, modifiers, values: (key(field, modifiers), values),
    st.sampled_from(FIELDS),
    st.sampled_from(SHAPES),
    st.lists(PATTERNS, min_size=1, max_size=3),
)
special = st.one_of(
    st.tuples(st.sampled_from(["A|re", "B|re|i"]), st.sampled_from(["a+b", "^x", "b$", "[ab]{2}"])),
    st.tuples(st.just("A|cidr"), st.sampled_from(["10.0.0.0/8", "::/64"])),
    st.tuples(st.sampled_from(["A|gt", "B|lte"]), st.integers(-1, 3)),
    st.tuples(st.sampled_from(["A|exists", "B|exists"]), st.booleans()),
    st.tuples(st.sampled_from(["A|fieldref", "A|fieldref|contains"]), st.just("B")),
    st.tuples(st.sampled_from(["A|base64offset|contains", "A|wide|base64"]), st.just("ab")),
    st.tuples(st.sampled_from(FIELDS), st.none() | st.booleans() | st.integers(0, 2)),
)
mapping = st.lists(texts | special, min_size=1, max_size=3).map(dict)
keywords = st.lists(PLAIN.filter(lambda w: w != ""), min_size=1, max_size=2)
selections = mapping | st.lists(mapping, min_size=1, max_size=3) | keywords
conditions = st.recursive(
    st.sampled_from(["s0", "s1", "s2", "1 of s*", "all of them", "1 of s*"]),
    lambda inner: st.one_of(
        inner.map(lambda c: f"not ({c})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({' '.join(t)})"),
    ),
    max_leaves=4,
)
rules_ = st.tuples(selections, selections, selections, conditions).map(
    lambda t: {
        "title": "Random",
        "logsource": {"product": "windows"},
        "detection": {"s0": t[0], "s1": t[1], "s2": t[2], "condition": t[3]},
    }
)
value = st.sampled_from(WORDS) | st.integers(0, 2) | st.booleans() | st.none()
events = st.dictionaries(st.sampled_from(FIELDS), value | st.lists(value, max_size=2), max_size=3)


def loaded(bodies):
    definitions = []
    for number, body in enumerate(bodies):
        named = body | {"id": f"00000000-0000-4000-8000-{number:012}"}
        lines = tuple(yaml.safe_dump(named).splitlines())
        definitions.append(define(Document("random.yml", 1, named, lines), {}))
    return assemble(definitions)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(rules_, min_size=1, max_size=5), st.lists(events, min_size=1, max_size=6))
def test_the_engine_agrees_with_the_naive_evaluator(bodies, all_fields):
    matcher = Matcher(loaded(bodies))
    for fields in [*all_fields, *all_fields]:  # the second time from memory
        event = an_event({k: v for k, v in fields.items() if v is not None})
        told = {k: [x for x in v if x is not None] if isinstance(v, list) else v
                for k, v in event.fields.items()}  # fmt: skip
        event.fields = told
        hay = "\n".join(
            _text(v) for f in told.values() for v in (f if isinstance(f, list) else [f])
        )
        expected = [n for n, body in enumerate(bodies) if matches(body, told, hay)]
        assert [int(d.rule.id[-12:]) for d in matcher.match(event)] == expected


def _text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


CORPORA = os.environ.get("SOCCONSOLE_CORPORA")


@pytest.mark.skipif(
    CORPORA is None or not Path(CORPORA, "windows-events").is_dir(),
    reason="$SOCCONSOLE_CORPORA names no folder with windows-events",
)
def test_on_real_events_masks_and_trees_say_the_same(public_rules):
    matcher = Matcher(public_rules)
    path = str(Path(CORPORA, "windows-events", "mix20k.ndjson.gz"))
    everything = [
        event
        for batch in read_events(path, "auto", ReadContext("t", NOON, NOON))
        for event in batch
    ]
    sample = everything[::400]
    matcher.match_all(everything)  # so that memory answers, not the tables
    fired = 0
    for event in sample:
        routed = matcher.rules_for(event.logsources)
        expected = [d.rule.id for d in routed if d.tree is not None and holds(d.tree, event)]
        assert [d.rule.id for d in matcher.match(event)] == expected
        fired += len(expected)
    assert {s for e in sample for s in e.logsources} > {LogSource("windows", None, "sysmon")}
