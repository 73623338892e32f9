"""The engine against the naive evaluator: on rules nobody would write, and on SigmaHQ's."""

import os
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socconsole.cli.replay import read_events
from socconsole.core.event import ReadContext
from socconsole.sigma.define import define
from socconsole.sigma.match import Matcher
from socconsole.sigma.reading import read_documents
from socconsole.sigma.rules import assemble
from tests.sigma.events import NOON, an_event
from tests.sigma.naive import matches

WORDS = ["a", "b", "ab", "AB", "aab", "\\a", "x\\ab", "\\x\\ab.exe", "a.exe", "-a", "a -b /c", "1"]
WORDS += ["2026-03-02T10:05:07Z", "2026-03-02 23:05:07-02:00", "AGIA", "YQBiAA==", "xab", "aéb"]
WORDS += [
    "\0a\0",
    "true",
    "0",
    "10.1.2.3",
    "10.1.2.300",
    "::1",
    "é",
    "É",
    "a\nb",
    "a'b",
    'a"b',
    "a{b}",
    "",
]
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
SHAPES += [["startswith", "all", "neq"], ["contains", "all", "cased"], ["windash", "all"]]
SHAPES += [["endswith", "cased", "neq"]]
PLACEHOLDERS = {"p": ["a", "x*b", "?B"]}


def key(field, modifiers):
    return "|".join([field, *modifiers])


texts = st.builds(
    lambda field, modifiers, values: (key(field, modifiers), values),
    st.sampled_from(FIELDS),
    st.sampled_from(SHAPES),
    st.lists(PATTERNS, min_size=1, max_size=3),
)
special = st.one_of(
    st.tuples(
        st.sampled_from(["A|re", "B|re|i", "A|re|m", "B|re|s", "A|re|i|m|neq"]),
        st.sampled_from(["a+b", "^x", "b$", "[ab]{2}", "a.b", "^b$"]),
    ),
    st.tuples(
        st.sampled_from(["A|cidr", "B|cidr|neq"]),
        st.sampled_from(["10.0.0.0/8", "::/64", ["10.1.2.0/24", "::1/128"]]),
    ),
    st.tuples(st.sampled_from(["A|gt", "B|lte", "A|lt|neq", "B|gte"]), st.integers(-1, 3)),
    st.tuples(st.sampled_from(["A|exists", "B|exists", "C.d|exists"]), st.booleans()),
    st.tuples(
        st.sampled_from(["A|fieldref" + more for more in ("", *(f"|{m}" for m in OUTER), "|neq")]),
        st.sampled_from(["B", ["B", "C.d"]]),
    ),
    st.tuples(
        st.sampled_from(["A|expand", "B|contains|expand|neq", "B|expand|all"]),
        st.lists(st.sampled_from(["%p%", "a%p%", "*b"]), min_size=1, max_size=2),
    ),
    st.tuples(st.just("A|fieldref|all"), st.just(["B", "C.d"])),
    st.tuples(
        st.sampled_from(["A|base64offset|contains", "B|base64", "B|base64offset|contains|all"]),
        st.sampled_from(["ab", "é", ["b", "ab"]]),
    ),
    st.tuples(
        st.sampled_from(["A|wide|base64", "B|utf16le|base64offset|contains", "A|utf16be|base64"]),
        st.just("ab"),
    ),
    st.tuples(
        st.sampled_from(["A|hour", "A|hour|gte", "B|minute|neq", "A|day|lt", "B|year", "A|week"]),
        st.sampled_from([0, 1, 3, 5, 10, 2026, [0, 10]]),
    ),
    st.tuples(st.sampled_from(FIELDS), st.none() | st.booleans() | st.integers(0, 2)),
)
mapping = st.lists(texts | special, min_size=1, max_size=3).map(dict)
keywords = st.lists(PLAIN.filter(lambda w: w != ""), min_size=1, max_size=2)
selections = mapping | st.lists(mapping, min_size=1, max_size=3) | keywords
selections |= keywords.map(lambda words: {"|all": words})
conditions = st.recursive(
    st.sampled_from(["s0", "s1", "s2", "1 of s*", "all of them", "1 of s*"]),
    lambda inner: st.one_of(
        inner.map(lambda c: f"not ({c})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({' '.join(t)})"),
    ),
    max_leaves=4,
)
conditions |= st.lists(conditions, min_size=1, max_size=2)
lone = (texts | special).map(lambda item: dict([item]))  # a mistake shows in nothing larger
rules_ = st.one_of(
    st.tuples(lone, lone, lone, st.sampled_from(["s0", "s0 and s1", "not s0"])),
    st.tuples(selections, selections, selections, conditions),
).map(
    lambda t: {
        "title": "Random",
        "logsource": {"product": "windows"},
        "detection": {"s0": t[0], "s1": t[1], "s2": t[2], "condition": t[3]},
    }
)
value = st.sampled_from(WORDS) | st.integers(0, 2) | st.booleans() | st.none()
value |= value  # oftener than lists
events = st.dictionaries(
    st.sampled_from(FIELDS), value | st.lists(value, max_size=2), min_size=1, max_size=3
)


def loaded(bodies):
    definitions = []
    for number, body in enumerate(bodies):
        named = body | {"id": f"00000000-0000-4000-8000-{number:012}"}
        (document,) = read_documents("random.yml", yaml.safe_dump(named).encode())
        definitions.append(define(document, PLACEHOLDERS))
    return assemble(definitions)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(rules_, min_size=1, max_size=5), st.lists(events, min_size=1, max_size=9))
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
        expected = [n for n, body in enumerate(bodies) if matches(body, told, hay, PLACEHOLDERS)]
        assert [int(d.rule.id[-12:]) for d in matcher.match(event)] == expected


def _text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


CORPORA = os.environ.get("SOCCONSOLE_CORPORA")


@pytest.mark.skipif(
    CORPORA is None or not Path(CORPORA, "windows-events").is_dir(),
    reason="$SOCCONSOLE_CORPORA names no folder with windows-events",
)
def test_on_real_events_the_engine_agrees_with_the_naive_evaluator(public_rules):
    """By every rule that fires on an event, and every twentieth of the others.

    They look at every event, but for those of hundreds of values, whose turn comes less often.
    """
    matcher = Matcher(public_rules)
    path = str(Path(CORPORA, "windows-events", "mix20k.ndjson.gz"))
    batches = read_events(path, "auto", ReadContext(NOON))
    seen = [event for batch in batches for event in batch]
    for _ in range(2):  # the second time from memory
        found = {(d.rule.id, id(d.event)) for d in matcher.match_all(seen)}
    fired = {rule_id for rule_id, _ in found}
    events, routed = defaultdict(list), defaultdict(list)
    for event in seen:
        events[event.logsources].append(event)
    for sources in events:
        for definition in matcher._partitions.rules_for(sources):
            routed[definition.rule.id].append((definition, sources))
    chosen = sorted(fired | set(sorted(routed)[::20]))
    expected = set()
    for rule_id in chosen:
        definition = routed[rule_id][0][0]
        body = next(yaml.safe_load_all(Path(definition.rule.path.partition(":")[0]).read_bytes()))
        about = [event for _, sources in routed[rule_id] for event in events[sources]]
        weight = len(str(body["detection"])) * (10 if None in fields_in(body) else 1)
        step = 1 + len(about) * weight // _PATIENCE
        about = [e for n, e in enumerate(about) if n % step == 0 or (rule_id, id(e)) in found]
        expected |= {(rule_id, id(event)) for event in naively(body, about)}
    assert found == expected
    assert len(chosen) > 150


_PATIENCE = 600_000
"""Letters of a rule times events: what a fraction of a second is enough for."""


def naively(body, about):
    """Yield the events that meet a rule, looking but once at those that are equal for it."""
    names = fields_in(body)
    verdicts = {}
    for event in about:
        told = event.fields if None in names else {n: event.fields.get(n) for n in names}
        key = id(event) if None in names else tuple(map(repr, told.values()))
        if key not in verdicts:
            fields = {name: value for name, value in told.items() if value is not None}
            hay = "\n".join(map(_text, fields.values())) if None in names else ""
            verdicts[key] = matches(body, fields, hay)
        if verdicts[key]:
            yield event


def fields_in(body):
    return set(fields_of({k: v for k, v in body["detection"].items() if k != "condition"}))


def fields_of(part):
    """Yield the fields a detection names; None for keywords."""
    if isinstance(part, list) and not all(isinstance(inner, dict) for inner in part):
        yield None
    for inner in part.values() if isinstance(part, dict) else part:
        if isinstance(inner, dict):
            for key, value in inner.items():
                assert "." not in key.partition("|")[0]
                yield key.partition("|")[0]
                if "fieldref" in key:
                    yield value
        elif isinstance(inner, list):
            yield from fields_of(inner)
