"""Builders that every test of the rules uses."""

from datetime import UTC, datetime, timedelta

import pytest

from socconsole.core.event import Event, LogSource
from socconsole.sigma.rules import load_rules

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOWS = (LogSource("windows", "process_creation"), LogSource("windows", None, "sysmon"))


def an_event(fields, *, at=0.0, sources=WINDOWS, raw=None):
    """Return an event `at` seconds after noon; None: one without a time."""
    import json

    return Event(
        format="test",
        logsources=sources,
        fields=fields,
        raw=json.dumps(fields) if raw is None else raw,
        time=None if at is None else NOON + timedelta(seconds=at),
    )


@pytest.fixture
def rules(tmp_path):
    """Load rules from texts; without `errors=True` a refusal fails the test."""

    def load(*texts, errors=False, **kwargs):
        for number, text in enumerate(texts):
            (tmp_path / f"{number:03}.yml").write_text(text)
        ruleset = load_rules([tmp_path], **kwargs)
        if not errors:
            assert not ruleset.errors, [str(error) for error in ruleset.errors]
        return ruleset

    return load
