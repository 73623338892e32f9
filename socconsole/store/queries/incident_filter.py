"""The filter language over incidents."""

from dataclasses import replace
from datetime import datetime

from socconsole.core.filter import parse_filter
from socconsole.core.filter_match import Reading, Viewer, predicate
from socconsole.core.filter_tree import Comparison
from socconsole.core.list_words import INCIDENT_FIELDS
from socconsole.store.queries.incidents import IncidentFilter, IncidentRow

_NAMES_WHAT_ENDED = frozenset({"phase", "outcome", "id"})


def incident_filter(text: str, *, login: str, now: datetime) -> IncidentFilter:
    """Return the incidents that `text` finds among the open ones.

    A term about phase, outcome or number reaches the closed ones as well.

    Raises:
        UsageError: The text cannot be read; the error says where.

    """
    wanted = parse_filter(text, INCIDENT_FIELDS)
    if wanted.is_empty:
        return IncidentFilter()
    named = {term.field.name for term in wanted.terms() if isinstance(term, Comparison)}
    found = IncidentFilter(passes=predicate(wanted, _READING, Viewer(login, now)))
    return replace(found, closed=None) if named & _NAMES_WHAT_ENDED else found


_OWN_NAMES = {
    "id": "human_id",
    "ticket": "tickets",
    "next": "next_step",
    "age": "declared_at",
    "declared": "declared_at",
    "update": "next_update_due_at",
}


def _field(row: IncidentRow, name: str) -> object:
    if name == "who":
        return [login for logins in row.roles.values() for login in logins]
    value: object = getattr(row, _OWN_NAMES.get(name, name))
    return value


_READING: Reading[IncidentRow] = Reading(
    _field,
    lambda row: (row.human_id, row.title, row.next_step, row.blockers, *row.tickets),
    lambda row: (row.title, row.commander or ""),
)
