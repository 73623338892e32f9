"""Taking actions back."""

from datetime import datetime

from sqlmodel import Session

from socconsole.errors import NotFoundError
from socconsole.store.undo import UndoResult, last_action
from socconsole.store.undo import undo as undo_recorded


def undo(session: Session, action_id: int | None = None, *, by: str, now: datetime) -> UndoResult:
    """Take back an action, or the newest one of `by`, until something else depends on it.

    Undoing what an undo returned does the first action again.

    Raises:
        NotFoundError: There is no such action, or nothing left to undo.
        TransitionError: Something depends on it; the message says what.

    """
    chosen = last_action(session, by) if action_id is None else action_id
    if chosen is None:
        raise NotFoundError("There is nothing of yours to undo.", hint="See `actions list --all`.")
    return undo_recorded(session, chosen, by=by, now=now)
