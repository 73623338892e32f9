"""Brings the team's response plan into an incident; called inside the recording that declares."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from socconsole import content
from socconsole.core.policy import CasesPolicy
from socconsole.core.response_plan import ResponsePlan, plan_from
from socconsole.errors import SettingsError
from socconsole.services import tasks
from socconsole.services.tasks import Step
from socconsole.store.queries.subjects import Subject
from socconsole.store.tables import Incident


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
    """Set the cadence of updates and add the plan's duties and calls as tasks."""
    level = plan.levels.get(incident.severity)
    if level is not None and level.update_every is not None:
        incident.update_every = level.update_every // timedelta(minutes=1)
        incident.next_update_due_at = now + level.update_every
    steps = [
        Step(
            title=f"Tell {contact.whom}",
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


def criteria(policy: CasesPolicy) -> dict[int, str]:
    """Return what each severity means to the team, 1 first."""
    return {number: level.criteria for number, level in sorted(load_plan(policy).levels.items())}
