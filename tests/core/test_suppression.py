"""A suppression covers what it names, in its time, and nothing worse."""

from datetime import UTC, datetime, timedelta

import pytest

from socconsole.core.detection import Detection, Rule
from socconsole.core.event import Event
from socconsole.core.severity import Severity
from socconsole.core.suppression import Quieting

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVENT = Event(
    "sshd", (), {"host": "web-1", "port": 22}, "sshd: failed", NOW, names={"host.name": "host"}
)
FOUND = Detection(
    Rule("r1", "SSH brute force", Severity.MEDIUM, tags=("attack.t1110",)), NOW, EVENT
)


def quieting(**terms):
    times = {"starts_at": NOW - timedelta(hours=1), "until": NOW + timedelta(hours=1)}
    return Quieting(1, "suppression", **{**times, **terms})


@pytest.mark.parametrize(
    "terms",
    [
        {"rule_id": "r1"},
        {"entities": {"host": "WEB-1"}},
        {"filter": "rule:ssh host:web* severity<=medium"},
        {"filter": "tag:t1110 port:22 failed"},
        {"rule_id": "r1", "highest": Severity.MEDIUM},
    ],
)
def test_it_covers(terms):
    assert quieting(**terms).covers(FOUND, NOW)


@pytest.mark.parametrize(
    "terms",
    [
        {"rule_id": "r2"},
        {"filter": "host:web* (never closed"},
        {"entities": {"host": "web-1", "user": "root"}},
        {"filter": "host:db*"},
        {"rule_id": "r1", "highest": Severity.LOW},
        {"rule_id": "r1", "until": NOW},
        {"rule_id": "r1", "starts_at": NOW + timedelta(minutes=1)},
    ],
)
def test_it_does_not_cover(terms):
    assert not quieting(**terms).covers(FOUND, NOW)
