"""The filter language over tickets."""

from datetime import datetime

from sqlalchemy import ColumnElement, Text, cast, func, literal

from socconsole.core.filter import parse_filter
from socconsole.core.filter_match import Viewer
from socconsole.core.filter_tree import Comparison
from socconsole.core.filter_words import TICKET_FIELDS
from socconsole.store.queries.filter_sql import Asking, Places, condition
from socconsole.store.queries.tickets import OPEN_STATUSES, TicketFilter
from socconsole.store.tables import METADATA

_NAMES_WHAT_ENDED = frozenset({"status", "disposition", "id"})
_TICKET = METADATA.tables["ticket"].c

PLACES = Places(
    {
        "status": _TICKET.status,
        "priority": literal("p") + cast(_TICKET.priority, Text),
        "disposition": _TICKET.disposition,
        "id": _TICKET.human_id,
        "title": _TICKET.title,
        "assignee": _TICKET.assignee,
        "incident": METADATA.tables["incident"].c.human_id,
        "asset": func.coalesce(METADATA.tables["asset"].c.name, METADATA.tables["service"].c.name),
        "age": _TICKET.opened_at,
        "opened": _TICKET.opened_at,
        "due": _TICKET.due_at,
    },
    (_TICKET.human_id, _TICKET.title, _TICKET.category, _TICKET.next_step),
    (_TICKET.title, _TICKET.assignee),
    searched="ticket",
    inside=(_TICKET.human_id, _TICKET.title, _TICKET.category, _TICKET.next_step),
)
"""Where the fields of a ticket are kept; incident, asset and service are joined by its list."""


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
    viewer = Viewer(login, now)

    def holds(dialect: str) -> ColumnElement[bool]:
        return condition(wanted, PLACES, Asking(viewer, is_sqlite=dialect == "sqlite"))

    chosen = () if named & _NAMES_WHAT_ENDED else statuses
    return TicketFilter(statuses=chosen, assignee=assignee, holds=holds)
