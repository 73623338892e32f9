"""Detections become alerts: folded by fingerprint, kept quiet where somebody asked for it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

from sqlmodel import Session

from socconsole.core.detection import Detection, fingerprint
from socconsole.core.event import Event
from socconsole.core.fold import Entities, Fate, Trouble, judge, merge_entities
from socconsole.core.lifecycle import ALERT
from socconsole.core.policy import FoldPolicy
from socconsole.core.ranking import rank, ranked_anew
from socconsole.core.severity import Severity
from socconsole.core.storable import name_text, storable_text
from socconsole.core.suppression import Quieting
from socconsole.services.assets import AssetIndex, load_assets
from socconsole.services.raised_columns import (
    SUMMARY_LENGTH,
    evidence_columns,
    explained_columns,
    named_columns,
    ranked_columns,
    source_name,
    storable_entities,
    summary,
)
from socconsole.store import raising as rows
from socconsole.store.raising import CountKey, Known, Values
from socconsole.store.recording import recording

COLLECTOR = "collector"
"""Who raises alerts, in actions and audit."""

_T = TypeVar("_T")

_TOP_STATUSES = (*ALERT.sources("worsen"), *ALERT.sources("fire_again"))
"""Where an alert comes back from when it is worse; in a ticket it stays there."""


@dataclass(frozen=True, slots=True)
class RaiseResult:
    """What a batch of detections did."""

    raised: int = 0
    folded: int = 0
    """Counted on an alert that is open."""
    quiet: int = 0
    """Counted on one that is closed."""
    returned: int = 0
    """Alerts that are back at the top."""
    suppressed: int = 0
    context: int = 0
    """Informational ones."""
    alert_ids: tuple[int, ...] = ()
    """The new alerts and those back at the top, in order of detection."""


def raise_alerts(
    session: Session,
    detections: Sequence[Detection],
    *,
    now: datetime,
    fold: FoldPolicy | None = None,
    criticality: Mapping[str, str] = MappingProxyType({}),
    by: str = COLLECTOR,
) -> RaiseResult:
    """Make alerts of detections, all in the caller's transaction.

    Detections of one fingerprint close together are one alert; repeats of one that somebody deals
    with, or of one closed as harmless within its quiet period, are counted on it unless they are
    worse. Informational detections become context. Suppressed ones are only counted.

    Args:
        session: The batch's transaction.
        detections: In the order of their events.
        now: When the batch is stored.
        fold: How far apart detections of one trouble may be.
        criticality: Of sources by name: it stands in for an asset nobody has entered.
        by: Who raises.

    """
    if not detections:
        return RaiseResult()
    with recording(session, verb="alert.raise", by=by, now=now, audit="one-entry") as action:
        batch = _Batch(session, now, fold or FoldPolicy(), criticality)
        batch.take(detections)
        batch.store()
        action.changed.update(("alert", "context"))
        result = batch.result()
        action.figures = {"detections": len(detections), **asdict(result)}
        return result


def look_up_reasons(detections: Sequence[Detection], fold: FoldPolicy) -> None:
    """Find out now why the detections matched that may become evidence.

    It takes time, and is to be done before the transaction that others wait for.
    """
    alike: dict[str, list[Detection]] = defaultdict(list)
    for detection in detections:
        if detection.rule.severity is not Severity.INFORMATIONAL:
            alike[fingerprint(detection)].append(detection)
    for ones in alike.values():
        for detection in _first_and_last(ones, fold.evidence_count):
            len(detection.parts)  # remembered from then on


def _first_and_last(things: list[_T], keep: int) -> list[_T]:
    """Return the `keep` things at both ends."""
    head = keep // 2
    return things[:head] + things[max(head, len(things) - keep + head) :]


@dataclass(slots=True)
class _Pending:
    """An alert that this batch makes or adds to."""

    fingerprint: str
    trouble: Trouble
    first: Detection
    known: Known | None = None
    previous: "_Pending | None" = None
    window: Quieting | None = None
    """The maintenance window that marks it."""
    reason: str = ""
    """Why it is worse than before."""
    back_on_top: bool = False
    reopens: bool = False
    listed: bool = False
    """The batch will store it."""
    lines: list[tuple[Event, Detection]] = field(default_factory=list)
    """What becomes its evidence: an event, and the detection it belongs to."""
    id: int = 0


class _Batch:
    """One call's work."""

    def __init__(
        self, session: Session, now: datetime, policy: FoldPolicy, criticality: Mapping[str, str]
    ) -> None:
        self.session = session
        self.criticality = criticality
        self.now = now
        self.policy = policy
        self.pending: list[_Pending] = []
        self.latest: dict[str, _Pending] = {}
        self.context: dict[str, list[Detection]] = defaultdict(list)
        self.hits: Counter[int] = Counter()
        self.counts: dict[CountKey, Counter[str]] = defaultdict(Counter)
        self.totals: Counter[str] = Counter()
        self.sources: dict[str, int] = {}

    def take(self, detections: Sequence[Detection]) -> None:
        """Decide about every detection, in order."""
        names = {
            source_name(event)
            for detection in detections
            for event in (detection.event, *detection.evidence)
        }
        self.sources = rows.source_ids(self.session, names, self.now)
        quietings = rows.active_quietings(self.session, self.now)
        left: list[tuple[str, Detection, Quieting | None]] = []
        for detection in detections:
            self.count(detection, "detections")
            window = self.quieted(detection, quietings)
            if window is not None and window.kind == "suppression":
                self.count(detection, "suppressed")
            elif detection.rule.severity is Severity.INFORMATIONAL:
                self.totals["context"] += 1
                self.context[fingerprint(detection)].append(detection)
            else:
                left.append((fingerprint(detection), detection, window))
        self.load({key: detection for key, detection, _ in left})
        for key, detection, window in left:
            self.decide(key, detection, window)

    def quieted(self, detection: Detection, quietings: Iterable[Quieting]) -> Quieting | None:
        """Return what keeps the detection quiet; a suppression comes before a window."""
        covering = [each for each in quietings if each.covers(detection, self.now)]
        if not covering:
            return None
        chosen = min(covering, key=lambda each: (each.kind != "suppression", each.id))
        self.hits[chosen.id] += 1
        return chosen

    def count(self, detection: Detection, *figures: str) -> None:
        source_id = self.sources[source_name(detection.event)]
        hour = detection.time.replace(minute=0, second=0, microsecond=0)
        for figure in figures:
            self.counts[hour, storable_text(detection.rule.id), source_id][figure] += 1
            self.totals[figure] += 1

    def load(self, firsts: Mapping[str, Detection]) -> None:
        """Read the newest alert of each fingerprint."""
        known = rows.newest_alerts(self.session, firsts)
        looked_at = [each.id for each in known.values() if each.trouble.status != "new"]
        failed = rows.only_failures(self.session, looked_at) if looked_at else set()
        for key, found in known.items():
            found.trouble.only_failures = found.id in failed
            self.latest[key] = _Pending(key, found.trouble, firsts[key], known=found, id=found.id)

    def decide(self, key: str, detection: Detection, window: Quieting | None) -> None:
        latest = self.latest.get(key)
        found = storable_entities(detection.event)
        fate, reason = judge(
            latest.trouble if latest else None, detection, found, now=self.now, policy=self.policy
        )
        if latest is None or fate is Fate.RAISE:
            latest = self.raised(key, detection, latest, window, reason)
            self.count(detection, "alerts")
        else:
            self.fold(latest, fate, reason)
            self.count(detection, "folded")
            self.totals["quiet"] += fate is Fate.QUIET
        latest.trouble.add(detection, found)
        for event in detection.evidence:
            merge_entities(latest.trouble.entities, storable_entities(event))
        self.collect_evidence(latest, detection)

    def raised(
        self,
        key: str,
        detection: Detection,
        before: _Pending | None,
        window: Quieting | None,
        reason: str,
    ) -> _Pending:
        trouble = Trouble("new", detection.rule.severity, detection.time, detection.time)
        pending = _Pending(key, trouble, detection, None, before, window, reason, listed=True)
        self.pending.append(pending)
        self.latest[key] = pending
        return pending

    def fold(self, latest: _Pending, fate: Fate, reason: str) -> None:
        if not latest.listed:
            latest.listed = True
            self.pending.append(latest)
        if fate not in (Fate.WORSEN, Fate.REOPEN):
            return
        latest.reason = reason
        latest.trouble.since_looked = 0
        status = latest.trouble.status
        if status in _TOP_STATUSES:
            latest.back_on_top, latest.reopens = True, status == "closed"
            verb = "fire_again" if latest.reopens else "worsen"
            latest.trouble.status = ALERT.move(status, verb)

    def collect_evidence(self, latest: _Pending, detection: Detection) -> None:
        """Keep the detection's lines, the first and the last ones of the batch."""
        keep = self.policy.evidence_count
        samples = [event for event in detection.evidence if event is not detection.event]
        latest.lines.extend((event, detection) for event in (*samples, detection.event))
        if len(latest.lines) > 2 * keep:
            latest.lines = _first_and_last(latest.lines, keep)

    def evidence(self, pending: _Pending) -> list[Values]:
        rows: list[Values] = []
        for event, detection in _first_and_last(pending.lines, self.policy.evidence_count):
            source_id = self.sources[source_name(event)]
            row = evidence_columns(event, source_id, event.time or detection.time)
            rows.append(row | explained_columns(detection) if event is detection.event else row)
        return rows

    def store(self) -> None:
        """Write everything."""
        new = [each for each in self.pending if each.known is None]
        assets = load_assets(self.session) if new else AssetIndex()
        fresh = [self.new_row(each, assets) for each in new]
        for pending, number in zip(new, rows.insert_alerts(self.session, fresh), strict=True):
            pending.id = number
        pairs = [(each.id, each.previous.id) for each in new if each.previous is not None]
        rows.link_previous(self.session, pairs)
        old = sorted((each for each in self.pending if each.known), key=lambda each: each.id)
        rows.update_rows(self.session, "alert", [self.counted_row(each) for each in old])
        worse = [
            {"id": each.id, "worse_at": self.now, "worse_reason": each.reason}
            for each in old
            if each.reason
        ]
        rows.update_rows(self.session, "alert", worse)
        returned = [self.returned_row(each) for each in old if each.back_on_top]
        rows.update_rows(self.session, "alert", returned)
        self.totals["returned"] = len(returned)
        evidence = {each.id: self.evidence(each) for each in self.pending}
        rows.add_evidence(self.session, evidence, self.policy.evidence_count)
        rows.count_hits(self.session, self.hits, self.now)
        rows.count_detections(self.session, self.counts)
        self.store_context()

    def new_row(self, pending: _Pending, assets: AssetIndex) -> Values:
        first, trouble, rule = pending.first, pending.trouble, pending.first.rule
        asset = assets.most_critical(trouble.entities)
        source = source_name(first.event)
        placed = rank(
            trouble.severity,
            created_at=self.now,
            now=self.now,
            criticality=asset.criticality if asset else self.criticality.get(source, "medium"),
            asset=asset.name if asset else f"source {source}",
        )
        line = first.event.line
        return {
            "fingerprint": pending.fingerprint,
            "title": name_text(rule.title),
            "summary": summary(first),
            "rule_id": storable_text(rule.id),
            "rule_revision": rule.revision,
            "runbook": rule.runbook,
            "source_id": self.sources[source_name(first.event)],
            "category": first.category,
            "asset_id": asset.id if asset else None,
            "service_id": asset.service_id if asset else None,
            "event_time": first.time,
            "read_at": self.now if line else None,
            "created_at": self.now,
            **self.counts_of(trouble),
            **named_columns(trouble.entities),
            **ranked_columns(trouble.severity, placed),
            **self.opening(pending),
        }

    def opening(self, pending: _Pending) -> Values:
        """Return the state a new alert begins in; planned work keeps it off the queue."""
        window = pending.window
        facts: Values = {"worse_reason": pending.reason or None}
        if pending.reason:
            facts["worse_at"] = self.now
        if window is None:
            return facts
        return facts | {
            "status": "shelved",
            "status_before": "new",
            "suppression_id": window.id,
            "shelved_until": window.until,
            "shelve_reason": f"maintenance: {window.title}",
            "maintenance_until": window.until,
        }

    def counts_of(self, trouble: Trouble) -> Values:
        return {
            "rule_severity": trouble.severity,
            "count": trouble.count,
            "quiet_count": trouble.since_looked,
            "first_seen": trouble.first_seen,
            "last_seen": trouble.last_seen,
            "entities": trouble.entities,
            "tags": [storable_text(tag) for tag in trouble.tags],
            "updated_at": self.now,
        }

    def counted_row(self, pending: _Pending) -> Values:
        assert pending.known is not None
        known = pending.known
        severity = known.severity_override
        if severity is None:
            severity = pending.trouble.severity
        placed = ranked_anew(known.rank_terms, severity)
        return {
            "id": pending.id,
            "stopped_at": None,
            **self.counts_of(pending.trouble),
            **ranked_columns(severity, placed),
        }

    def returned_row(self, pending: _Pending) -> Values:
        """Return what brings an alert back to the top as if nobody had dealt with it."""
        known = pending.known
        assert known is not None
        return {
            "id": pending.id,
            "status": "new",
            "is_open": True,
            "assignee": None,
            "claim_expires_at": None,
            "shelved_until": None,
            "status_before": None,
            "disposition": None,
            "sub_reason": None,
            "closed_at": None,
            "quiet_until": None,
            "reopened_at": self.now if pending.reopens else known.reopened_at,
            "reopen_count": known.reopen_count + pending.reopens,
            "version": known.version + 1,  # what was decided about it cannot be undone any more
        }

    def store_context(self) -> None:
        since = self.now - timedelta(minutes=self.policy.window_minutes)
        known = rows.recent_context(self.session, self.context, since)
        fresh: list[Values] = []
        counted: list[Values] = []
        for key, detections in self.context.items():
            times = [detection.time for detection in detections]
            span = {"first_seen": min(times), "last_seen": max(times), "count": len(times)}
            if key in known:
                number, count, first, last = known[key]
                span["count"] = count + len(times)
                span["first_seen"] = min(first, *times)
                span["last_seen"] = max(last, *times)
                counted.append({"id": number, **span})
            else:
                fresh.append(self.context_row(key, detections[0]) | span)
        rows.insert_context(self.session, fresh)
        rows.update_rows(self.session, "context", counted)

    def context_row(self, key: str, first: Detection) -> Values:
        found: Entities = dict(storable_entities(first.event))
        return {
            "fingerprint": key,
            "rule_id": storable_text(first.rule.id),
            "title": name_text(first.rule.title),
            "tags": [storable_text(tag) for tag in first.rule.tags],
            "source_id": self.sources[source_name(first.event)],
            "entities": found,
            "host": found.get("host"),
            "username": found.get("user"),
            "source_ip": found.get("source_ip"),
            "sample": storable_text(first.event.raw[:SUMMARY_LENGTH]),
        }

    def result(self) -> RaiseResult:
        on_top = [each.id for each in self.pending if each.known is None or each.back_on_top]
        totals = self.totals
        return RaiseResult(
            raised=totals["alerts"],
            folded=totals["folded"] - totals["quiet"],
            quiet=totals["quiet"],
            returned=totals["returned"],
            suppressed=totals["suppressed"],
            context=totals["context"],
            alert_ids=tuple(on_top),
        )
