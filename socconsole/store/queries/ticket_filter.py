"""The filter language over tickets."""

from collections.abc import Callable
from datetime import datetime

from socconsole.core.filter import parse_filter
from socconsole.core.filter_match import Reading, Viewer, predicate
from socconsole.core.filter_tree import Comparison
from socconsole.core.filter_words import TICKET_FIELDS
from socconsole.store.queries.tickets import OPEN_STATUSES, TicketFilter, TicketRow

_NAMES_WHAT_ENDED = frozenset({"status", "disposition", "id"})


def ticket_filter(
    text: str,
    *,
    login: str,
    now: datetime,
    statuses: tuple[str, ...] = OPEN_STATUSES,
    assignee: str | None = None,
) -> TicketFilter:
    """Return the tickets that `text` finds among those of the statuses.

    A term about status, disposition or number reaches the ones that ended as well.

    Raises:
        UsageError: The text cannot be read; the error says where.

    """
    wanted = parse_filter(text, TICKET_FIELDS)
    named = {term.field.name for term in wanted.terms() if isinstance(term, Comparison)}
    passes: Callable[[TicketRow], bool] | None = None
    if not wanted.is_empty:
        passes = predicate(wanted, _READING, Viewer(login, now))
    chosen = () if named & _NAMES_WHAT_ENDED else statuses
    return TicketFilter(statuses=chosen, assignee=assignee, passes=passes)


def _field(row: TicketRow, name: str) -> object:
    match name:
        case "id":
            return row.human_id
        case "priority":
            return row.priority.value.lower()
        case "age" | "opened":
            return row.opened_at
        case "due":
            return row.due_at
    value: object = getattr(row, name)
    return value


_READING: Reading[TicketRow] = Reading(
    _field,
    lambda row: (row.human_id, row.title, row.category, row.next_step),
    lambda row: (row.title, row.assignee or ""),
)
