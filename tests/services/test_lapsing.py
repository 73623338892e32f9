"""Time brings shelved alerts back, lets claims lapse and raises what waits."""

from dataclasses import replace
from datetime import timedelta

from socconsole.core.detection import Window
from socconsole.core.severity import Severity
from socconsole.services import alerts, lapsing
from socconsole.services.lapsing import keep_time
from socconsole.store.recording import recording
from socconsole.store.tables import METADATA, RuleRecord
from tests.services.alert_making import (
    NOON,
    alert_of,
    bring,
    detection,
    minutes,
    one_alert,
    rows_of,
)


def pass_time(database, now, **options):
    with database.begin() as session:
        return keep_time(session, now=now, **options)


def test_a_shelved_alert_returns_to_where_it_was_when_its_time_is_up(database):
    alert_id = one_alert(database)
    with database.begin() as session:
        alerts.assign(session, [alert_id], "ines", by="mara", now=NOON)
        alerts.shelve(session, [alert_id], "vendor", by="mara", now=NOON)
    assert pass_time(database, NOON + minutes(119)).returned == ()
    assert pass_time(database, NOON + minutes(120)).returned == (alert_id,)
    row = alert_of(database, alert_id)
    assert (row.status, row.assignee, row.shelved_until) == ("acknowledged", "ines", None)


def test_an_idle_claim_lapses_and_an_assignment_does_not(database):
    idle, given = bring(database, detection(), detection(host="b")).alert_ids
    with database.begin() as session:
        alerts.acknowledge(session, [idle], by="mara", now=NOON)
        alerts.assign(session, [given], "ines", by="mara", now=NOON)
    assert pass_time(database, NOON + minutes(59)).given_back == ()
    assert pass_time(database, NOON + minutes(61)).given_back == (idle,)
    row = alert_of(database, idle)
    assert (row.status, row.assignee, row.acknowledged_at) == ("new", None, NOON)
    assert alert_of(database, given).assignee == "ines"


def test_a_claim_holds_while_its_holder_works(database):
    alert_id = one_alert(database)
    with database.begin() as session:
        alerts.acknowledge(session, [alert_id], by="mara", now=NOON)
    busy = NOON + minutes(50)
    with database.begin() as session:
        about = ("alert", alert_id)
        with recording(session, verb="note.add", by="mara", now=busy) as action:
            action.about = about
            action.say("alert", alert_id, body="still on it")
    assert pass_time(database, NOON + minutes(61)).given_back == ()
    assert alert_of(database, alert_id).claim_expires_at == busy + minutes(60)


def test_waiting_raises_the_rank_in_steps(database):
    alert_id = one_alert(database)
    assert pass_time(database, NOON + minutes(14), since=NOON).aged == 0
    assert pass_time(database, NOON + minutes(15), since=NOON + minutes(14)).aged == 1
    assert alert_of(database, alert_id).rank == 42
    assert pass_time(database, NOON + minutes(16), since=NOON + minutes(15)).aged == 0
    pass_time(database, NOON + timedelta(hours=9))
    row = alert_of(database, alert_id)
    assert (row.rank, row.rank_terms["terms"][-1][2]) == (48, "waiting 8 h or more")


def test_after_a_pause_the_newest_of_each_step_are_ranked_anew(database, monkeypatch):
    monkeypatch.setattr(lapsing, "AGED_AT_ONCE", 1)
    bring(database, detection(host="a"), detection(host="b"))
    assert pass_time(database, NOON + minutes(20)).aged == 1


def test_what_has_its_rank_already_is_not_written_again(database):
    one_alert(database)
    assert pass_time(database, NOON + minutes(20)).aged == 1
    assert pass_time(database, NOON + minutes(20)).aged == 0


def test_old_context_is_forgotten(database):
    bring(database, detection(level=Severity.INFORMATIONAL))
    pass_time(database, NOON + timedelta(days=30))
    assert len(rows_of(database, "context")) == 1
    pass_time(database, NOON + timedelta(days=30, seconds=1))
    assert rows_of(database, "context") == []


def test_a_condition_that_ended_unseen_is_marked_until_it_fires_again(database):
    span = Window("sustained", {"host": "web-1"}, 30, NOON - minutes(5), NOON)
    found = replace(detection("CPU"), window=span)
    with database.begin() as session:
        rule = {"id": found.rule.id, "title": "CPU", "severity": Severity.MEDIUM}
        session.add(RuleRecord(**rule, body="type: sustained", loaded_at=NOON))
    (alert_id,) = bring(database, found).alert_ids
    source = METADATA.tables["source"]
    for read_to, stopped in ((NOON + minutes(9), ()), (NOON + minutes(10), (alert_id,))):
        with database.begin() as session:
            session.connection().execute(source.update().values(last_event_time=read_to))
        assert pass_time(database, NOON + minutes(10)).stopped == stopped
    assert alert_of(database, alert_id).stopped_at == NOON
    bring(database, found)
    assert alert_of(database, alert_id).stopped_at is None
