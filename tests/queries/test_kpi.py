"""The figures are counted by the database, and say what one gets by going through the alerts."""

import random
from datetime import timedelta

import pytest

from socconsole.core.disposition import Disposition
from socconsole.core.kpi import figures, precision_by_rule
from socconsole.core.kpi_facts import Facts
from socconsole.core.policy import SlaPolicy
from socconsole.core.severity import Severity
from socconsole.core.sla import acknowledge_within
from socconsole.store.queries import kpi_alerts, rule_list
from socconsole.store.queries.kpi import kpi_facts
from socconsole.store.queries.kpi_alerts import alert_tally, alerts_behind, volume_by_hour
from socconsole.store.tables import AlertGroup
from tests.conftest import NOON
from tests.core.alert_facts import AlertFacts, late, tallied
from tests.store.rows import an_alert

SINCE = NOON - timedelta(days=2, minutes=7)
HOUR = timedelta(hours=1)
SLA = SlaPolicy()


def within(severity):
    return acknowledge_within(severity, SLA)


def made_up(number, chance):
    """Return what an alert says; some of them were raised before the period."""
    created = SINCE + timedelta(seconds=chance.uniform(-9_000, 170_000))
    taken = timedelta(seconds=chance.choice((-5, chance.expovariate(1 / 1_500))))
    acknowledged = chance.random() < 0.6
    closed = chance.random() < 0.5
    disposition = str(chance.choice([*Disposition])) if closed and chance.random() < 0.9 else None
    is_test = disposition == Disposition.BENIGN_POSITIVE and chance.random() < 0.5
    return AlertFacts(
        id=number,
        created_at=created,
        severity=chance.choice([*Severity]),
        rule_id=chance.choice(("ssh", "vpn", "lsass")),
        acknowledged_at=created + taken if acknowledged else None,
        acknowledged_by=chance.choice(("mara", "omar", "lea")) if acknowledged else None,
        closed_at=created + 2 * taken if closed else None,
        disposition=disposition,
        sub_reason="test" if is_test else None,
        detections=chance.choice((1, 1, 7)),
        group_id=chance.choice((None, None, *range(1, 30))),
    )


@pytest.fixture
def made(database):
    chance = random.Random(7)
    found = [made_up(number, chance) for number in range(1, 121)]
    with database.begin() as session:
        session.add_all(
            AlertGroup(first_seen=NOON, last_seen=NOON, created_at=NOON) for _ in range(30)
        )
        session.flush()
        for each in found:
            values = {name: getattr(each, name) for name in ALIKE}
            closed = "closed" if each.closed_at else "new"
            values |= {"status": closed, "is_open": not each.closed_at, "count": each.detections}
            an_alert(session, NOON, fingerprint=f"f{each.id}", **values)
    return database, found


ALIKE = (
    "created_at", "severity", "rule_id", "acknowledged_at", "acknowledged_by", "closed_at",
    "disposition", "sub_reason", "group_id",
)  # fmt: skip


def test_the_figures_are_those_of_going_through_the_alerts(made, monkeypatch):
    monkeypatch.setattr(kpi_alerts, "_AT_ONCE", 17)
    database, everyone = made
    alerts = [each for each in everyone if SINCE <= each.created_at < NOON]
    others = [each for each in everyone if each not in alerts]
    with database.read() as session:
        facts = kpi_facts(session, SINCE, NOON, SLA)
        hours = volume_by_hour(session, SINCE, NOON)
    alerts.sort(key=lambda alert: alert.created_at)
    whole = tallied(alerts, SINCE, NOON, within, others)
    expected = Facts(SINCE, NOON, whole, backlog=facts.backlog)
    for one, other in zip(figures(facts), figures(expected), strict=True):
        close(one, other)
    precisions = precision_by_rule(facts.alerts)
    assert list(precisions) == list(precision_by_rule(whole))
    for rule, figure in precisions.items():
        close(figure, precision_by_rule(whole)[rule])
    first, _ = hours[0]
    for hour, count in hours:
        in_it = [each for each in everyone if hour <= each.created_at < hour + HOUR]
        assert count == len(in_it), hour
    assert first <= SINCE < first + HOUR


def close(one, other):
    assert (one.name, one.n, one.title, one.refs) == (other.name, other.n, other.title, other.refs)
    for name in ("value", "median", "p90", "low", "high"):
        told, expected = getattr(one, name), getattr(other, name)
        assert told == (expected if expected is None else pytest.approx(expected)), (one.name, name)


def test_behind_a_figure_are_the_alerts_it_was_made_of(made):
    database, everyone = made
    alerts = [each for each in everyone if SINCE <= each.created_at < NOON]
    decided = {"true_positive", "benign_positive", "false_positive"}
    expected = {
        "alerts": lambda a: True,
        "mtta": lambda a: a.acknowledged_at,
        "noise_ratio": lambda a: (
            a.disposition in decided - {"true_positive"} and a.sub_reason != "test"
        ),
        "undetermined": lambda a: a.disposition == "undetermined",
        "precision vpn": lambda a: a.disposition == "true_positive" and a.rule_id == "vpn",
        "dedupe": lambda a: a.detections > 1,
        "sla_acknowledge": lambda a: (
            late(a, NOON, within) and (a.acknowledged_at or not a.closed_at)
        ),
    }
    with database.read() as session:
        for name, is_behind in expected.items():
            refs = tuple(f"alert:{a.id}" for a in alerts if is_behind(a))
            assert alerts_behind(session, name, SINCE, NOON, SLA) == (len(refs), refs), name
        assert alerts_behind(session, "alerts", SINCE, NOON, SLA, most=2) == (
            len(alerts), tuple(f"alert:{a.id}" for a in alerts[:2]),
        )  # fmt: skip


def test_what_people_closed_is_counted_for_each_rule_a_portion_at_a_time(made, monkeypatch):
    monkeypatch.setattr(rule_list, "_AT_ONCE", 17)
    database, everyone = made
    decided = {"true_positive", "benign_positive", "false_positive"}
    with database.read() as session:
        counted = rule_list._by_disposition(session)
    for rule in ("ssh", "vpn", "lsass"):
        for name in decided:
            ended = [a for a in everyone if (a.rule_id, a.disposition) == (rule, name)]
            assert counted[rule, name] == sum(a.sub_reason != "test" for a in ended)


class LeftError(Exception):
    pass


def test_counting_stops_where_nobody_waits_for_it(made):
    database, _ = made
    asked = []

    def go_on():
        asked.append(1)
        raise LeftError

    with database.read() as session, pytest.raises(LeftError):
        alert_tally(session, SINCE, NOON, SLA, go_on)
    assert asked == [1]
