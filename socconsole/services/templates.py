"""Gives a new ticket what its kind begins with; called inside the recording that opens it."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path

from sqlmodel import Session

from socconsole import content
from socconsole.core.policy import CasesPolicy
from socconsole.core.template import (
    Template,
    TemplateField,
    steps_of,
    tactics_of,
    techniques_of,
    template_from,
)
from socconsole.errors import NotFoundError, SettingsError, TransitionError
from socconsole.services import tasks
from socconsole.services.tasks import Step
from socconsole.store.queries.subjects import Subject
from socconsole.store.tables import Alert, Ticket


def load_templates(policy: CasesPolicy) -> dict[str, Template]:
    """Return the templates by name: the shipped ones, overlaid by the team's folders.

    Raises:
        SettingsError: A template cannot be read; `where` names the file.

    """
    folders = (content.TEMPLATES, *(Path(folder).expanduser() for folder in policy.templates))
    return {path.stem: _read(path) for folder in folders for path in sorted(folder.glob("*.toml"))}


def _read(path: Path) -> Template:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The template cannot be read: {error}.", where=str(path)) from None
    return template_from(path.stem, document, str(path))


def template_named(name: str, policy: CasesPolicy) -> Template | None:
    """Return the template of that name or category, or None."""
    known = load_templates(policy)
    found = known.get(name)
    return found or next((each for each in known.values() if each.category == name), None)


def template_for(alerts: Sequence[Alert], policy: CasesPolicy) -> Template | None:
    """Return the template whose technique, or else tactic, the worst alert's rule has.

    Its hypothesis is left out: what an alert means is for a person to say.
    """
    worst = max(alerts, key=lambda alert: (alert.severity, -(alert.id or 0)))
    techniques, tactics = set(techniques_of(worst.tags)), set(tactics_of(worst.tags))
    known = load_templates(policy).values()
    exact = (each for each in known if techniques & set(each.techniques))
    broad = (each for each in known if tactics & set(each.tactics))
    found = next(chain(exact, broad), None)
    return replace(found, hypothesis="") if found else None


def begin(
    session: Session, ticket: Ticket, template: Template | None, *, by: str, now: datetime
) -> None:
    """Fill what the ticket does not say yet, and add the tasks."""
    if template is None:
        return
    ticket.template = template.name
    ticket.category = ticket.category or template.category
    ticket.tags = [*ticket.tags, *(tag for tag in template.tags if tag not in ticket.tags)]
    ticket.tlp, ticket.pap = template.tlp or ticket.tlp, template.pap or ticket.pap
    ticket.hypothesis = ticket.hypothesis or template.hypothesis
    ticket.unchecked = ticket.unchecked or template.unchecked
    ticket.next_step = ticket.next_step or template.next_step
    if template.deadline_in is not None and ticket.deadline is None:
        ticket.deadline = now + template.deadline_in
    steps = [
        Step(
            title=task.title,
            description=task.description,
            mandatory=task.mandatory,
            team=task.team,
            due_at=now + task.due_in if task.due_in else None,
        )
        for task in template.tasks
    ]
    _add(session, ticket, steps, by=by, now=now)


def template_of(ticket: Ticket, policy: CasesPolicy) -> Template | None:
    """Return the template a ticket was opened with, or else its category's; None for none."""
    for name in (ticket.template, ticket.category):
        found = template_named(name, policy) if name else None
        if found is not None:
            return found
    return None


@dataclass(frozen=True, slots=True)
class Answer:
    """A field of a ticket with what it holds."""

    field: TemplateField
    value: str

    @property
    def is_missing(self) -> bool:
        """Whether resolving waits for it."""
        return self.field.mandatory and not self.value


def answers(session: Session, ticket_id: int, policy: CasesPolicy) -> tuple[Answer, ...]:
    """Return the fields of a ticket in the template's order, answered or not.

    An answer whose field the template no longer has is kept and shown as text.
    """
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        raise NotFoundError(f"There is no ticket {ticket_id}.")
    template = template_of(ticket, policy)
    asked = template.fields if template else ()
    known = {field.name for field in asked}
    left = [
        TemplateField(name=n, title=n.replace("_", " ")) for n in ticket.fields if n not in known
    ]
    return tuple(Answer(field, ticket.fields.get(field.name, "")) for field in (*asked, *left))


def require_answers(session: Session, ticket: Ticket, policy: CasesPolicy) -> None:
    """Refuse to go on while a mandatory field is empty.

    Raises:
        TransitionError: It names the fields.

    """
    if ticket.template is None and not ticket.category:
        return
    missing = [a.field.title for a in answers(session, ticket.id or 0, policy) if a.is_missing]
    if missing:
        raise TransitionError(
            f"{ticket.human_id} does not say yet: {', '.join(missing)}.",
            hint="e f answers it, or `tickets edit --field NAME=…`.",
        )


def add_runbook_steps(
    session: Session, ticket: Ticket, runbooks: Iterable[str | None], *, by: str, now: datetime
) -> None:
    """Add the steps of the alerts' runbooks as tasks, each runbook once."""
    steps: list[Step] = []
    for runbook_id in dict.fromkeys(runbooks):
        if runbook_id is None:
            continue
        try:
            page = content.runbook(runbook_id)
        except NotFoundError:
            continue
        steps.extend(
            Step(title=first, description=f"{whole} (runbook {runbook_id})")
            for first, whole in steps_of(page)
        )
    _add(session, ticket, steps, by=by, now=now)


def _add(
    session: Session, ticket: Ticket, steps: Sequence[Step], *, by: str, now: datetime
) -> None:
    if steps:
        about = Subject("ticket", ticket.id or 0, ticket.human_id)
        tasks.add(session, about, steps, by=by, now=now)
