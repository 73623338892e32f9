"""SigmaHQ's own samples: every case fires the rule it names."""

import os
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from socconsole.cli.replay import read_events
from socconsole.core.event import ReadContext
from socconsole.sigma.match import Matcher
from tests.sigma.events import NOON

CORPORA = os.environ.get("SOCCONSOLE_CORPORA")
pytestmark = pytest.mark.skipif(
    CORPORA is None or not Path(CORPORA, "sigma", "regression_data").is_dir(),
    reason="$SOCCONSOLE_CORPORA names no folder with sigma/regression_data",
)


def cases():
    """Yield rule id, sample and how often it has to fire."""
    for info in sorted(Path(CORPORA, "sigma", "regression_data").rglob("info.yml")):
        body = yaml.safe_load(info.read_text())
        counts = [test.get("match_count", 1) for test in body["regression_tests_info"]]
        for rule in body["rule_metadata"]:
            for sample in sorted((*info.parent.glob("*.json"), *info.parent.glob("*.evtx"))):
                yield rule["id"], sample, counts[0]


def test_every_case_fires_the_rule_it_names(public_rules):
    matcher = Matcher(public_rules)
    context = ReadContext(NOON)
    missed = []
    checked = 0
    for rule_id, sample, wanted in cases():
        checked += 1
        events = [event for batch in read_events(str(sample), "auto", context) for event in batch]
        fired = [d for d in matcher.match_all(events) if d.rule.id == rule_id]
        if len(fired) < wanted or not all(isinstance(d.time, datetime) for d in fired):
            missed.append(f"{sample.parent.name}/{sample.name}: {len(fired)} of {wanted}")
    assert checked > 100
    assert not missed
