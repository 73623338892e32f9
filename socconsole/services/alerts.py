"""What analysts do with alerts. Every verb takes any number of ids and is one action, one undo.

A row whose move is refused is skipped and named in the answer; when no row can move, the first
refusal is raised.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from socconsole.core.disposition import Disposition, Verdict, check_verdict, verdict_facts
from socconsole.core.lifecycle import ALERT
from socconsole.core.policy import AlertsPolicy, FoldPolicy
from socconsole.core.ranking import ranked_anew
from socconsole.core.severity import Severity
from socconsole.errors import TransitionError, UsageError
from socconsole.services.alert_change import (
    Done,
    Plan,
    Skipped,
    change_each,
    looked_at,
    standing,
)
from socconsole.services.raising import COLLECTOR, RaiseResult, raise_alerts
from socconsole.store import alert_rows
from socconsole.store.alert_rows import LastVerdict, Standing, Values

__all__ = [
    "COLLECTOR",
    "Done",
    "RaiseResult",
    "Skipped",
    "acknowledge",
    "assign",
    "claim_next",
    "close",
    "detach",
    "each_as_last_time",
    "escalate",
    "give_back",
    "mark_viewed",
    "override_severity",
    "raise_alerts",
    "reopen",
    "return_to_ticket",
    "same_as_last_time",
    "shelve",
    "unshelve",
]


def acknowledge(
    session: Session,
    alert_ids: Sequence[int],
    *,
    by: str,
    now: datetime,
    policy: AlertsPolicy | None = None,
) -> Done:
    """Take alerts: they are `by`'s until given back, closed, or the claim lapses."""
    lapses_at = now + timedelta(minutes=(policy or AlertsPolicy()).claim_minutes)

    def plan(alert: Standing) -> Values:
        if alert.status == "acknowledged":
            raise _taken(alert, by)
        return {
            "status": ALERT.move(alert.status, "acknowledge"),
            "assignee": by,
            "claim_expires_at": lapses_at,
            **looked_at(alert, by, now),
        }

    return change_each(session, alert_ids, "alert.acknowledge", plan, by=by, now=now)


def assign(session: Session, alert_ids: Sequence[int], to: str, *, by: str, now: datetime) -> Done:
    """Give alerts to an analyst; new ones become acknowledged, and the claim does not lapse."""
    to = to.strip()
    if not to:
        raise UsageError("Assigning asks to whom.", hint="Name a login.")

    def plan(alert: Standing) -> Values:
        if alert.assignee == to:
            raise TransitionError(f"{to} has it already.")
        return {
            "status": ALERT.move(alert.status, "assign"),
            "assignee": to,
            "claim_expires_at": None,
            **looked_at(alert, by, now),
        }

    return change_each(session, alert_ids, "alert.assign", plan, by=by, now=now, detail=f"to {to}")


def give_back(session: Session, alert_ids: Sequence[int], *, by: str, now: datetime) -> Done:
    """Put acknowledged alerts back into the queue for anybody."""

    def plan(alert: Standing) -> Values:
        status = ALERT.move(alert.status, "give_back")
        return {"status": status, "assignee": None, "claim_expires_at": None}

    return change_each(session, alert_ids, "alert.give_back", plan, by=by, now=now)


def shelve(
    session: Session,
    alert_ids: Sequence[int],
    reason: str,
    *,
    by: str,
    now: datetime,
    until: datetime | None = None,
    shift_end: datetime | None = None,
    policy: AlertsPolicy | None = None,
) -> Done:
    """Keep alerts off the queue for a while; then they return to where they were.

    Args:
        session: The unit of work.
        alert_ids: The alerts.
        reason: Why; required.
        by: Who.
        now: When.
        until: When they return; without it the policy's span from now.
        shift_end: The latest they may return: nobody shelves into the next shift.
        policy: How long when nothing is said.

    """
    wanted = until or now + timedelta(minutes=(policy or AlertsPolicy()).shelve_minutes)
    if wanted <= now:
        raise UsageError("That time has passed.", hint="Shelve until a time to come.")
    returns = wanted if shift_end is None else min(wanted, shift_end)

    def plan(alert: Standing) -> Values:
        return {
            "status": ALERT.move(alert.status, "shelve", {"reason": reason.strip()}),
            "status_before": alert.status,
            "shelved_until": returns,
            "shelved_by": by,
            "shelve_reason": reason.strip(),
            **looked_at(alert, by, now),
        }

    detail = f"until {returns:%H:%M}Z: {reason.strip()}"
    return change_each(session, alert_ids, "alert.shelve", plan, by=by, now=now, detail=detail)


def unshelve(session: Session, alert_ids: Sequence[int], *, by: str, now: datetime) -> Done:
    """Bring shelved alerts back to where they were."""

    def plan(alert: Standing) -> Values:
        return {**_unshelved(alert), "claim_expires_at": None}

    return change_each(session, alert_ids, "alert.unshelve", plan, by=by, now=now)


def close(
    session: Session,
    alert_ids: Sequence[int],
    verdict: Verdict,
    *,
    by: str,
    now: datetime,
    fold: FoldPolicy | None = None,
    leads: Sequence[str] = (),
) -> Done:
    """Close alerts with what they turned out to be.

    Args:
        session: The unit of work.
        alert_ids: The alerts.
        verdict: The disposition with its reason and note.
        by: Who.
        now: When.
        fold: How long repeats stay quiet; a true positive has no quiet.
        leads: Who may allow a malicious true positive without a ticket; empty: anybody named.

    """
    _check_lead(verdict, leads)
    _check_original(session, alert_ids, verdict)
    plan = _closing(verdict, by=by, now=now, fold=fold)
    return change_each(
        session, alert_ids, "alert.close", plan, by=by, now=now, detail=f"as {verdict.in_words}"
    )


def _closing(verdict: Verdict, *, by: str, now: datetime, fold: FoldPolicy | None) -> Plan:
    """Return what closes an alert with `verdict`."""
    quiet = None
    if verdict.disposition is not Disposition.TRUE_POSITIVE:
        quiet = now + timedelta(hours=(fold or FoldPolicy()).quiet_hours)
    note = verdict.note or None
    if verdict.lead:
        note = f"{verdict.note} (no ticket, allowed by {verdict.lead})"

    facts, disposition = verdict_facts(verdict), verdict.disposition.value

    def plan(alert: Standing) -> Values:
        status = ALERT.move(alert.status, "close", facts)
        check_verdict(verdict, has_ticket=alert.ticket_id is not None)
        return {
            "status": status,
            "is_open": False,
            "disposition": disposition,
            "sub_reason": verdict.reason or None,
            "close_reason": note,
            "duplicate_of_id": verdict.duplicate_of,
            "quiet_until": quiet,
            "closed_at": now,
            "closed_by": by,
            "claim_expires_at": None,
            "shelved_until": None,
            **looked_at(alert, by, now),
        }

    return plan


def same_as_last_time(
    session: Session, alert_id: int, *, by: str, now: datetime, fold: FoldPolicy | None = None
) -> Done:
    """Close an alert as the last one of its fingerprint ended.

    Raises:
        TransitionError: There is no precedent, it was a true positive or undecided, or the rule
            is another one since.

    """
    verdict = _repeated(alert_rows.last_verdicts(session, [alert_id]).get(alert_id))
    return close(session, [alert_id], verdict, by=by, now=now, fold=fold)


def each_as_last_time(
    session: Session,
    alert_ids: Sequence[int],
    *,
    by: str,
    now: datetime,
    fold: FoldPolicy | None = None,
) -> Done:
    """Close each alert as the last one of its fingerprint ended, as one action.

    Raises:
        TransitionError: That is possible with none of them.

    """
    last = alert_rows.last_verdicts(session, alert_ids)
    closing: dict[LastVerdict, Plan] = {}

    def plan(alert: Standing) -> Values:
        verdict = _repeated(last.get(alert.id))
        way = closing.get(last[alert.id])
        if way is None:
            way = closing[last[alert.id]] = _closing(verdict, by=by, now=now, fold=fold)
        return way(alert)

    return change_each(
        session, alert_ids, "alert.close", plan, by=by, now=now, detail="as the last time"
    )


def _repeated(last: LastVerdict | None) -> Verdict:
    """Return the verdict that says the same again; raises TransitionError."""
    if last is None:
        raise TransitionError("Nothing like it has been closed.", hint="Close it yourself.")
    if last.rule_changed:
        raise TransitionError(
            f"The rule has changed since alert {last.alert_id} was closed.",
            hint="Look at it anew.",
        )
    disposition = Disposition(last.disposition)
    if disposition not in (Disposition.BENIGN_POSITIVE, Disposition.FALSE_POSITIVE):
        raise TransitionError(
            f"Alert {last.alert_id} was {disposition.replace('_', ' ')}: that is not repeated.",
            hint="Close it yourself.",
        )
    return Verdict(disposition, last.sub_reason or "", note=f"same as alert {last.alert_id}")


def reopen(session: Session, alert_ids: Sequence[int], *, by: str, now: datetime) -> Done:
    """Put closed alerts back into the queue, or to their ticket where it is still open."""
    return _reopen(session, alert_ids, "alert.reopen", by=by, now=now)


def return_to_ticket(session: Session, alert_ids: Sequence[int], *, by: str, now: datetime) -> Done:
    """Make alerts that closed with their ticket escalated again; for a ticket that reopens."""
    return _reopen(session, alert_ids, "alert.return_to_ticket", by=by, now=now, always=True)


def _reopen(
    session: Session,
    alert_ids: Sequence[int],
    verb: str,
    *,
    by: str,
    now: datetime,
    always: bool = False,
) -> Done:
    open_tickets = alert_rows.open_tickets(session, alert_ids)

    def plan(alert: Standing) -> Values:
        in_ticket = alert.ticket_id is not None and (always or alert.ticket_id in open_tickets)
        status = ALERT.move(alert.status, "return_to_ticket" if in_ticket else "reopen")
        return {
            "status": status,
            "is_open": True,
            "assignee": alert.assignee if in_ticket else None,
            "disposition": None,
            "sub_reason": None,
            "duplicate_of_id": None,
            "quiet_until": None,
            "closed_at": None,
            "closed_by": None,
            "reopened_at": now,
            "reopen_count": alert.reopen_count + 1,
        }

    return change_each(session, alert_ids, verb, plan, by=by, now=now)


def escalate(
    session: Session, alert_ids: Sequence[int], ticket_id: int, *, by: str, now: datetime
) -> Done:
    """Say that alerts are in a ticket; opening and linking tickets calls this."""

    def plan(alert: Standing) -> Values:
        return {
            "status": ALERT.move(alert.status, "escalate", {"ticket": ticket_id}),
            "ticket_id": ticket_id,
            "assignee": alert.assignee or by,
            "claim_expires_at": None,
            "shelved_until": None,
            "escalated_at": now,
            "escalated_by": by,
            **looked_at(alert, by, now),
        }

    return change_each(session, alert_ids, "alert.escalate", plan, by=by, now=now)


def detach(session: Session, alert_ids: Sequence[int], *, by: str, now: datetime) -> Done:
    """Take alerts out of their ticket; who had them keeps them."""

    def plan(alert: Standing) -> Values:
        return {"status": ALERT.move(alert.status, "detach"), "ticket_id": None}

    return change_each(
        session, alert_ids, "alert.detach", plan, by=by, now=now, detail="of the ticket"
    )


def override_severity(
    session: Session,
    alert_ids: Sequence[int],
    severity: Severity | None,
    reason: str,
    *,
    by: str,
    now: datetime,
) -> Done:
    """Set another severity than the rule's, or with None the rule's own again."""
    if severity is not None and not reason.strip():
        raise UsageError("Another severity needs a reason.", hint="Say why in one line.")
    terms = alert_rows.rank_terms(session, alert_ids)

    def plan(alert: Standing) -> Values:
        chosen = alert.rule_severity if severity is None else severity
        if chosen == alert.severity and severity == alert.severity_override:
            raise TransitionError(f"It is {chosen.label} already.")
        placed = ranked_anew(terms[alert.id], chosen)
        return {
            "severity": chosen,
            "severity_override": severity,
            "severity_reason": reason.strip() or None,
            "rank": placed.score,
            "rank_terms": placed.document(),
            **looked_at(alert, by, now),
        }

    said = "to the rule's" if severity is None else f"to {severity.label}: {reason.strip()}"
    return change_each(
        session, alert_ids, "alert.override_severity", plan, by=by, now=now, detail=said
    )


def claim_next(
    session: Session, *, by: str, now: datetime, policy: AlertsPolicy | None = None
) -> int | None:
    """Acknowledge the highest-ranked alert nobody has and return it; None when there is none.

    Two analysts who ask at once get two alerts.
    """
    alert_id = alert_rows.lock_next(session)
    if alert_id is not None:
        acknowledge(session, [alert_id], by=by, now=now, policy=policy)
    return alert_id


def mark_viewed(session: Session, alert_id: int, *, now: datetime) -> None:
    """Note when somebody first opened an alert; no action, no audit."""
    alert_rows.stamp_viewed(session, alert_id, now)


def _taken(alert: Standing, by: str) -> TransitionError:
    if alert.assignee == by:
        return TransitionError("It is yours already.")
    return TransitionError(f"{alert.assignee} has it.", hint="Assign it to yourself to take over.")


def _unshelved(alert: Standing) -> Values:
    status = ALERT.move(alert.status, "unshelve", before=alert.status_before)
    return {"status": status, "status_before": None, "shelved_until": None}


def _check_lead(verdict: Verdict, leads: Sequence[str]) -> None:
    if verdict.lead and leads and verdict.lead not in leads:
        raise TransitionError(
            f"{verdict.lead} is not a lead.", hint=f"Leads are {', '.join(leads)}."
        )
    if verdict.lead and not verdict.note:
        raise TransitionError("Closing without a ticket needs a reason.", hint="Write a note.")


def _check_original(session: Session, alert_ids: Sequence[int], verdict: Verdict) -> None:
    if verdict.duplicate_of is None:
        return
    if verdict.duplicate_of in alert_ids:
        raise TransitionError("An alert is not its own duplicate.")
    standing(session, [verdict.duplicate_of])
