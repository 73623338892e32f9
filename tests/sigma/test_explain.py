"""What the analyst is shown of a match: the right place in the raw line."""

import json

import pytest

from socconsole.core.event import Event, LogSource
from socconsole.sigma.match import Matcher
from socconsole.sigma.rules import load_rules
from tests.sigma.events import an_event

RULE = """
title: Large flow
id: 0c7a2f1e-52a1-4c3a-9a53-3f6a1f3f5c11
logsource: {product: any}
detection:
  selection:
    event_type: flow
    flow.bytes|gte: 100000000
  condition: selection
level: high
"""


@pytest.fixture
def matcher(tmp_path):
    (tmp_path / "rule.yml").write_text(RULE, encoding="utf-8")
    ruleset = load_rules([tmp_path])
    assert not ruleset.errors
    return Matcher(ruleset)


def marked(matcher, fields, raw):
    event = Event("json", (LogSource(product="any"),), fields, raw, None)
    (detection,) = matcher.match(event)
    return {
        part.field: [raw[a:b] + "@" + str(a) for a, b in part.spans] for part in detection.parts
    }


def test_a_short_value_is_marked_behind_its_own_name_and_not_inside_another(matcher):
    fields = {"flow_id": 7, "event_type": "flow", "flow": {"bytes": 734003200}}
    raw = json.dumps(fields)
    place = raw.index('"flow"') + 1
    assert marked(matcher, fields, raw) == {
        "event_type": [f"flow@{place}"],
        "flow.bytes": [f"734003200@{raw.index('734003200')}"],
    }


def test_a_value_in_plain_text_is_marked_as_a_word(matcher):
    fields = {"event_type": "flow", "flow": {"bytes": 734003200}}
    raw = "overflow of a flow of 734003200"
    assert marked(matcher, fields, raw)["event_type"] == ["flow@14"]


def test_a_number_is_written_out_as_its_author_wrote_it(matcher):
    fields = {"event_type": "flow", "flow": {"bytes": 734003200}}
    event = Event("json", (LogSource(product="any"),), fields, json.dumps(fields), None)
    (detection,) = matcher.match(event)
    assert "gte 100000000" in [part.pattern for part in detection.parts]


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("A: bc", "BC"),
        ("A|contains: c", "xcx"),
        ("A|startswith: b", "by"),
        ("A|endswith: x", "xcx"),
        ("A|cased: BC", "BC"),
        ("A|re: b.", "by"),
        ("A|cidr: 10.0.0.0/8", "10.1.1.1"),
    ],
)
def test_of_a_list_the_element_that_answers_is_told(rules, item, told):
    text = f"title: T\nlogsource: {{product: windows}}\ndetection: {{s: {{{item}}}, condition: s}}"
    fields = {"A": ["\u0130", "xcx", "by", "BC", "10.1.1.1"]}
    ((part,),) = [d.parts for d in Matcher(rules(text)).match(an_event(fields))]
    assert part.value == told
