"""One change of any number of alerts as one action, and what it answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from socconsole.core.deeds import deed
from socconsole.errors import NotFoundError, SocError, TransitionError, UsageError
from socconsole.store import alert_rows
from socconsole.store.alert_rows import Standing, Values
from socconsole.store.progress import begun
from socconsole.store.recording import recording
from socconsole.store.tables import Alert


@dataclass(frozen=True, slots=True)
class Skipped:
    """An alert that a verb left alone, and why."""

    alert_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """What a verb did."""

    verb: str
    alert_ids: tuple[int, ...]
    """The alerts that were changed."""
    skipped: tuple[Skipped, ...] = ()
    action_id: int | None = None
    """What `undo` takes; None when the verb is part of a larger action."""
    summary: str = ""


Plan = Callable[[Standing], Values]
"""Returns an alert's new values, or raises TransitionError; always the same columns."""


def change_each(
    session: Session,
    alert_ids: Sequence[int],
    verb: str,
    plan: Plan,
    *,
    by: str,
    now: datetime,
    detail: str = "",
) -> Done:
    """Change every alert the plan allows, as one action."""
    begun(session, len(alert_ids))
    alerts = standing(session, alert_ids)
    values: list[Values] = []
    skipped: list[Skipped] = []
    first: SocError | None = None
    for alert in alerts:
        try:
            values.append({"id": alert.id, **plan(alert)})
        except TransitionError as refused:
            first = first or refused
            skipped.append(Skipped(alert.id, str(refused)))
    if not values:
        raise first or UsageError("No alert is chosen.")
    changed = tuple(row["id"] for row in values)
    summary = _summary(verb, alerts, changed, detail)
    with recording(session, verb=verb, by=by, now=now, summary=summary) as action:
        action.update_rows(Alert, values)
    return Done(verb, changed, tuple(skipped), action.action_id, summary)


def standing(session: Session, alert_ids: Sequence[int]) -> list[Standing]:
    """Return what the verbs need to know of these alerts.

    Raises:
        NotFoundError: One of them does not exist.

    """
    alerts = alert_rows.standing(session, alert_ids)
    missing = set(alert_ids) - {alert.id for alert in alerts}
    if missing:
        raise NotFoundError(f"There is no alert {min(missing)}.", hint="See `alerts list`.")
    return alerts


def _summary(verb: str, alerts: Sequence[Standing], changed: Sequence[int], detail: str) -> str:
    if len(changed) == 1:
        title = next(alert.title for alert in alerts if alert.id == changed[0])
        about = f"alert {changed[0]} ({title})"
    else:
        about = f"{len(changed)} alerts"
    return f"{deed(verb)} {about} {detail}".rstrip()


def looked_at(alert: Standing, by: str, now: datetime) -> Values:
    """Return what any person's verb leaves: the first one stamps the acknowledgement."""
    return {
        "acknowledged_at": alert.acknowledged_at or now,
        "acknowledged_by": alert.acknowledged_by or by,
        "quiet_count": 0,
    }
