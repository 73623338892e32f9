"""Every line of Sigma's semantics that we decide by, as cases people can read."""

from pathlib import Path

import pytest
import yaml

from socconsole.core.event import EventCategory
from socconsole.sigma.define import define
from socconsole.sigma.evaluate import holds
from socconsole.sigma.match import Matcher
from socconsole.sigma.reading import read_documents
from socconsole.sigma.rules import assemble
from tests.sigma.events import an_event

FOLDER = Path(__file__).parent / "cases"
CASES = [
    case for file in sorted(FOLDER.glob("*.yml")) for case in yaml.safe_load_all(file.read_text())
]
PLACEHOLDERS = {"admins": ["ann", "bob"], "jump": ["jump?", "", "b\\*s"]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case):
    body = {"title": case["name"], "logsource": {"product": "windows"}} | {
        "detection": case["detection"]
    }
    (document,) = read_documents("case.yml", yaml.safe_dump(body).encode())
    definition = define(document, PLACEHOLDERS)
    matcher = Matcher(assemble([definition]))
    for wanted, all_fields in ((True, case["match"]), (False, case["miss"])):
        for fields in [*all_fields, *all_fields]:
            raw = fields.get("raw")
            event = an_event({"message": raw} if raw else fields, raw=raw)
            assert bool(matcher.match(event)) is wanted, fields
            assert holds(definition.tree, event) is wanted, fields


def test_a_rule_may_ask_for_the_category_and_the_envelope(rules):
    text = """title: Trouble from outside
id: 00000000-0000-4000-8000-000000000001
logsource: {product: windows}
detection:
  selection: {socconsole.category: warning, "source.ip|cidr": 203.0.113.0/24}
  condition: selection
"""
    matcher = Matcher(rules(text))
    event = an_event({"src": "203.0.113.9"})
    assert not matcher.match(event)
    event.category = EventCategory.WARNING
    event.names = {"source.ip": "src"}
    assert len(matcher.match(event)) == 1
