"""What the figures say of alerts, worked out in the plainest way: one alert after the other."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from socconsole.core.expected import median
from socconsole.core.kpi import percentile
from socconsole.core.kpi_facts import AlertTally, Outcome, Spread
from socconsole.core.severity import Severity


@dataclass(frozen=True, kw_only=True)
class AlertFacts:
    id: int
    created_at: datetime
    severity: Severity = Severity.HIGH
    rule_id: str = "r1"
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    closed_at: datetime | None = None
    disposition: str | None = None
    sub_reason: str | None = None
    detections: int = 1
    group_id: int | None = None


def tallied(alerts, since, now, within=lambda _: timedelta(days=999), others=()):
    """Count `alerts`; of `others` only that they are in groups too."""
    waited = [
        max((a.acknowledged_at - a.created_at).total_seconds(), 0.0)
        for a in alerts
        if a.acknowledged_at
    ]
    due = [a for a in alerts if a.acknowledged_at or (not a.closed_at and late(a, now, within))]
    groups = Counter(a.group_id for a in (*alerts, *others) if a.group_id is not None)
    created = Counter((a.created_at - since) // timedelta(minutes=10) for a in alerts)
    outcomes = Counter(
        Outcome(a.rule_id, a.disposition, a.sub_reason == "test") for a in alerts if a.disposition
    )
    return AlertTally(
        number=len(alerts),
        detections=sum(a.detections for a in alerts),
        grouped=sum(1 for a in alerts if groups[a.group_id] > 1),
        acknowledged=Spread(
            len(waited),
            sum(waited) / len(waited) if waited else None,
            median(waited),
            percentile(waited, 0.9),
        ),
        outcomes=outcomes,
        due=len(due),
        in_time=sum(1 for a in due if not late(a, now, within)),
        stretches=tuple(created.values()),
        analysts=max(len({a.acknowledged_by for a in alerts if a.acknowledged_by}), 1),
    )


def late(alert, now, within):
    return (alert.acknowledged_at or now) - alert.created_at > within(alert.severity)
