"""Events that the tests of the rules are made of."""

import json
from datetime import UTC, datetime, timedelta

from socconsole.core.event import Event, LogSource

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOWS = (LogSource("windows", "process_creation"), LogSource("windows", None, "sysmon"))


def an_event(fields, *, at=0.0, sources=WINDOWS, raw=None):
    """Return an event `at` seconds after noon; None: one without a time.

    Without `raw` it is a line of JSON that says the fields as they are.
    """
    event = Event(
        format="test",
        logsources=sources,
        fields=fields,
        raw=json.dumps(fields) if raw is None else raw,
        time=None if at is None else NOON + timedelta(seconds=at),
    )
    if raw is None:
        event.decoded = event.raw, fields, len(fields)
    return event
