"""The filter language over what was done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from socconsole.core.filter import parse_filter
from socconsole.core.filter_match import Reading, Viewer, predicate
from socconsole.core.filter_tree import Comparison, Every, Node, Special
from socconsole.core.list_words import ACTION_FIELDS
from socconsole.store.queries.actions import ActionRow, list_actions


@dataclass(frozen=True, slots=True)
class ActionFilter:
    """Which actions a list holds."""

    by: str | None = None
    """A login: the only one whose actions can pass."""
    passes: Callable[[ActionRow], bool] | None = None


def action_filter(text: str, *, login: str, now: datetime) -> ActionFilter:
    """Return the actions that `text` finds.

    Raises:
        UsageError: The text cannot be read; the error says where.

    """
    wanted = parse_filter(text, ACTION_FIELDS)
    if wanted.is_empty:
        return ActionFilter()
    by = login if _is_own(wanted.root) else None
    return ActionFilter(by, predicate(wanted, _READING, Viewer(login, now)))


def actions(session: Session, wanted: ActionFilter, limit: int = 1000) -> tuple[ActionRow, ...]:
    """Return what passes of the newest `limit` actions, newest first."""
    rows = list_actions(session, by=wanted.by, limit=limit)
    return tuple(filter(wanted.passes, rows)) if wanted.passes else rows


def _is_own(node: Node) -> bool:
    """Return whether nothing can pass but what the viewer did."""
    if isinstance(node, Every):
        return any(_is_own(inner) for inner in node.nodes)
    if not isinstance(node, Comparison) or node.field.name != "by" or node.op not in {":", "="}:
        return False
    return node.values == (Special("me"),)


def state_of(row: ActionRow) -> str:
    """Return whether an action stands, and can be taken back."""
    if row.undone_by is not None:
        return "undone"
    return "undoable" if row.undoable else "final"


def _field(row: ActionRow, name: str) -> object:
    match name:
        case "what":
            return row.summary
        case "subject":
            return row.subject_kind
        case "state":
            return state_of(row)
        case "age" | "at":
            return row.at
    value: object = getattr(row, name)
    return value


_READING: Reading[ActionRow] = Reading(
    _field, lambda row: (row.by, row.verb, row.summary), lambda row: (row.verb, row.summary)
)
