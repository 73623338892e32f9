"""The detail of an alert says why it fired, what came before and what else goes on."""

from dataclasses import replace

import pytest

from socconsole.core.detection import Window
from socconsole.core.disposition import parse_verdict
from socconsole.core.severity import Severity
from socconsole.errors import NotFoundError
from socconsole.services import alerts
from socconsole.store.queries import alert_group
from socconsole.store.queries.alerts import alert_detail
from socconsole.store.tables import Asset
from tests.services.alert_making import NOON, bring, detection, minutes


def detail_of(database, alert_id):
    with database.read() as session:
        return alert_detail(session, alert_id)


def close(database, alert_id, verdict):
    with database.begin() as session:
        said = parse_verdict(verdict, note="looked")
        alerts.close(session, [alert_id], said, by="mara", now=NOON + minutes(1))


def test_it_says_why_with_the_matched_part_in_the_line(database):
    (alert_id,) = bring(database, detection()).alert_ids
    detail = detail_of(database, alert_id)
    assert detail.why is not None
    (part,) = detail.why.parts
    low, high = part.spans[0]
    assert detail.why.text[low:high] == "Failed password"
    assert (detail.why.source, detail.why.fields["host"]) == ("auth", "web-1")
    assert [term.text for term in detail.terms] == ["medium"]


def test_a_correlation_shows_its_window_and_its_samples(database):
    sample = detection(raw="the first").event
    window = Window("event_count", {"host": "web-1"}, 5, NOON - minutes(1), NOON)
    found = replace(detection("burst"), window=window, evidence=(sample,))
    (alert_id,) = bring(database, found).alert_ids
    detail = detail_of(database, alert_id)
    assert [line.trigger for line in detail.evidence] == [False, True]
    assert detail.why.window["count"] == 5


def test_precedents_say_how_the_same_trouble_ended(database):
    same, similar, other, now = bring(
        database,
        detection(),
        detection(user="otto"),
        detection(host="web-9"),
        detection(at=NOON + minutes(20)),
    ).alert_ids
    close(database, same, "benign_positive:test")
    close(database, similar, "false_positive")
    close(database, other, "false_positive")
    shown = detail_of(database, now).precedents
    assert [(row.id, row.disposition, row.same_entities) for row in shown] == [
        (same, "benign_positive", True),
        (similar, "false_positive", False),
    ]
    assert (shown[0].note, shown[0].closed_by, shown[0].rule_changed) == ("looked", "mara", False)


def test_related_alerts_share_entities_about_the_same_time(database):
    mine, both, host, late, stranger = bring(
        database,
        detection(),
        detection("Sudo abuse"),
        detection("Web shell", user="www-data"),
        detection("Old", at=NOON - minutes(60 * 30)),
        detection("Elsewhere", host="db-1", user="otto"),
    ).alert_ids
    assert [row.id for row in detail_of(database, mine).related] == [both, host]
    history = {row.kind: row for row in detail_of(database, mine).history}
    assert (history["host"].alerts, history["user"].alerts) == (3, 2)
    assert {late, stranger}.isdisjoint(row.id for row in detail_of(database, mine).related)


def test_a_group_hangs_together_by_what_its_alerts_share_without_a_long_pause(database):
    def step(title, after, **about):
        return detection(title, at=NOON + minutes(after), **about)

    one, two, three, later, apart = bring(
        database,
        step("Scan", 0, host="web-1", user="", tags=("attack.discovery",)),
        step("Shell", 50, host="web-1", user="www", tags=("attack.initial-access",)),
        step("Sudo", 100, host="db-1", user="www", tags=("attack.t1548", "attack.impact")),
        step("Login", 170, host="db-1", user="ops"),
        step("Elsewhere", 50, host="db-9", user="otto"),
    ).alert_ids
    for asked in (one, two, three):
        group = detail_of(database, asked).group
        assert [row.id for row in group.alerts] == [one, two, three]
        assert group.tactics == ("initial_access", "discovery", "impact")
        assert group.values("host") == ("web-1", "db-1")
        assert (group.first_seen, group.last_seen) == (NOON, NOON + minutes(100))
    assert detail_of(database, later).group is None
    assert detail_of(database, apart).group is None


def test_what_everything_is_about_connects_nothing(database, monkeypatch):
    monkeypatch.setattr(alert_group, "_HUB", 2)
    mine, *_ = bring(
        database, *(detection(title, host="proxy", user=title) for title in "abcd")
    ).alert_ids
    assert detail_of(database, mine).group is None
    beside = bring(database, detection("e", host="proxy", user="a")).alert_ids
    group = detail_of(database, mine).group
    assert [row.id for row in group.alerts] == [mine, *beside]
    assert group.busy == ("proxy",)


def test_history_knows_the_asset_and_past_verdicts(database):
    with database.begin() as session:
        session.add(
            Asset(
                name="web-1", criticality="high", owner="shop", created_at=NOON, created_by="mara"
            )
        )
    first, second = bring(database, detection(), detection("Sudo abuse")).alert_ids
    close(database, first, "false_positive")
    detail = detail_of(database, second)
    host = detail.history[0]
    assert (host.criticality, host.owner, host.dispositions) == (
        "high",
        "shop",
        {"false_positive": 1},
    )
    assert [term.text for term in detail.terms] == ["medium", "web-1 is high"]


def test_informational_detections_are_shown_beside_it(database):
    bring(database, detection("Login", level=Severity.INFORMATIONAL))
    (alert_id,) = bring(database, detection()).alert_ids
    (row,) = detail_of(database, alert_id).context
    assert (row.title, row.count) == ("Login", 1)


def test_activity_tells_who_did_what(database):
    (alert_id,) = bring(database, detection()).alert_ids
    close(database, alert_id, "false_positive")
    (entry,) = detail_of(database, alert_id).activity
    assert (entry.by, entry.verb, entry.after["status"]) == ("mara", "alert.close", "closed")


def test_hostile_entity_values_are_looked_up_as_they_are(database):
    (alert_id,) = bring(database, detection(host='a" OR b*', user="'; --")).alert_ids
    assert detail_of(database, alert_id).related == ()


def test_an_unknown_alert_is_refused(database):
    with pytest.raises(NotFoundError):
        detail_of(database, 7)
