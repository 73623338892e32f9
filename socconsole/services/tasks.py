"""Steps of a ticket or an incident; a mandatory one blocks resolving."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from socconsole.errors import NotFoundError, TransitionError, UsageError
from socconsole.store.queries.subjects import Subject
from socconsole.store.queries.tickets import TaskRow, tasks_of
from socconsole.store.recording import recording
from socconsole.store.tables import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A task before it is somebody's."""

    title: str
    description: str = ""
    mandatory: bool = False
    assignee: str | None = None
    team: str | None = None
    phase: str | None = None
    due_at: datetime | None = None


def add(
    session: Session, about: Subject, steps: Iterable[Step], *, by: str, now: datetime
) -> tuple[TaskRow, ...]:
    """Add steps after the ones that are there; return all tasks."""
    wanted = [step for step in steps if step.title.strip()]
    if not wanted:
        raise UsageError("A task needs a title.")
    what = f"{len(wanted)} tasks" if len(wanted) > 1 else f"a task ({wanted[0].title.strip()})"
    with recording(
        session, verb="task.add", by=by, now=now, summary=f"added {what} to {about.name}"
    ) as action:
        action.about = (about.kind, about.id)
        last = session.exec(
            select(func.max(col(Task.position))).where(
                col(Task.subject_kind) == about.kind, col(Task.subject_id) == about.id
            )
        ).one()
        for position, step in enumerate(wanted, start=(last or 0) + 1):
            session.add(
                Task(
                    subject_kind=about.kind,
                    subject_id=about.id,
                    title=step.title.strip(),
                    description=step.description,
                    mandatory=step.mandatory,
                    assignee=step.assignee,
                    team=step.team,
                    phase=step.phase,
                    due_at=step.due_at,
                    position=position,
                    created_at=now,
                    created_by=by,
                )
            )
        session.flush()
    return tasks_of(session, about.kind, about.id)


def finish(session: Session, task_id: int, *, by: str, now: datetime) -> TaskRow:
    """Say that a task is done."""
    with recording(session, verb="task.finish", by=by, now=now, summary="") as action:
        task = _open(session, task_id)
        task.state, task.finished_at, task.finished_by = "done", now, by
        action.about = (task.subject_kind, task.subject_id)
        action.summary = f"finished the task {task.title}"
    return _row(session, task)


def cancel(session: Session, task_id: int, reason: str, *, by: str, now: datetime) -> TaskRow:
    """Give a task up, with the reason."""
    if not reason.strip():
        raise TransitionError("Cancelling a task asks for a reason.")
    with recording(session, verb="task.cancel", by=by, now=now, summary="") as action:
        task = _open(session, task_id)
        task.state, task.reason = "cancelled", reason.strip()
        task.finished_at, task.finished_by = now, by
        action.about = (task.subject_kind, task.subject_id)
        action.summary = f"cancelled the task {task.title}"
    return _row(session, task)


def reopen(session: Session, task_id: int, *, by: str, now: datetime) -> TaskRow:
    """Take a finished or cancelled task up again."""
    with recording(session, verb="task.reopen", by=by, now=now, summary="") as action:
        task = _get(session, task_id)
        if task.state == "open":
            raise TransitionError(f"Task {task_id} is open.")
        task.state, task.reason, task.finished_at, task.finished_by = "open", None, None, None
        action.about = (task.subject_kind, task.subject_id)
        action.summary = f"reopened the task {task.title}"
    return _row(session, task)


def _get(session: Session, task_id: int) -> Task:
    task = session.get(Task, task_id)
    if task is None:
        raise NotFoundError(f"There is no task {task_id}.")
    return task


def _open(session: Session, task_id: int) -> Task:
    task = _get(session, task_id)
    if task.state != "open":
        raise TransitionError(f"Task {task_id} is {task.state}.", hint="Reopen it first.")
    return task


def _row(session: Session, task: Task) -> TaskRow:
    rows = tasks_of(session, task.subject_kind, task.subject_id)
    return next(row for row in rows if row.id == task.id)
