"""Detections become alerts as the glossary says, on both engines."""

import json
import string
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from socconsole.core.detection import Window
from socconsole.core.disposition import parse_verdict
from socconsole.core.event import EventCategory
from socconsole.core.policy import FoldPolicy
from socconsole.core.severity import Severity
from socconsole.errors import SocError
from socconsole.services import alerts, assets, business, raising
from socconsole.services.actions import undo as undo_last
from socconsole.store.queries import assets as asset_queries
from tests.services.alert_making import (
    NOON,
    alert_of,
    bring,
    detection,
    minutes,
    one_alert,
    rows_of,
)


def close(database, alert_id, verdict, now=NOON):
    with database.begin() as session:
        said = parse_verdict(verdict, note="looked at it")
        if said.reason == "malicious":
            said = replace(said, lead="lena")
        alerts.close(session, [alert_id], said, by="mara", now=now)


def test_detections_close_together_are_one_alert(database):
    result = bring(database, detection(), detection(at=NOON + minutes(14)))
    assert (result.raised, result.folded) == (1, 1)
    row = alert_of(database, result.alert_ids[0])
    assert (row.title, row.status, row.is_open) == ("SSH brute force", "new", True)
    assert row._mapping["count"] == 2
    assert (row.first_seen, row.last_seen) == (NOON, NOON + minutes(14))
    assert (row.host, row.username, row.entities["host"]) == ("web-1", "root", "web-1")
    assert (row.severity, row.rank) == (Severity.MEDIUM, 40.0)


def test_a_batch_is_one_entry_of_the_audit_with_its_figures(database):
    result = bring(database, detection(), detection(at=NOON + minutes(14)))
    (entry,) = rows_of(database, "audit_entry")
    (payload,) = rows_of(database, "audit_payload")
    said = json.loads(payload.body)["after"]
    assert (entry.verb, entry.operation) == ("alert.raise", "batch")
    assert (said["detections"], said["raised"], said["folded"]) == (2, 1, 1)
    assert said["alert_ids"] == list(result.alert_ids)


def test_folding_goes_on_across_batches(database):
    alert_id = one_alert(database)
    result = bring(database, detection(at=NOON + minutes(10)), now=NOON + minutes(10))
    assert (result.raised, result.folded, result.alert_ids) == (0, 1, ())
    assert alert_of(database, alert_id)._mapping["count"] == 2


def test_a_later_repeat_is_a_new_alert_that_links_to_the_old_one(database):
    first = one_alert(database)
    (second,) = bring(database, detection(at=NOON + minutes(16))).alert_ids
    assert alert_of(database, second).previous_id == first


def test_one_batch_may_hold_several_windows(database):
    result = bring(database, *(detection(at=NOON + minutes(30 * n)) for n in range(3)))
    first, second, third = result.alert_ids
    assert alert_of(database, third).previous_id == second
    assert alert_of(database, second).previous_id == first


def test_other_hosts_are_other_alerts(database):
    result = bring(database, *(detection(host=f"web-{n}") for n in range(3)))
    assert result.raised == 3


def test_evidence_is_copied_byte_exact_with_the_reason(database):
    alert_id = one_alert(database, raw="\x1b[31mFailed password for r\u00f6\u00f6t")
    (row,) = rows_of(database, "alert_evidence")
    assert row.alert_id == alert_id
    assert bytes(row.raw) == "\x1b[31mFailed password for r\u00f6\u00f6t".encode()
    assert row.parts[0]["pattern"] == "Failed password"
    assert row.parts[0]["spans"] == [[9, 24]]
    assert (row.fields["host"], row.path, row.trigger) == ("web-1", "/var/log/x", True)


def test_the_first_and_the_last_evidence_is_kept(database):
    fold = FoldPolicy(evidence_count=4)
    found = [detection(raw=f"line {n}", at=NOON + timedelta(seconds=n)) for n in range(40)]
    bring(database, *found[:3], fold=fold)
    bring(database, *found[3:20], fold=fold)
    bring(database, *found[20:], fold=fold)
    kept = sorted(bytes(row.raw).decode() for row in rows_of(database, "alert_evidence"))
    assert kept == ["line 0", "line 1", "line 38", "line 39"]


class Reason(tuple):
    """Why a detection matched, which knows whether anybody asked."""

    asked = False

    def __len__(self):
        self.asked = True
        return super().__len__()


def test_why_a_detection_matched_is_known_before_the_transaction(database):
    fold = FoldPolicy(evidence_count=4)
    found = [
        replace(detection(at=NOON + timedelta(seconds=n), host=host), parts=Reason())
        for n in range(30)
        for host in ("web-1", "web-2")
    ]
    quiet = replace(detection(level=Severity.INFORMATIONAL), parts=Reason())
    raising.look_up_reasons([*found, quiet], fold)
    asked = [one.parts.asked for one in found]
    assert asked == [True] * 4 + [False] * 52 + [True] * 4
    assert not quiet.parts.asked
    bring(database, *found, fold=fold)
    assert asked == [one.parts.asked for one in found]


def test_a_correlation_keeps_its_window_and_its_samples(database):
    sample = detection(raw="first", user="otto").event
    window = Window("event_count", {"host": "web-1"}, 5, NOON - minutes(1), NOON)
    alert_id = one_alert(database)
    found = replace(detection(rule="burst"), window=window, evidence=(sample,))
    (alert_id,) = bring(database, found).alert_ids
    assert alert_of(database, alert_id).entities["user"] == ["root", "otto"]
    assert alert_of(database, alert_id).summary == "5 events within 60 s host=web-1"
    stored = [row for row in rows_of(database, "alert_evidence") if row.alert_id == alert_id]
    assert [(row.trigger, bool(row.window)) for row in stored] == [(False, False), (True, True)]


def test_an_alert_keeps_the_category_of_what_raised_it(database):
    bring(database, detection(), detection(category=EventCategory.EXCEPTION))
    over = Window("silent_source", {"host": "web-1"}, 0, NOON, NOON, at_close=True)
    bring(database, replace(detection(), window=over))
    assert [row.category for row in rows_of(database, "alert")] == ["warning", None]


def test_hostile_values_are_stored_on_every_engine(database):
    found = detection(
        rule="r\x00", raw="a\x00b", user="ro\x00ot\ud800", extra={"k\x00": [float("nan"), 2**70]}
    )
    (alert_id,) = bring(database, found).alert_ids
    assert alert_of(database, alert_id).username == "ro\ufffdot\ufffd"
    (row,) = rows_of(database, "alert_evidence")
    assert bytes(row.raw) == b"a\x00b"


def test_names_as_long_as_an_attacker_likes_are_cut_not_refused(database):
    letters = "".join(Random(1).choices(string.ascii_letters, k=3_000))  # cannot be compressed
    long = {"host": "🔥" * 5_000, "user": "x" * 100_000, "source_ip": letters}
    found = detection(**long)
    found = replace(found, rule=replace(found.rule, title=letters[::-1]))
    (alert_id,) = bring(database, found).alert_ids
    row = alert_of(database, alert_id)
    assert row.username == "x" * 497 + "…"
    names = (row.host, row.username, row.source_ip, row.title)
    assert max(len(name.encode()) for name in names) <= 500
    assert bring(database, found).folded == 1


def test_informational_detections_are_context_and_no_alert(database):
    result = bring(database, detection(level=Severity.INFORMATIONAL), detection())
    bring(database, detection(level=Severity.INFORMATIONAL))
    assert (result.raised, result.context) == (1, 1)
    (row,) = rows_of(database, "context")
    assert (row._mapping["count"], row.host) == (2, "web-1")


def test_repeats_of_an_acknowledged_alert_are_counted_however_late(database):
    alert_id = one_alert(database)
    with database.begin() as session:
        alerts.acknowledge(session, [alert_id], by="mara", now=NOON)
    result = bring(database, detection(at=NOON + minutes(300)))
    assert result.folded == 1
    row = alert_of(database, alert_id)
    assert (row.status, row.assignee) == ("acknowledged", "mara")


@pytest.mark.parametrize(
    ("worse", "reason"),
    [
        ({"level": Severity.HIGH}, "severity rose to high"),
        ({"tags": ("attack.impact",)}, "new tactic: impact"),
        ({"outcome": "success"}, "success after failures"),
    ],
)
def test_an_acknowledged_alert_that_gets_worse_goes_back_to_the_top(database, worse, reason):
    alert_id = one_alert(database, outcome="failure")
    with database.begin() as session:
        alerts.acknowledge(session, [alert_id], by="mara", now=NOON)
    result = bring(database, detection(**worse), now=NOON + minutes(1))
    assert result.alert_ids == (alert_id,)
    row = alert_of(database, alert_id)
    assert (row.status, row.assignee, row.worse_reason) == ("new", None, reason)


def test_a_close_is_not_undone_once_the_alert_has_come_back(database):
    alert_id = one_alert(database)
    close(database, alert_id, "true_positive:malicious")
    bring(database, detection(), now=NOON + minutes(5))
    with database.begin() as session, pytest.raises(SocError):
        undo_last(session, None, by="mara", now=NOON + minutes(6))


def test_a_rise_in_severity_moves_an_alert_up(database):
    alert_id = one_alert(database)
    bring(database, detection(level=Severity.CRITICAL))
    row = alert_of(database, alert_id)
    assert (row.severity, row.rank) == (Severity.CRITICAL, 80.0)


def test_a_closed_true_positive_reopens_at_the_top(database):
    alert_id = one_alert(database)
    close(database, alert_id, "true_positive:malicious")
    result = bring(database, detection(at=NOON + minutes(90)), now=NOON + minutes(90))
    assert (result.returned, result.alert_ids) == (1, (alert_id,))
    row = alert_of(database, alert_id)
    assert (row.status, row.is_open, row.disposition, row.closed_at) == ("new", True, None, None)
    assert row.reopen_count == 1


def test_repeats_of_a_false_positive_are_quiet_then_link_back(database):
    first = one_alert(database)
    close(database, first, "false_positive")
    assert bring(database, detection(), now=NOON + minutes(5)).quiet == 1
    row = alert_of(database, first)
    assert (row.status, row._mapping["count"], row.quiet_count) == ("closed", 2, 1)
    (second,) = bring(database, detection(), now=NOON + timedelta(hours=25)).alert_ids
    assert alert_of(database, second).previous_id == first


def test_worse_breaks_the_quiet_of_a_closed_alert(database):
    first = one_alert(database)
    close(database, first, "benign_positive:test")
    (second,) = bring(database, detection(level=Severity.HIGH), now=NOON + minutes(5)).alert_ids
    row = alert_of(database, second)
    assert (row.previous_id, row.worse_reason) == (first, "severity rose to high")


def test_an_override_survives_further_detections(database):
    alert_id = one_alert(database)
    with database.begin() as session:
        alerts.override_severity(
            session, [alert_id], Severity.LOW, "lab machine", by="mara", now=NOON
        )
    bring(database, detection(level=Severity.HIGH))
    row = alert_of(database, alert_id)
    assert (row.severity, row.rule_severity, row.rank) == (Severity.LOW, Severity.HIGH, 20.0)


def test_counts_per_rule_source_and_hour_are_kept(database):
    bring(database, detection(), detection(), detection(source="proxy", host="x"))
    bring(database, detection())
    stored = {row.source_id: row for row in rows_of(database, "detection_count")}
    assert sorted((row.detections, row.alerts, row.folded) for row in stored.values()) == [
        (1, 1, 0),
        (3, 1, 2),
    ]
    assert sorted(row.detections for row in rows_of(database, "source")) == [1, 3]


def test_the_collector_s_counting_does_not_stand_in_the_way_of_undo(database):
    alert_id = one_alert(database)
    version = alert_of(database, alert_id).version
    bring(database, detection())
    assert alert_of(database, alert_id).version == version


def test_thousands_of_detections_are_one_quick_batch(chosen_database):
    found = [detection(host=f"h{n % 500}") for n in range(5000)]
    result = bring(chosen_database, *found)
    assert (result.raised, result.folded) == (500, 4500)


def test_an_alert_is_about_the_most_critical_service_its_asset_carries(database):
    services = {"wiki": "low", "shop": "critical", "blog": "medium"}
    with database.begin() as session:
        assets.put(session, [assets.AssetEntry(name="web-1")], by="mara", now=NOON)
        for name, criticality in services.items():
            entry = business.ServiceEntry(name=name, criticality=criticality, carried_by=["web-1"])
            business.put(session, entry, by="mara", now=NOON)
        number = {row.name: row.id for row in asset_queries.services(session)}["shop"]
    assert alert_of(database, one_alert(database)).service_id == number


def test_a_source_lends_its_criticality_where_no_asset_is_entered(database):
    with database.begin() as session:
        raised = alerts.raise_alerts(
            session,
            [detection(source="web"), detection("Other", source="lab")],
            now=NOON,
            criticality={"web": "high"},
        )
    web, lab = (alert_of(database, number) for number in raised.alert_ids)
    assert web.rank > lab.rank
    assert "source web is high" in json.dumps(web.rank_terms)
