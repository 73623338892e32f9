"""Keeping detections quiet for a while, and marking those of planned work."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from socconsole.core.filter import parse_filter
from socconsole.core.lifecycle import SUPPRESSION
from socconsole.core.severity import Severity
from socconsole.core.suppression import DETECTION_FIELDS, Quieting
from socconsole.errors import NotFoundError, UsageError
from socconsole.store import alert_lapses, past_detections
from socconsole.store.queries.suppressions import SuppressionRow, state_of, suppression_row
from socconsole.store.recording import recording
from socconsole.store.tables import Alert, Suppression

LONGEST = timedelta(days=90)
"""Beyond that it belongs into the rule, as an allowlist."""
_EXAMPLES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants kept quiet; everything it names must hold."""

    reason: str
    until: datetime
    starts_at: datetime | None = None
    """None: at once."""
    rule_id: str | None = None
    entities: Mapping[str, str] = field(default_factory=dict)
    """Entity → value, such as `{"host": "web-1"}`."""
    filter: str = ""
    """In the filter language, over detections."""
    highest: Severity | None = None
    """What is worse than this breaks through; None: nothing does."""
    title: str = ""
    alert_id: int | None = None
    """The alert it is made from."""
    maintenance: bool = False
    """Mark instead of suppress: alerts come back when it ends."""
    of_several: Mapping[str, int] = field(default_factory=dict)
    """Entity → how many values the alert has of which only one is meant."""

    @property
    def named(self) -> str:
        """The entities in words, and what of the alert they leave out."""
        return " ".join(
            f"{kind}={value}" + self._left_out(kind) for kind, value in self.entities.items()
        )

    def _left_out(self, kind: str) -> str:
        count = self.of_several.get(kind, 1)
        return f" (only this one of its {count} {kind.replace('_', ' ')}s)" if count > 1 else ""


@dataclass(frozen=True, slots=True)
class BackTest:
    """What a suppression would have kept quiet."""

    since: datetime
    alerts: int
    detections: int
    true_positives: tuple[int, ...]
    """Alerts it would have hidden that turned out to be real."""
    examples: tuple[tuple[int, str], ...]
    """Alert and title, newest first."""


def wish_from_alert(session: Session, alert_id: int, *, reason: str, until: datetime) -> Wish:
    """Return what would keep an alert's like quiet: its rule, its entities, nothing worse.

    Raises:
        NotFoundError: There is no such alert.

    """
    alert = session.get(Alert, alert_id)
    if alert is None:
        raise NotFoundError(f"There is no alert {alert_id}.", hint="See `alerts list`.")
    named = {"host": alert.host, "user": alert.username, "source_ip": alert.source_ip}
    return Wish(
        reason=reason,
        until=until,
        rule_id=alert.rule_id,
        entities={kind: value for kind, value in named.items() if value},
        highest=alert.rule_severity if alert.rule_severity is not None else alert.severity,
        title=alert.title,
        alert_id=alert_id,
        of_several={
            kind: len(values)
            for kind, values in alert.entities.items()
            if kind in named and isinstance(values, list)
        },
    )


def create(session: Session, wish: Wish, *, by: str, now: datetime) -> SuppressionRow:
    """Save a suppression or maintenance window; it applies from its start on.

    Raises:
        UsageError: It has no reason, names nothing, or its time is wrong.

    """
    starts_at = wish.starts_at or now
    _check(wish, starts_at, now)
    kind = "maintenance" if wish.maintenance else "suppression"
    row = Suppression(
        kind=kind,
        title=wish.title,
        reason=wish.reason.strip(),
        rule_id=wish.rule_id,
        filter=wish.filter.strip(),
        matcher=_matcher(wish),
        alert_id=wish.alert_id,
        starts_at=starts_at,
        until=wish.until,
        created_at=now,
        created_by=by,
    )
    with recording(session, verb=f"{kind}.create", by=by, now=now) as action:
        session.add(row)
        session.flush()
        action.summary = f"saved {kind} {row.id} until {wish.until:%Y-%m-%d %H:%M}Z: {row.reason}"
    assert row.id is not None
    return suppression_row(session, row.id, now)


def end(session: Session, suppression_id: int, *, by: str, now: datetime) -> SuppressionRow:
    """End a suppression or window before its time."""
    row = _get(session, suppression_id)
    SUPPRESSION.move(state_of(row.starts_at, row.until, row.ended_at, now), "end")
    with recording(session, verb=f"{row.kind}.end", by=by, now=now) as action:
        row.ended_at = now
        row.ended_by = by
        action.summary = f"ended {row.kind} {suppression_id}: {row.reason}"
        if row.kind == "maintenance":
            alert_lapses.release(session, suppression_id, now)
            action.changed.add("alert")
    return suppression_row(session, suppression_id, now)


def extend(
    session: Session, suppression_id: int, until: datetime, *, by: str, now: datetime
) -> SuppressionRow:
    """Let a suppression or window last to another time."""
    row = _get(session, suppression_id)
    if state_of(row.starts_at, row.until, row.ended_at, now) not in ("scheduled", "active"):
        raise UsageError("It is over.", hint="Make a new one.")
    _check_span(row.starts_at, until, now)
    with recording(session, verb=f"{row.kind}.extend", by=by, now=now) as action:
        row.until = until
        action.summary = f"extended {row.kind} {suppression_id} until {until:%Y-%m-%d %H:%M}Z"
    return suppression_row(session, suppression_id, now)


def back_test(
    session: Session, wish: Wish, *, now: datetime, span: timedelta = timedelta(days=7)
) -> BackTest:
    """Return which alerts of the past span the wish would have kept quiet.

    It looks at what was raised: what other suppressions had hidden is not there to be found.
    """
    _check_names(wish)
    if wish.filter:
        parse_filter(wish.filter, DETECTION_FIELDS)
    since = now - span
    quieting = replace(quieting_of(wish), starts_at=since, until=now + span)
    alerts = detections = 0
    true_positives: list[int] = []
    examples: list[tuple[int, str]] = []
    for past in past_detections.raised_since(session, since, wish.rule_id):
        if not quieting.covers(past.detection, now):
            continue
        alerts += 1
        detections += past.count
        if past.disposition == "true_positive":
            true_positives.append(past.alert_id)
        if len(examples) < _EXAMPLES:
            examples.append((past.alert_id, past.detection.rule.title))
    return BackTest(since, alerts, detections, tuple(true_positives), tuple(examples))


def quieting_of(wish: Wish) -> Quieting:
    """Return the wish as it would be applied."""
    kind = "maintenance" if wish.maintenance else "suppression"
    start = wish.starts_at or wish.until - LONGEST
    return Quieting(
        0,
        kind,
        start,
        wish.until,
        rule_id=wish.rule_id,
        entities=wish.entities,
        filter=wish.filter.strip(),
        highest=wish.highest,
    )


def _get(session: Session, suppression_id: int) -> Suppression:
    row = session.get(Suppression, suppression_id)
    if row is None:
        raise NotFoundError(f"There is no suppression {suppression_id}.")
    return row


def _matcher(wish: Wish) -> dict[str, object]:
    matcher: dict[str, object] = {}
    if wish.entities:
        matcher["entities"] = dict(wish.entities)
    if wish.highest is not None:
        matcher["highest"] = wish.highest.label
    return matcher


def _check(wish: Wish, starts_at: datetime, now: datetime) -> None:
    if not wish.reason.strip():
        raise UsageError("A suppression needs a reason.", hint="Say why in one line.")
    _check_names(wish)
    if wish.filter:
        parse_filter(wish.filter, DETECTION_FIELDS)
    _check_span(starts_at, wish.until, now)


def _check_names(wish: Wish) -> None:
    if not (wish.rule_id or wish.entities or wish.filter.strip()):
        raise UsageError(
            "That would keep everything quiet.", hint="Name a rule, an entity or a filter."
        )


def _check_span(starts_at: datetime, until: datetime, now: datetime) -> None:
    if until <= now or until <= starts_at:
        raise UsageError("It would end before it begins.", hint="Give a later end.")
    if until - starts_at > LONGEST:
        raise UsageError(
            f"A suppression lasts at most {LONGEST.days} days.",
            hint="What is harmless for ever belongs into the rule, as a Sigma filter.",
        )
