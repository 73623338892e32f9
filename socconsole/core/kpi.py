"""The figures of a team's work, each with its n and the name of its clock.

A span that has not ended counts as a lower bound: the figure is then drawn with ≥.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from socconsole.core.disposition import DECIDED
from socconsole.core.expected import median
from socconsole.core.kpi_facts import AlertTally, Facts, IncidentFacts, OutageFacts, Outcome
from socconsole.core.sla import in_words


class Unit(StrEnum):
    """What a figure is counted in."""

    SECONDS = "seconds"
    RATIO = "ratio"
    COUNT = "count"
    PER_HOUR = "per hour"
    PER_TEN_MINUTES = "per 10 min"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what it is, over how many, by which clock, and the rows it was made of."""

    name: str
    title: str
    unit: Unit
    n: int
    value: float | None
    """For a duration its mean; None when n is 0."""
    clock: str
    """The instants it runs between, or what it divides by what."""
    median: float | None = None
    p90: float | None = None
    open: int = 0
    """Spans among n that have not ended: the figure is at least this."""
    low: float | None = None
    """Lower end of the 95 % interval, for a share."""
    high: float | None = None
    refs: tuple[str, ...] = field(default=(), repr=False)
    """What opens behind the figure: `SOC-2026-014`, `INC-2026-003`."""
    of_alerts: bool = False
    """Alerts are behind it, too many to carry: the store lists them when they are asked for."""


@dataclass(frozen=True, slots=True)
class Span:
    """One measured stretch of time of one thing."""

    ref: str
    since: datetime
    until: datetime | None
    """None while it has not ended."""


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank percentile of `values`, or None when there are none."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def wilson(successes: int, n: int, z: float = 1.959964) -> tuple[float, float] | None:
    """Return the 95 % Wilson interval of a share, or None when n is 0.

    Source: E. B. Wilson, JASA 22 (1927).
    """
    if n == 0:
        return None
    share = successes / n
    middle = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    bottom = 1 + z * z / n
    return max((middle - reach) / bottom, 0.0), min((middle + reach) / bottom, 1.0)


def duration(name: str, title: str, clock: str, spans: Iterable[Span], now: datetime) -> Figure:
    """Return the figure of `spans`; one that has not ended counts up to `now`.

    A span that ends before it begins is skew between two clocks: it counts as nothing.
    """
    kept = tuple(spans)
    seconds = [max((s.until or now) - s.since, timedelta()).total_seconds() for s in kept]
    return Figure(
        name=name,
        title=title,
        unit=Unit.SECONDS,
        n=len(seconds),
        value=sum(seconds) / len(seconds) if seconds else None,
        median=median(seconds),
        p90=percentile(seconds, 0.9),
        clock=clock,
        open=sum(1 for span in kept if span.until is None),
        refs=tuple(span.ref for span in kept),
    )


def share(name: str, title: str, clock: str, successes: int, n: int) -> Figure:
    """Return `successes` of `n` alerts as a share, with its interval."""
    interval = wilson(successes, n)
    return Figure(
        name=name,
        title=title,
        unit=Unit.RATIO,
        n=n,
        value=successes / n if n else None,
        clock=clock,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        of_alerts=True,
    )


def figures(facts: Facts) -> tuple[Figure, ...]:
    """Return every figure of the period in the order the Metrics screen shows them."""
    return (
        *_incident_figures(facts),
        *_alert_figures(facts),
        *_promises(facts),
        *_load(facts),
    )


def alert_ref(alert_id: int) -> str:
    """Return how a figure or a handoff names an alert."""
    return f"alert:{alert_id}"


def _incident_figures(facts: Facts) -> Iterable[Figure]:
    confirmed = [i for i in facts.incidents if i.confirmed]

    def spans(
        since: Callable[[IncidentFacts], datetime | None],
        until: Callable[[IncidentFacts], datetime | None],
    ) -> Iterable[Span]:
        for incident in confirmed:
            begun = since(incident)
            ended = until(incident)
            if begun is not None and (ended is not None or incident.closed_at is None):
                yield Span(incident.ref, begun, ended)

    def figure(
        name: str,
        title: str,
        clock: tuple[str, str],
        until: Callable[[IncidentFacts], datetime | None],
    ) -> Figure:
        measured = spans(lambda i: i.detected_at, until)
        return duration(name, title, f"{clock[0]} → {clock[1]}", measured, facts.now)

    yield duration(
        "mttd",
        "Time to detect",
        "started_at → detected_at",
        (
            Span(i.ref, i.started_at, i.detected_at)
            for i in confirmed
            if i.started_at and i.detected_at
        ),
        facts.now,
    )
    yield figure(
        "mttr_respond",
        "Time to respond",
        ("detected_at", "first_response_at"),
        lambda i: i.first_response_at,
    )
    yield figure(
        "mttc", "Time to contain", ("detected_at", "contained_at"), lambda i: i.contained_at
    )
    yield figure(
        "mttr_resolve", "Time to resolve", ("detected_at", "recovered_at"), lambda i: i.recovered_at
    )
    yield figure(
        "time_to_close", "Time to close", ("detected_at", "closed_at"), lambda i: i.closed_at
    )
    yield _downtime(facts)
    yield from _objectives(facts)


def _downtime(facts: Facts) -> Figure:
    down = [Span(each.ref, each.down_from, each.up_at) for each in facts.outages]
    measured = duration("downtime", "Downtime", "down_from → up_at", down, facts.now)
    total = None if measured.value is None else measured.value * measured.n / 60
    return Figure(
        "downtime",
        "Downtime",
        Unit.MINUTES,
        measured.n,
        total,
        "sum of down_from → up_at",
        median=None if measured.median is None else measured.median / 60,
        p90=None if measured.p90 is None else measured.p90 / 60,
        open=measured.open,
        refs=measured.refs,
    )


def _objectives(facts: Facts) -> Iterable[Figure]:
    """Yield how much of the downtime that its objective leaves each service has used."""
    period = (facts.now - facts.since).total_seconds()
    services: dict[tuple[str, float], list[OutageFacts]] = {}
    for outage in facts.outages:
        if outage.objective is not None:
            services.setdefault((outage.service, outage.objective), []).append(outage)
    for (service, objective), outages in sorted(services.items()):
        allowed = period * (100 - objective) / 100
        lost = _seconds_down(outages, facts.since, facts.now)
        yield Figure(
            f"objective {service}",
            f"Downtime allowed to {service}, used",
            Unit.RATIO,
            len(outages),
            lost / allowed if allowed else None,
            f"minutes down / minutes that {objective:g} % of the period leaves",
            open=sum(1 for each in outages if each.up_at is None),
            refs=tuple(dict.fromkeys(each.ref for each in outages)),
        )


def _seconds_down(outages: Iterable[OutageFacts], since: datetime, now: datetime) -> float:
    """Return the seconds of `[since, now)` in any of `outages`; what two share counts once."""
    total, reached = 0.0, since
    for outage in sorted(outages, key=lambda each: each.down_from):
        begun = max(outage.down_from, reached)
        ended = min(outage.up_at or now, now)
        total += max((ended - begun).total_seconds(), 0.0)
        reached = max(reached, ended)
    return total


def _alert_figures(facts: Facts) -> Iterable[Figure]:
    alerts = facts.alerts
    spread = alerts.acknowledged
    yield Figure(
        "mtta",
        "Time to acknowledge",
        Unit.SECONDS,
        spread.n,
        spread.mean,
        "created_at → acknowledged_at, people only",
        median=spread.median,
        p90=spread.p90,
        of_alerts=True,
    )
    closed, undetermined = sum(alerts.outcomes.values()), _counted(alerts, "undetermined")
    decided = sum(n for outcome, n in alerts.outcomes.items() if _is_decided(outcome))
    true = _counted(alerts, "true_positive")
    yield share(
        "noise_ratio",
        "Noise ratio",
        "(false_positive + benign_positive) / decided",
        decided - true,
        decided,
    )
    yield share(
        "undetermined", "Undetermined", "undetermined / closed by people", undetermined, closed
    )
    yield share(
        "rule_precision", "Precision of all rules", "true_positive / decided", true, decided
    )
    yield _dedupe(alerts)
    yield share(
        "correlation_rate",
        "Correlation rate",
        "alerts in a group of two or more / alerts",
        alerts.grouped,
        alerts.number,
    )


def _is_decided(outcome: Outcome) -> bool:
    return outcome.disposition in DECIDED and not outcome.is_test


def _counted(alerts: AlertTally, disposition: str) -> int:
    """Return how many turned out to be this, tests of a rule left out where they are decided."""
    return sum(
        n
        for outcome, n in alerts.outcomes.items()
        if outcome.disposition == disposition
        and (_is_decided(outcome) or disposition not in DECIDED)
    )


def _dedupe(alerts: AlertTally) -> Figure:
    detections = alerts.detections
    return Figure(
        "dedupe",
        "Dedupe",
        Unit.RATIO,
        detections,
        1 - alerts.number / detections if detections else None,
        "1 − alerts / detections",
        of_alerts=True,
    )


PRECISION = "precision "
"""How the figure of one rule is called, before the rule's id."""


def precision_by_rule(alerts: AlertTally) -> dict[str, Figure]:
    """Return each rule's share of true positives among what people decided."""
    decided: dict[str, list[int]] = {}
    for outcome, n in alerts.outcomes.items():
        if _is_decided(outcome) and outcome.rule_id:
            counts = decided.setdefault(outcome.rule_id, [0, 0])
            counts[0] += n if outcome.disposition == "true_positive" else 0
            counts[1] += n
    return {
        rule_id: share(f"{PRECISION}{rule_id}", rule_id, "true_positive / decided", *counts)
        for rule_id, counts in decided.items()
    }


def _promises(facts: Facts) -> Iterable[Figure]:
    yield share(
        "sla_acknowledge",
        "Acknowledged in time",
        "created_at → acknowledged_at against the severity's target",
        facts.alerts.in_time,
        facts.alerts.due,
    )
    yield _kept(
        "sla_respond",
        "Tickets started in time",
        "opened_at → started_at against the priority's target",
        [
            (t.ref, t.respond_left >= timedelta())
            for t in facts.tickets
            if t.started_at is not None or t.respond_left < timedelta()
        ],
    )
    yield _kept(
        "sla_resolve",
        "Tickets resolved in time",
        "opened_at → resolved_at less waiting, against the priority's target",
        [
            (t.ref, t.resolve_left >= timedelta())
            for t in facts.tickets
            if t.resolved_at is not None or t.resolve_left < timedelta()
        ],
    )


def _kept(name: str, title: str, clock: str, refs: Sequence[tuple[str, bool]]) -> Figure:
    """Return the share of promises kept; the broken ones open."""
    figure = share(name, title, clock, sum(1 for _, kept in refs if kept), len(refs))
    missed = tuple(ref for ref, kept in refs if not kept)
    return replace(figure, refs=missed, of_alerts=False)


def _load(facts: Facts) -> Iterable[Figure]:
    yield Figure("events", "Events", Unit.COUNT, facts.events, facts.events, "read in the period")
    number = facts.alerts.number
    created = "created_at in the period"
    yield Figure("alerts", "Alerts", Unit.COUNT, number, number, created, of_alerts=True)
    yield alarm_load(facts)
    yield from _backlog(facts)


def _backlog(facts: Facts) -> Iterable[Figure]:
    """Yield what is open; an alert of long ago is as much of it as one of today."""
    backlog = facts.backlog
    oldest = tuple(map(alert_ref, backlog.oldest))
    is_open, oldest_at = "not closed now", backlog.oldest_at
    yield Figure(
        "backlog", "Open alerts", Unit.COUNT, backlog.open, backlog.open, is_open, refs=oldest
    )
    yield Figure(
        "backlog_oldest",
        "Oldest open alert",
        Unit.SECONDS,
        backlog.open,
        None if oldest_at is None else (facts.now - oldest_at).total_seconds(),
        "created_at → now",
        refs=oldest[:1],
    )
    hours = max((facts.now - facts.since).total_seconds() / 3600, 1 / 60)
    yield Figure(
        "backlog_growth",
        "Arrivals less closures",
        Unit.PER_HOUR,
        facts.alerts.number + backlog.closed,
        (facts.alerts.number - backlog.closed) / hours,
        "(created − closed) / hours of the period",
        of_alerts=True,
    )


def alarm_load(facts: Facts) -> Figure:
    """Return new alerts per analyst in ten minutes: the peak as value, quiet stretches counted."""
    width = timedelta(minutes=10)
    stretches = max(math.ceil((facts.now - facts.since) / width), 1)
    busy = sorted(n / max(facts.alerts.analysts, 1) for n in facts.alerts.stretches)
    quiet = stretches - len(busy)

    def load(place: int) -> float:
        return busy[place - quiet] if place >= quiet else 0.0

    return Figure(
        "alarm_load",
        "Alarm load, peak",
        Unit.PER_TEN_MINUTES,
        stretches,
        load(stretches - 1),
        "new alerts per analyst per 10 min",
        median=(load((stretches - 1) // 2) + load(stretches // 2)) / 2,
        p90=load(math.ceil(0.9 * stretches) - 1),
        of_alerts=True,
    )


def shown(figure: Figure, value: float | None) -> str:
    """Return one value of a figure for people; ≥ where a span has not ended, - without one."""
    if value is None:
        return "-"
    at_least = "≥ " if figure.open else ""
    if figure.unit is Unit.SECONDS:
        return at_least + (f"{value:.0f}s" if value < 60 else in_words(timedelta(seconds=value)))
    if figure.unit is Unit.RATIO:
        interval = "" if figure.low is None else f" ({figure.low:.0%}–{figure.high or 0:.0%})"
        return f"{at_least}{value:.1%}{interval}"
    if figure.unit is Unit.MINUTES:
        return at_least + in_words(timedelta(minutes=value))
    return f"{value:.1f}".removesuffix(".0")
