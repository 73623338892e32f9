"""Reads from the store what a handoff is computed from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from socconsole.core.severity import Severity
from socconsole.core.shift_facts import (
    ClosureFacts,
    EscalationFacts,
    HiddenFacts,
    MaintenanceFacts,
    ShiftFacts,
    SourceFacts,
    StartedFacts,
    TicketFacts,
    UntriagedFacts,
    Written,
)
from socconsole.store.queries import tickets as ticket_queries
from socconsole.store.queries.shift_incidents import incidents_of_shift
from socconsole.store.queries.shift_volume import expected_alerts, volumes
from socconsole.store.queries.subjects import names_of
from socconsole.store.queries.tickets import TicketRow
from socconsole.store.tables import (
    Alert,
    AuditEntry,
    Escalation,
    Finding,
    Incident,
    Note,
    Observable,
    ObservableLink,
    Source,
    SourceNote,
    Suppression,
    Ticket,
)

_LONGEST_SECTION = 500
"""Items read per section; more would not be handed over by people anyway."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a handoff begins and ends."""

    since: datetime
    now: datetime
    shift_end: datetime
    next_end: datetime | None = None
    """When the shift after this one ends; None: as long after as a shift lasts."""
    audit_seq: int = 0
    """The audit chain's head at the last handoff: what was closed after it is news, whatever
    time it carries."""


def shift_facts(
    session: Session, cut: Cut, *, written: Sequence[Written] = (), read_first: str = ""
) -> ShiftFacts:
    """Return everything a handoff that is cut here is computed from."""
    return ShiftFacts(
        since=cut.since,
        now=cut.now,
        shift_end=cut.shift_end,
        incidents=tuple(incidents_of_shift(session, cut.now, _LONGEST_SECTION)),
        tickets=tuple(_tickets(session, cut.now)),
        untriaged=tuple(_untriaged(session)),
        started=tuple(_started(session)),
        hidden=(*_suppressions(session, cut.now), *_shelved(session)),
        maintenance=tuple(_maintenance(session, cut.now)),
        sources=tuple(_sources(session, cut)),
        escalations=tuple(_escalations(session, cut)),
        closures=(*_closed_tickets(session, cut), *_closed_alerts(session, cut)),
        written=written,
        volumes=volumes(session, cut.since, cut.now),
        noise=expected_alerts(
            session, cut.shift_end, cut.next_end or cut.shift_end + _SHIFT, cut.now
        ),
        confirmed=tuple(_confirmed(session, cut.since)),
        read_first=read_first,
    )


_SHIFT = timedelta(hours=8)


def _confirmed(session: Session, since: datetime) -> Iterable[tuple[str, str]]:
    query = (
        select(Observable.value, Incident.human_id)
        .join(ObservableLink, col(ObservableLink.observable_id) == col(Observable.id))
        .join(Incident, col(Incident.id) == col(ObservableLink.subject_id))
        .where(
            col(ObservableLink.subject_kind) == "incident",
            col(ObservableLink.confirmed_at) > since,
            col(Incident.voided_at).is_(None),
        )
        .order_by(col(ObservableLink.id))
        .limit(_LONGEST_SECTION)
    )
    yield from session.exec(query).all()


def _tickets(session: Session, now: datetime) -> Iterable[TicketFacts]:
    rows = ticket_queries.tickets(session, limit=_LONGEST_SECTION)
    ids = [row.id for row in rows]
    ruled_out: dict[int, list[str]] = {}
    query = (
        select(Finding.subject_id, Finding.checked, Finding.result)
        .where(
            col(Finding.subject_kind) == "ticket",
            col(Finding.subject_id).in_(ids),
            col(Finding.meaning) == "rules_out",
        )
        .order_by(col(Finding.id))
    )
    for ticket_id, checked, result in session.exec(query):
        ruled_out.setdefault(ticket_id, []).append(f"{checked} ({result})")
    thoughts = {
        ticket_id: (hypothesis, unchecked)
        for ticket_id, hypothesis, unchecked in session.exec(
            select(Ticket.id, Ticket.hypothesis, Ticket.unchecked).where(col(Ticket.id).in_(ids))
        )
    }
    for row in rows:
        yield _ticket(row, thoughts[row.id], tuple(ruled_out.get(row.id, ())), now)


def _ticket(
    row: TicketRow, thought: tuple[str, str], ruled_out: tuple[str, ...], now: datetime
) -> TicketFacts:
    return TicketFacts(
        ref=row.human_id,
        title=row.title,
        priority=row.priority.value,
        status=row.status,
        assignee=row.assignee,
        hypothesis=thought[0],
        ruled_out=ruled_out,
        unchecked=thought[1],
        next_step=row.next_step,
        next_step_due_at=row.deadline,
        sla_left=None if row.waiting_since else row.left(now),
        waits_on=row.waiting_on or "",
        chase_at=row.chase_at,
        waiting_since=row.waiting_since,
        incident=row.incident,
    )


def _untriaged(session: Session) -> Iterable[UntriagedFacts]:
    """Yield how many nobody has looked at. Grouping would sort half a million of them."""
    # The call keeps SQLite on the index of open alerts, which holds both columns.
    is_new = (col(Alert.is_open), func.coalesce(Alert.status, "") == "new")
    counted = (func.count().filter(col(Alert.severity) == level) for level in Severity)
    numbers = session.execute(select(*counted).where(*is_new)).one()
    for level, number in zip(Severity, numbers, strict=True):
        if number:
            oldest = (
                select(Alert.created_at)
                .where(col(Alert.is_open), col(Alert.status) == "new", col(Alert.severity) == level)
                .order_by(col(Alert.created_at))
                .limit(1)
            )
            yield UntriagedFacts(level, number, session.execute(oldest).scalar_one())


def _started(session: Session) -> Iterable[StartedFacts]:
    query = (
        select(Alert.id, Alert.title, Alert.assignee)
        .where(col(Alert.is_open), col(Alert.status) == "acknowledged")
        .order_by(col(Alert.rank).desc(), col(Alert.id))
        .limit(_LONGEST_SECTION)
    )
    rows = session.exec(query).all()
    thoughts = _thoughts(session, [row[0] or 0 for row in rows])
    for alert_id, title, assignee in rows:
        yield StartedFacts(alert_id or 0, title, assignee, thoughts.get(alert_id or 0, ""))


def _thoughts(session: Session, alert_ids: Sequence[int]) -> dict[int, str]:
    """Return the last finding of each alert, else its last note."""
    notes = (
        select(Note.subject_id, Note.body)
        .where(col(Note.subject_kind) == "alert", col(Note.subject_id).in_(alert_ids))
        .order_by(col(Note.id))
    )
    findings = (
        select(Finding.subject_id, Finding.checked, Finding.result)
        .where(col(Finding.subject_kind) == "alert", col(Finding.subject_id).in_(alert_ids))
        .order_by(col(Finding.id))
    )
    found = {alert_id: body.splitlines()[0] for alert_id, body in session.exec(notes)}
    found.update(
        {number: f"{checked}: {result}" for number, checked, result in session.exec(findings)}
    )
    return found


def _not_over(session: Session, kind: str, now: datetime) -> Iterable[Suppression]:
    """Return what stands or is planned, what ends first coming first."""
    query = (
        select(Suppression)
        .where(
            col(Suppression.kind) == kind,
            col(Suppression.ended_at).is_(None),
            col(Suppression.until) > now,
        )
        .order_by(col(Suppression.until))
        .limit(_LONGEST_SECTION)
    )
    return session.exec(query)


def _suppressions(session: Session, now: datetime) -> Iterable[HiddenFacts]:
    for row in _not_over(session, "suppression", now):
        yield HiddenFacts(
            ref=f"suppression:{row.id}",
            text=row.title or row.filter or row.reason,
            reason=row.reason,
            author=row.created_by,
            until=row.until,
            hits=row.hit_count,
            reviewed=row.approved_by is not None or row.review_at is not None,
        )


def _shelved(session: Session) -> Iterable[HiddenFacts]:
    query = (
        select_columns(
            col(Alert.id),
            col(Alert.title),
            col(Alert.shelve_reason),
            col(Alert.shelved_by),
            col(Alert.shelved_until),
        )
        .where(col(Alert.is_open), col(Alert.status) == "shelved")
        .order_by(col(Alert.shelved_until))
        .limit(_LONGEST_SECTION)
    )
    for alert_id, title, reason, author, until in session.execute(query):
        if until is not None:
            yield HiddenFacts(f"alert:{alert_id}", title, reason or "", author or "", until)


def _maintenance(session: Session, now: datetime) -> Iterable[MaintenanceFacts]:
    for row in _not_over(session, "maintenance", now):
        yield MaintenanceFacts(
            f"maintenance:{row.id}", row.title or row.reason, row.starts_at, row.until
        )


_HEALTHY = frozenset({"reading", "idle", "starting"})
_GAPS = ("gap", "truncation", "failure", "silence", "clock_skew")


def _sources(session: Session, cut: Cut) -> Iterable[SourceFacts]:
    gaps: dict[int, list[str]] = {}
    notes = (
        select(SourceNote.source_id, SourceNote.kind, SourceNote.at, SourceNote.detail)
        .where(col(SourceNote.at) >= cut.since, col(SourceNote.kind).in_(_GAPS))
        .order_by(col(SourceNote.at))
    )
    for source_id, kind, at, detail in session.exec(notes):
        gaps.setdefault(source_id, []).append(f"{kind} {at:%H:%MZ} {detail}".rstrip())
    for source in session.exec(select(Source).order_by(col(Source.name))):
        yield SourceFacts(
            name=source.name,
            state="ok" if source.state in _HEALTHY else source.state,
            last_event_at=source.last_event_time,
            lag_bytes=source.lag_bytes,
            unparsed=source.unparsed,
            gaps=tuple(gaps.get(source.id or 0, ())),
            error=source.error or "",
            silent_for=_silent_for(source, cut.now),
            max_silence=timedelta(seconds=source.max_silence) if source.max_silence else None,
        )


def _silent_for(source: Source, now: datetime) -> timedelta | None:
    """Return for how long a source has been silent, where that is more than it may be."""
    heard_at = source.last_read_at or source.last_event_time  # what it says may be of long ago
    if heard_at is None:
        return None
    silence = now - heard_at
    too_long = source.max_silence is not None and silence > timedelta(seconds=source.max_silence)
    return silence if source.state == "silent" or (source.enabled and too_long) else None


def _escalations(session: Session, cut: Cut) -> Iterable[EscalationFacts]:
    query = (
        select(Escalation)
        .where(
            col(Escalation.answered_at).is_(None)
            | (col(Escalation.asked_at) >= cut.since - timedelta(minutes=1))
        )
        .order_by(col(Escalation.asked_at))
        .limit(_LONGEST_SECTION)
    )
    rows = session.exec(query).all()
    names = names_of(session, ((row.subject_kind, row.subject_id) for row in rows))
    for row in rows:
        yield EscalationFacts(
            ref=f"escalation:{row.id}",
            case=names[row.subject_kind, row.subject_id],
            whom=row.whom,
            channel=row.channel or "unknown channel",
            at=row.asked_at,
            about=row.reason,
            answered=row.answered_at is not None,
            next_contact_at=row.next_contact_at,
        )


def _closed_tickets(session: Session, cut: Cut) -> Iterable[ClosureFacts]:
    touched = _touched(cut, "ticket")
    query = (
        select(Ticket)
        .where(
            col(Ticket.id).in_(touched),
            col(Ticket.voided_at).is_(None),
            col(Ticket.resolved_at).is_not(None) | col(Ticket.merged_into_id).is_not(None),
        )
        .order_by(func.coalesce(col(Ticket.resolved_at), col(Ticket.closed_at)))
    )
    tickets = session.exec(query).all()
    names = names_of(session, (("ticket", each.merged_into_id or 0) for each in tickets))
    for ticket in tickets:
        merged = ticket.merged_into_id is not None
        into = names["ticket", ticket.merged_into_id or 0] if merged else ""
        yield ClosureFacts(
            ref=ticket.human_id,
            title=ticket.title,
            disposition=f"merged into {into}" if merged else ticket.disposition or "undetermined",
            by=(ticket.closed_by if merged else ticket.resolved_by) or "",
            is_ticket=True,
            reopened=ticket.reopen_count > 0,
        )


_CLOSED_AT_ONCE = 1_000


def _closed_alerts(session: Session, cut: Cut) -> Iterable[ClosureFacts]:
    query = (
        select_columns(
            col(Alert.id),
            col(Alert.title),
            col(Alert.disposition),
            col(Alert.closed_by),
            col(Alert.reopen_count),
        )
        .where(col(Alert.id).in_(_touched(cut, "alert")), ~col(Alert.is_open))
        .order_by(col(Alert.closed_at))
    )
    kept: dict[str, str] = {}

    def once(word: str) -> str:
        """Return `word` as it was first read: a shift closes thousands with the same few."""
        return kept.setdefault(word, word)

    read = session.execute(query, execution_options={"yield_per": _CLOSED_AT_ONCE})
    for alert_id, title, disposition, by, reopened in read:
        yield ClosureFacts(
            ref=f"alert:{alert_id}",
            title=once(title),
            disposition=once(disposition or "undetermined"),
            by=once(by or "the collector"),
            rule=once(title),
            reopened=reopened > 0,
        )


def _touched(cut: Cut, entity: str) -> Select[Any]:
    """Return the ids of rows a person's action touched since the cut."""
    return select_columns(col(AuditEntry.entity_id)).where(
        col(AuditEntry.seq) > cut.audit_seq, col(AuditEntry.entity) == entity
    )
