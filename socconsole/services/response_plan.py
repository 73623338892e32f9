"""Brings the team's response plan into an incident; called inside the recordings of its verbs."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from socconsole import content
from socconsole.core.escalation_path import Asked, next_asked, same
from socconsole.core.policy import CasesPolicy
from socconsole.core.response_plan import ResponsePlan, plan_from
from socconsole.errors import SettingsError
from socconsole.services import tasks
from socconsole.services.tasks import Step
from socconsole.store.queries.subjects import Subject
from socconsole.store.tables import Escalation, Incident, Task

_TELL = "Tell "
"""How the task begins that somebody must be told."""


def load_plan(policy: CasesPolicy) -> ResponsePlan:
    """Return the team's plan, or the shipped one.

    Raises:
        SettingsError: It cannot be read; `where` names the file.

    """
    path = Path(policy.response_plan).expanduser() if policy.response_plan else content.PLAN
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"The response plan cannot be read: {error}.", where=str(path)
        ) from None
    return plan_from(document, str(path))


def begin(
    session: Session, incident: Incident, plan: ResponsePlan, *, by: str, now: datetime
) -> None:
    """Set the cadence of updates, begin the escalation path, make duties and calls tasks."""
    level = plan.levels.get(incident.severity)
    if level is not None and level.update_every is not None:
        incident.update_every = level.update_every // timedelta(minutes=1)
        incident.next_update_due_at = now + level.update_every
    look_along_path(session, incident, plan)
    steps = [
        Step(
            title=f"{_TELL}{contact.whom}",
            description="From the response plan.",
            due_at=now + contact.within,
        )
        for contact in plan.told(incident.severity)
    ]
    steps.extend(
        Step(
            title=duty.title,
            description="From the response plan.",
            mandatory=duty.mandatory,
            team=duty.team or None,
            phase=duty.phase,
        )
        for duty in plan.done(incident.severity)
    )
    if steps:
        about = Subject("incident", incident.id or 0, incident.human_id)
        tasks.add(session, about, steps, by=by, now=now)


def look_along_path(session: Session, incident: Incident, plan: ResponsePlan) -> None:
    """Set who is to be asked next about an incident, and when."""
    query = select(Escalation.whom, Escalation.answered_at).where(
        col(Escalation.subject_kind) == "incident", col(Escalation.subject_id) == incident.id
    )
    asked = [Asked(whom, answered_at is not None) for whom, answered_at in session.exec(query)]
    path = plan.escalated(incident.severity)
    found = next_asked(path, incident.declared_at, asked) if incident.closed_at is None else None
    incident.escalate_to = found.whom if found else None
    incident.escalate_at = found.at if found else None
    session.add(incident)


def is_told(session: Session, incident_id: int, audience: str, *, by: str, now: datetime) -> None:
    """Finish the task that `audience` must be told, where the plan made one."""
    query = select(Task).where(
        col(Task.subject_kind) == "incident",
        col(Task.subject_id) == incident_id,
        col(Task.state) == "open",
        col(Task.title).startswith(_TELL),
    )
    for task in session.exec(query).all():
        if same(task.title.removeprefix(_TELL)) == same(audience):
            tasks.finish(session, task.id or 0, by=by, now=now)


def to_tell(session: Session, incident_id: int) -> tuple[str, ...]:
    """Return who must still be told of an incident, soonest first."""
    query = (
        select(Task.title)
        .where(
            col(Task.subject_kind) == "incident",
            col(Task.subject_id) == incident_id,
            col(Task.state) == "open",
            col(Task.title).startswith(_TELL),
        )
        .order_by(col(Task.due_at), col(Task.id))
    )
    return tuple(title.removeprefix(_TELL) for title in session.exec(query))


def reminder(policy: CasesPolicy, now: datetime) -> str:
    """Return what is said of a plan that nobody reviewed for too long; empty for a fresh one.

    One that cannot be read is said too: nothing else has to wait for it.
    """
    try:
        plan = load_plan(policy)
    except SettingsError as error:
        return f"{error.what} ({error.where})"
    if not plan.is_stale(now.date()):
        return ""
    since = f"since {plan.reviewed_on}" if plan.reviewed_on else "ever"
    return f"Nobody reviewed the response plan {since}; it should be looked at twice a year."


def criteria(policy: CasesPolicy) -> dict[int, str]:
    """Return what each severity means to the team, 1 first."""
    return {number: level.criteria for number, level in sorted(load_plan(policy).levels.items())}
