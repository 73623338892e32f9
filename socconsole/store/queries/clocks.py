"""The clocks that matter to a shift: what is due next, and what is overdue."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal, select
from sqlmodel import Session

from socconsole.core.severity import Severity
from socconsole.store.tables import METADATA

_ALERT = METADATA.tables["alert"]
_ASKED = METADATA.tables["escalation"]
_INCIDENT = METADATA.tables["incident"]
_MEASURE = METADATA.tables["countermeasure"]
_TASK = METADATA.tables["task"]
_TICKET = METADATA.tables["ticket"]

MISSED_CAP = 100
"""Missed acknowledgements are counted no further."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something with a time by which it is to be done."""

    name: str
    """`alert 12`, `SOC-2026-014`, `INC-2026-003`."""
    at: datetime


@dataclass(frozen=True, slots=True)
class ShiftClocks:
    """What is due next; None where nothing is."""

    acknowledge: Due | None
    """The alert whose time to be acknowledged runs out next."""
    missed: int
    """Alerts that nobody acknowledged in time, counted up to `MISSED_CAP`."""
    ticket: Due | None
    """The ticket that is to be resolved first; it may be overdue."""
    incident: Due | None
    """The incident whose next update is owed first; it may be overdue."""
    duty: Due | None = None
    """What else is owed first: somebody to be told or asked, something to be taken back."""


DUTIES_AHEAD = timedelta(days=1)
"""Duties further off are no concern of this shift."""


def shift_clocks(
    session: Session, now: datetime, targets: Mapping[Severity, timedelta]
) -> ShiftClocks:
    """Return the clocks of this moment.

    Args:
        session: The snapshot to read.
        now: The time.
        targets: How long an alert of each severity may wait for a person.

    """
    return ShiftClocks(
        _next_acknowledgement(session, now, targets),
        _missed(session, now, targets),
        _first(
            session,
            _TICKET.c.human_id,
            _TICKET.c.due_at,
            _TICKET.c.status.in_(("open", "in_progress")) & _TICKET.c.voided_at.is_(None),
        ),
        _first(
            session,
            _INCIDENT.c.human_id,
            _INCIDENT.c.next_update_due_at,
            (_INCIDENT.c.phase != "closed") & _INCIDENT.c.voided_at.is_(None),
        ),
        _first_duty(session, now + DUTIES_AHEAD),
    )


def _first_duty(session: Session, before: datetime) -> Due | None:
    """Return what is owed first to an open case, or about one, but its next update."""
    name, is_there = _INCIDENT.c.human_id, _INCIDENT.c.voided_at.is_(None)
    of_incident = (_TASK.c.subject_kind == "incident") & (_TASK.c.subject_id == _INCIDENT.c.id)
    asked = (
        (
            name + " ask " + _INCIDENT.c.escalate_to,
            _INCIDENT.c.escalate_at,
            (_INCIDENT.c.phase != "closed") & is_there,
        ),
        (
            name + " review",
            _INCIDENT.c.review_due_at,
            _INCIDENT.c.reviewed_at.is_(None) & (_INCIDENT.c.phase == "post_incident") & is_there,
        ),
        (
            name + " " + func.lower(_TASK.c.title),
            _TASK.c.due_at,
            of_incident & (_TASK.c.state == "open") & (_INCIDENT.c.phase != "closed") & is_there,
        ),
        (
            name + " take back " + _MEASURE.c.title,
            _MEASURE.c.expires_at,
            (_MEASURE.c.incident_id == _INCIDENT.c.id)
            & _MEASURE.c.state.in_(("active", "verified"))
            & is_there,
        ),
        (
            _TICKET.c.human_id + " chase " + _TICKET.c.waiting_on,
            _TICKET.c.chase_at,
            (_TICKET.c.status == "waiting") & _TICKET.c.voided_at.is_(None),
        ),
    )
    found = (
        _first(session, what, at, chosen & (at <= before))
        for what, at, chosen in (*asked, *_ask_again())
    )
    return min((due for due in found if due), key=lambda due: due.at, default=None)


def _ask_again() -> Iterable[tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[bool]]]:
    """Yield, for each kind of case, whom nobody heard of yet and when to ask again."""
    open_cases = (
        (
            "ticket",
            _TICKET.c.id,
            _TICKET.c.human_id,
            _TICKET.c.resolved_at.is_(None) & _TICKET.c.voided_at.is_(None),
        ),
        (
            "incident",
            _INCIDENT.c.id,
            _INCIDENT.c.human_id,
            (_INCIDENT.c.phase != "closed") & _INCIDENT.c.voided_at.is_(None),
        ),
        ("alert", _ALERT.c.id, literal("alert ") + cast(_ALERT.c.id, Text), _ALERT.c.is_open),
    )
    for kind, number, name, is_open in open_cases:
        yield (
            name + " ask " + _ASKED.c.whom + " again",
            _ASKED.c.next_contact_at,
            (_ASKED.c.subject_kind == kind)
            & (_ASKED.c.subject_id == number)
            & _ASKED.c.answered_at.is_(None)
            & is_open,
        )


def _next_acknowledgement(
    session: Session, now: datetime, targets: Mapping[Severity, timedelta]
) -> Due | None:
    dues: list[Due] = []
    for severity, target in targets.items():
        query = (
            select(_ALERT.c.id, _ALERT.c.created_at)
            .where(
                _ALERT.c.status == "new",
                _ALERT.c.created_at > now - target,
                _ALERT.c.severity == severity,
            )
            .order_by(_ALERT.c.created_at)
            .limit(1)
        )
        row = session.connection().execute(query).first()
        if row is not None:
            dues.append(Due(f"alert {row.id}", row.created_at + target))
    return min(dues, key=lambda due: due.at, default=None)


def _missed(session: Session, now: datetime, targets: Mapping[Severity, timedelta]) -> int:
    return min(MISSED_CAP, sum(_late(session, now, targets.items())))


def _late(
    session: Session, now: datetime, targets: Iterable[tuple[Severity, timedelta]]
) -> Iterable[int]:
    for severity, target in targets:
        late = (
            select(_ALERT.c.id)
            .where(
                _ALERT.c.is_open,
                _ALERT.c.status == "new",
                _ALERT.c.severity == severity,
                _ALERT.c.created_at <= now - target,
            )
            .limit(MISSED_CAP)
        )
        counted = select(func.count()).select_from(late.subquery())
        yield session.connection().execute(counted).scalar_one()


def _first(
    session: Session, name: ColumnElement[Any], at: ColumnElement[Any], chosen: ColumnElement[bool]
) -> Due | None:
    query = select(name, at).where(chosen, at.is_not(None)).order_by(at).limit(1)
    row = session.connection().execute(query).first()
    return None if row is None else Due(row[0], row[1])
