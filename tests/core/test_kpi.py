from datetime import UTC, datetime, timedelta

import pytest

from socconsole.core.kpi import (
    Span,
    alarm_load,
    duration,
    figures,
    percentile,
    precision_by_rule,
    wilson,
)
from socconsole.core.kpi_facts import AlertTally, Backlog, Facts, IncidentFacts, TicketFacts
from tests.core.alert_facts import AlertFacts, tallied

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def alert(number, *, acknowledged=None, closed=None, created_at=NOON, **more):
    return AlertFacts(
        id=number, created_at=created_at, acknowledged_at=acknowledged, closed_at=closed, **more
    )


def of_alerts(*alerts, until, **more):
    return Facts(NOON, until, tallied(alerts, NOON, until, **more))


def named(facts):
    return {figure.name: figure for figure in figures(facts)}


def test_a_percentile_is_one_of_the_values():
    assert percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9) == 9
    assert percentile([7], 0.9) == 7
    assert percentile([], 0.9) is None


def test_wilson_of_nothing_is_nothing_and_of_all_stays_below_one():
    assert wilson(0, 0) is None
    low, high = wilson(10, 10)
    assert low == pytest.approx(0.7225, abs=1e-3)
    assert high == pytest.approx(1)


def test_a_duration_has_n_median_p90_and_its_clock():
    spans = [Span(f"alert:{n}", NOON, NOON + n * MINUTE) for n in range(1, 11)]
    figure = duration("mtta", "Time to acknowledge", "a → b", spans, NOON)
    assert (figure.n, figure.median, figure.p90, figure.value) == (10, 330, 540, 330)
    assert figure.clock == "a → b"
    assert figure.open == 0


def test_an_unfinished_span_counts_as_a_lower_bound():
    figure = duration("x", "X", "c", [Span("INC", NOON, None)], NOON + 5 * MINUTE)
    assert (figure.value, figure.open) == (300, 1)


def test_skew_between_two_clocks_is_never_negative():
    assert duration("x", "X", "c", [Span("a", NOON, NOON - MINUTE)], NOON).value == 0


def test_mtta_leaves_alerts_nobody_acknowledged_out():
    found = of_alerts(alert(1, acknowledged=NOON + 2 * MINUTE), alert(2), until=NOON + 9 * MINUTE)
    figure = named(found)["mtta"]
    assert (figure.n, figure.value, figure.median, figure.p90) == (1, 120, 120, 120)


def test_noise_is_what_people_decided_was_nothing_and_tests_do_not_count():
    closed = {"closed": NOON + MINUTE}
    alerts = [
        alert(1, disposition="true_positive", **closed),
        alert(2, disposition="false_positive", **closed),
        alert(3, disposition="benign_positive", **closed),
        alert(4, disposition="benign_positive", sub_reason="test", **closed),
        alert(5, disposition="undetermined", **closed),
    ]
    found = named(of_alerts(*alerts, until=NOON + 9 * MINUTE))
    assert found["noise_ratio"].value == pytest.approx(2 / 3)
    assert (found["noise_ratio"].n, found["rule_precision"].n) == (3, 3)
    assert found["undetermined"].value == pytest.approx(1 / 5)


def test_the_backlog_is_whatever_is_open_and_closures_are_those_of_the_period():
    backlog = Backlog(open=40, oldest=(3, 9), oldest_at=NOON - 99 * MINUTE, closed=7)
    found = named(
        Facts(NOON, NOON + 60 * MINUTE, AlertTally(number=1, detections=1), backlog=backlog)
    )
    assert (found["backlog"].value, found["backlog"].refs) == (40, ("alert:3", "alert:9"))
    assert found["backlog_oldest"].value == 159 * 60
    assert found["backlog_growth"].value == 1 - 7


def test_dedupe_says_how_many_detections_never_became_alerts():
    found = named(of_alerts(alert(1, detections=9), alert(2), until=NOON + MINUTE))
    assert found["dedupe"].value == pytest.approx(0.8)
    assert found["dedupe"].n == 10


def test_incident_clocks_are_named_and_an_open_one_is_at_least():
    incident = IncidentFacts(
        ref="INC-2026-001",
        kind="security",
        started_at=NOON,
        detected_at=NOON + 10 * MINUTE,
        first_response_at=NOON + 12 * MINUTE,
        contained_at=None,
        recovered_at=None,
        closed_at=None,
    )
    found = named(Facts(NOON, NOON + 40 * MINUTE, incidents=[incident]))
    assert found["mttd"].value == 600
    assert found["mttr_respond"].value == 120
    assert (found["mttc"].value, found["mttc"].open) == (1800, 1)
    assert found["mttc"].clock == "detected_at → contained_at"


def test_an_incident_declared_in_error_is_in_no_figure():
    incident = IncidentFacts(
        "INC-2026-001", "security", NOON, NOON, NOON, NOON, NOON, NOON, confirmed=False
    )
    assert named(Facts(NOON, NOON + MINUTE, incidents=[incident]))["mttd"].n == 0


def test_an_alert_past_its_target_counts_as_missed_before_anyone_looked():
    facts = of_alerts(
        alert(1),
        alert(2, acknowledged=NOON + MINUTE),
        alert(3, created_at=NOON + 29 * MINUTE),
        until=NOON + 30 * MINUTE,
        within=lambda severity: 15 * MINUTE,
    )
    figure = named(facts)["sla_acknowledge"]
    assert (figure.value, figure.n) == (0.5, 2)


def test_a_ticket_that_waited_keeps_its_promise():
    ticket = TicketFacts("SOC-2026-001", "P1", NOON, NOON, NOON + MINUTE, MINUTE, MINUTE)
    late = TicketFacts("SOC-2026-002", "P1", NOON, None, None, -MINUTE, -MINUTE)
    found = named(Facts(NOON, NOON + 9 * MINUTE, tickets=[ticket, late]))
    assert found["sla_resolve"].value == 0.5
    assert found["sla_resolve"].refs == ("SOC-2026-002",)


def test_two_thousand_years_without_an_alert_are_no_load():
    figure = alarm_load(Facts(datetime(1, 1, 1, tzinfo=UTC), NOON))
    assert (figure.value, figure.median, figure.p90) == (0, 0, 0)


def test_alarm_load_is_the_peak_of_ten_minutes_shared_by_the_analysts():
    alerts = AlertTally(number=6, stretches=(6,), analysts=2)
    figure = named(Facts(NOON, NOON + 60 * MINUTE, alerts))["alarm_load"]
    assert (figure.value, figure.n, figure.median) == (3, 6, 0)


def test_precision_is_told_per_rule_with_its_interval():
    closed = {"closed": NOON}
    alerts = [
        alert(1, disposition="true_positive", **closed),
        alert(2, disposition="false_positive", **closed),
        alert(3, rule_id="r2", disposition="false_positive", **closed),
    ]
    found = precision_by_rule(tallied(alerts, NOON, NOON))
    assert found["r1"].value == 0.5
    assert found["r2"].value == 0
    assert found["r2"].low == 0
    assert found["r2"].high < 1


def test_a_period_without_anything_has_figures_without_values():
    found = named(Facts(NOON, NOON + MINUTE))
    assert found["mtta"].value is None
    assert found["noise_ratio"].value is None
    assert found["alerts"].value == 0
