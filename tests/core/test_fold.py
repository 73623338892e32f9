"""What becomes of a detection is decided by the newest alert of its fingerprint."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from socconsole.core.detection import Detection, Rule, Window
from socconsole.core.event import Event, entities
from socconsole.core.fold import ENTITY_VALUES, Fate, Trouble, judge, merge_entities
from socconsole.core.policy import FoldPolicy
from socconsole.core.severity import Severity

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = FoldPolicy(window_minutes=15, quiet_hours=24)
NAMES = {"host.name": "host", "user.name": "user", "event.outcome": "outcome"}


def detection(*, minutes=0, level=Severity.MEDIUM, tags=("attack.t1110",), **fields):
    event = Event("sshd", (), {"host": "web-1", "user": "root", **fields}, "raw", NOW, names=NAMES)
    rule = Rule("r1", "SSH brute force", level, tags=tags)
    return Detection(rule, NOW + timedelta(minutes=minutes), event)


def trouble(status="new", **facts):
    values = {
        "severity": Severity.MEDIUM,
        "first_seen": NOW,
        "last_seen": NOW,
        "count": 3,
        "entities": {"host": "web-1", "user": "root"},
        "tags": ("attack.t1110",),
        **facts,
    }
    return Trouble(status, **values)


def fate(known, found, now=NOW):
    return judge(known, found, entities(found.event), now=now, policy=POLICY)


def test_the_first_one_raises_an_alert():
    assert fate(None, detection()) == (Fate.RAISE, "")


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, Fate.FOLD), (15, Fate.FOLD), (16, Fate.RAISE), (-15, Fate.FOLD), (-16, Fate.RAISE)],
)
def test_one_nobody_looked_at_folds_within_the_window(minutes, expected):
    assert fate(trouble(), detection(minutes=minutes))[0] is expected


def test_an_alert_does_not_grow_for_more_than_a_day():
    old = trouble(first_seen=NOW - timedelta(hours=25))
    assert fate(old, detection())[0] is Fate.RAISE


@pytest.mark.parametrize("status", ["acknowledged", "escalated", "shelved"])
def test_one_that_somebody_deals_with_takes_its_repeats_however_late(status):
    assert fate(trouble(status), detection(minutes=300))[0] is Fate.FOLD


WORSE = [
    ("severity rose to high", {}, detection(level=Severity.HIGH)),
    ("new user: admin", {}, detection(user="admin")),
    ("new tactic: t1098", {}, detection(tags=("attack.t1098",))),
    ("30 times", {"count": 29, "since_looked": 26}, detection()),
    ("success after failures", {"only_failures": True}, detection(outcome="success")),
]


@pytest.mark.parametrize(("reason", "facts", "found"), WORSE, ids=[row[0] for row in WORSE])
@pytest.mark.parametrize(
    ("status", "expected"), [("acknowledged", Fate.WORSEN), ("closed", Fate.RAISE)]
)
def test_worse_breaks_through(reason, facts, found, status, expected):
    quiet = NOW + timedelta(hours=1) if status == "closed" else None
    known = trouble(status, disposition="false_positive", quiet_until=quiet, **facts)
    became, why = fate(known, found)
    assert became is expected
    assert reason in why


def test_a_window_s_many_users_are_no_news_but_another_host_is():
    window = Window("event_count", {"source_ip": "203.0.113.7"}, 5, NOW, NOW)
    known = trouble("acknowledged")
    spray = replace(detection(user="admin"), window=window)
    assert fate(known, spray)[0] is Fate.FOLD
    spread = replace(detection(host="web-2"), window=window)
    assert fate(known, spread) == (Fate.WORSEN, "new host: web-2")


def test_a_closed_one_counts_quietly_until_its_quiet_is_over():
    known = trouble("closed", disposition="benign_positive", quiet_until=NOW)
    assert fate(known, detection(), NOW - timedelta(seconds=1))[0] is Fate.QUIET
    assert fate(known, detection(), NOW)[0] is Fate.RAISE


def test_a_true_positive_has_no_quiet():
    known = trouble("closed", disposition="true_positive", quiet_until=NOW + timedelta(hours=9))
    assert fate(known, detection())[0] is Fate.REOPEN


def test_counting_in_keeps_the_span_the_worst_and_the_entities():
    known = trouble()
    known.add(detection(minutes=5, level=Severity.HIGH), {"user": "admin"})
    assert (known.count, known.severity) == (4, Severity.HIGH)
    assert known.last_seen == NOW + timedelta(minutes=5)
    assert known.entities["user"] == ["root", "admin"]


def test_entities_are_kept_up_to_a_limit():
    known = {"user": "u0"}
    for number in range(1, 50):
        merge_entities(known, {"user": f"u{number}"})
    assert len(known["user"]) == ENTITY_VALUES
    assert not merge_entities(known, {"user": "u1"})
