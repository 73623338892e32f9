"""Suppressions keep quiet what they name, count it, and show beforehand what that will be."""

from dataclasses import replace
from datetime import timedelta

import pytest

from socconsole.core.detection import Window
from socconsole.core.disposition import Verdict, parse_verdict
from socconsole.core.event import EventCategory
from socconsole.core.severity import Severity
from socconsole.errors import TransitionError, UsageError
from socconsole.services import alerts, lapsing, suppressions
from socconsole.services.suppressions import Wish, back_test, wish_from_alert
from socconsole.store.queries.suppressions import suppressions as listed
from tests.services.alert_making import NOON, alert_of, bring, detection, minutes, one_alert

HOUR = NOON + minutes(60)


def create(database, now=NOON, **terms):
    wish = Wish(**{"reason": "load test", "until": HOUR, **terms})
    with database.begin() as session:
        return suppressions.create(session, wish, by="mara", now=now)


def shown(database, now=NOON, **options):
    with database.read() as session:
        return listed(session, now, **options)


def test_a_suppressed_detection_is_counted_and_raises_nothing(database):
    create(database, filter="host:web*")
    result = bring(database, detection(), detection(host="db-1"), now=NOON + minutes(1))
    assert (result.raised, result.suppressed) == (1, 1)
    (row,) = shown(database)
    assert (row.state, row.hit_count, row.last_hit_at) == ("active", 1, NOON + minutes(1))


def test_it_ends_by_itself(database):
    create(database, rule_id="id-SSH brute force")
    assert bring(database, detection(), now=HOUR).raised == 1
    assert shown(database, HOUR) == ()
    assert [row.state for row in shown(database, HOUR, over=True)] == ["expired"]


def test_one_made_from_an_alert_lets_anything_worse_through(database):
    alert_id = one_alert(database)
    with database.begin() as session:
        wish = wish_from_alert(session, alert_id, reason="known scanner", until=HOUR)
        row = suppressions.create(session, wish, by="mara", now=NOON)
    assert row.entities == {"host": "web-1", "user": "root"}
    result = bring(
        database,
        detection(at=NOON + minutes(30)),
        detection(at=NOON + minutes(30), user="otto"),
        detection(at=NOON + minutes(30), level=Severity.HIGH),
        now=NOON + minutes(30),
    )
    assert (result.suppressed, result.raised) == (1, 2)


def test_one_made_from_an_alert_of_several_users_says_which_is_meant(database):
    seen = [detection(), detection(user="otto")]
    by_host = [replace(one, rule=replace(one.rule, fingerprint_fields=("host",))) for one in seen]
    (alert_id,) = bring(database, *by_host).alert_ids
    with database.read() as session:
        wish = wish_from_alert(session, alert_id, reason="known scanner", until=HOUR)
    assert wish.named == "host=web-1 user=root (only this one of its 2 users)"


def test_it_can_be_ended_extended_and_undone(database):
    row = create(database, filter="host:web*")
    with database.begin() as session:
        suppressions.extend(session, row.id, HOUR + minutes(60), by="mara", now=NOON)
        ended = suppressions.end(session, row.id, by="ines", now=NOON + minutes(5))
    assert (ended.state, ended.ended_by, ended.until) == ("ended", "ines", HOUR + minutes(60))
    assert bring(database, detection(), now=NOON + minutes(6)).raised == 1
    with database.begin() as session, pytest.raises(TransitionError, match="ended"):
        suppressions.end(session, row.id, by="ines", now=NOON + minutes(7))


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ({"filter": "host:a", "reason": " "}, "reason"),
        ({}, "everything"),
        ({"filter": "host:a", "until": NOON}, "before it begins"),
        ({"filter": "host:a", "until": NOON + timedelta(days=91)}, "90 days"),
        ({"filter": "age:x"}, "column 1"),
    ],
)
def test_what_cannot_be_is_refused(chosen_database, terms, says):
    with pytest.raises(UsageError, match=says):
        create(chosen_database, **terms)


def test_planned_work_marks_alerts_and_lets_them_come_back(database):
    window = create(database, filter="host:web*", maintenance=True, title="kernel update")
    (alert_id,) = bring(database, detection()).alert_ids
    row = alert_of(database, alert_id)
    assert (row.status, row.shelved_until, row.suppression_id) == ("shelved", HOUR, window.id)
    with database.begin() as session:
        assert lapsing.keep_time(session, now=HOUR - minutes(1)).returned == ()
    with database.begin() as session:
        assert lapsing.keep_time(session, now=HOUR).returned == (alert_id,)
    assert alert_of(database, alert_id).status == "new"


def test_the_back_test_says_what_would_have_been_hidden(database):
    first, second, third = bring(
        database, detection(), detection(user="otto"), detection(host="db-1")
    ).alert_ids
    bring(database, detection(), detection())
    real = parse_verdict("true_positive:malicious", note="shell")
    led = Verdict(real.disposition, real.reason, real.note, lead="lena")
    with database.begin() as session:
        alerts.close(session, [second], led, by="mara", now=NOON)
    with database.read() as session:
        found = back_test(
            session, Wish(reason="", until=HOUR, filter="host:web-1"), now=NOON + minutes(5)
        )
    assert (found.alerts, found.detections, found.true_positives) == (2, 4, (second,))
    assert sorted(number for number, _ in found.examples) == [first, second]
    assert third not in dict(found.examples)


@pytest.mark.parametrize("category", ["warning", "exception", "none"])
def test_the_back_test_knows_the_category_that_the_suppression_will_look_at(database, category):
    over = Window("silent_source", {"host": "web-1"}, 0, NOON, NOON, at_close=True)
    found = [
        detection("A"),
        detection("B", category=EventCategory.EXCEPTION),
        replace(detection("C"), window=over),
    ]
    bring(database, *found)
    wish = Wish(reason="known", until=HOUR, filter=f"category:{category}")
    with database.begin() as session:
        assert back_test(session, wish, now=NOON + minutes(5)).alerts == 1
        suppressions.create(session, wish, by="mara", now=NOON)
    assert bring(database, *found, now=NOON + minutes(5)).suppressed == 1
