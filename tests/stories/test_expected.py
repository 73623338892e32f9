"""The shipped rules find in the sample logs what they have to, and nothing else."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from socconsole import parsers
from socconsole.content import RULES, sample_data
from socconsole.core.event import RawLine, ReadContext
from socconsole.settings import load_settings
from socconsole.sigma.match import Matcher
from socconsole.sigma.rules import load_rules

READ_AT = datetime(2026, 3, 1, 4, 5, tzinfo=UTC)


def sample_events():
    """Yield the events of every sample log, read as the demo's settings say."""
    settings = load_settings(sample_data() / "scenario" / "socconsole.toml", {})
    for source in settings.source:
        log = sample_data() / "logs" / source.path.rpartition("/")[2]
        lines = log.read_text(encoding="utf-8").splitlines()
        parser = parsers.choose(lines[:50]).parser
        context = ReadContext(READ_AT, UTC, source.host)
        for number, text in enumerate(lines, 1):
            event = parser.parse(text, context) or parsers.unparsed(text)
            event.line = RawLine(source.name, 1, 0, b"", 0, log.name, number)
            yield event


@pytest.fixture(scope="module")
def found():
    """Count the detections in the sample logs by rule and source."""
    ruleset = load_rules([RULES])
    assert not ruleset.errors
    matcher = Matcher(ruleset)
    events = sorted(sample_events(), key=lambda event: event.time or READ_AT)
    return Counter(
        (detection.rule.title, detection.event.line.source)
        for detection in matcher.match_all(events)
    )


def test_the_sample_logs_hold_what_is_expected(found):
    counted: dict[str, dict[str, int]] = {}
    for (title, source), count in sorted(found.items()):
        counted.setdefault(title, {})[source] = count
    expected = json.loads((sample_data() / "expected" / "alerts.json").read_text())
    assert counted == expected


def test_every_shipped_rule_is_shown_by_the_scenario(found):
    shown = {title for title, _ in found}
    counted_only = {"Failed SSH login", "Page not there", "Server error"}
    counted_only.add("DNS question with a very long label")
    assert {rule.title for rule in load_rules([RULES]).rules} - shown == counted_only


def test_one_line_of_the_sample_logs_is_no_parsers():
    unread = [event.raw for event in sample_events() if event.format == "unparsed"]
    assert unread == ["this line was cut by a full disk: 192.0.2.77 - - ["]
