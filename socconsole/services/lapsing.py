"""What time alone does to alerts: shelves end, claims lapse, waiting raises the rank."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from socconsole.core.lifecycle import ALERT
from socconsole.core.policy import AlertsPolicy
from socconsole.core.ranking import AGE_STEPS, aged
from socconsole.services.raising import COLLECTOR
from socconsole.store import alert_lapses
from socconsole.store.alert_lapses import Due
from socconsole.store.recording import recording
from socconsole.store.tables import Alert

AGED_AT_ONCE = 2_000
"""So many alerts of each step of waiting are reranked in one transaction."""
CONTEXT_KEPT = timedelta(days=30)
"""Informational detections are shown beside alerts for so long."""


@dataclass(frozen=True, slots=True)
class Lapsed:
    """What time did."""

    returned: tuple[int, ...] = ()
    """Shelved alerts that are back."""
    given_back: tuple[int, ...] = ()
    """Claimed alerts nobody went on with."""
    aged: int = 0
    """Alerts that rank higher because they wait."""
    stopped: tuple[int, ...] = ()
    """Conditions that ended by themselves while nobody had looked."""


def keep_time(
    session: Session,
    *,
    now: datetime,
    since: datetime | None = None,
    policy: AlertsPolicy | None = None,
    by: str = COLLECTOR,
) -> Lapsed:
    """Do to alerts what is due at `now`; the collector asks twice a minute.

    Args:
        session: The unit of work.
        now: The time.
        since: When it was last asked; None: everything that ever was due.
        policy: How long a claim holds.
        by: Who is named in the audit.

    """
    claim = timedelta(minutes=(policy or AlertsPolicy()).claim_minutes)
    shelved = alert_lapses.due_shelves(session, now)
    claimed = _idle_claims(session, now, claim)
    stopped = alert_lapses.stopped_conditions(session)
    aging = _aging(session, since, now)
    alert_lapses.forget_context(session, now - CONTEXT_KEPT)
    if shelved or claimed or stopped:
        with recording(session, verb="alert.lapse", by=by, now=now, audit="one-entry") as action:
            action.changed.add("alert")
            action.update_rows(Alert, [_returned(due) for due in shelved])
            action.update_rows(Alert, [_given_back(due) for due in claimed])
            alert_lapses.mark_stopped(session, stopped)
    return Lapsed(
        tuple(due.id for due in shelved),
        tuple(due.id for due in claimed),
        aging,
        tuple(stopped),
    )


def _returned(due: Due) -> dict[str, object]:
    status = ALERT.move(due.status, "unshelve", before=due.status_before)
    return {
        "id": due.id,
        "status": status,
        "status_before": None,
        "shelved_until": None,
        "claim_expires_at": None,
    }


def _given_back(due: Due) -> dict[str, object]:
    status = ALERT.move(due.status, "lapse")
    return {"id": due.id, "status": status, "assignee": None, "claim_expires_at": None}


def _idle_claims(session: Session, now: datetime, claim: timedelta) -> list[Due]:
    """Return claims that ran out; one whose holder did something since holds on."""
    idle: list[Due] = []
    for due in alert_lapses.due_claims(session, now):
        acted_at = alert_lapses.last_action(session, due)
        if acted_at is not None and acted_at + claim > now:
            alert_lapses.prolong(session, due.id, acted_at + claim)
        else:
            idle.append(due)
    return idle


def _aging(session: Session, since: datetime | None, now: datetime) -> int:
    """Rerank the alerts that reached another step of waiting since then, the newest of each step.

    After a pause that may be every alert there is: nobody is kept waiting for the oldest of them.
    """
    reranked: dict[int, dict[str, object]] = {}
    steps: Sequence[tuple[timedelta, float]] = AGE_STEPS
    for age, _ in reversed(steps):
        after = None if since is None else since - age
        for waiting in alert_lapses.waiting_since(session, after, now - age, most=AGED_AT_ONCE):
            placed = aged(waiting.rank_terms, now - waiting.created_at)
            if placed.score == waiting.rank:
                continue
            reranked[waiting.id] = {
                "id": waiting.id,
                "rank": placed.score,
                "rank_terms": placed.document(),
            }
    alert_lapses.rerank(session, list(reranked.values()))
    return len(reranked)
