"""Saved filters, with how many alerts each finds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from socconsole.errors import SocError
from socconsole.store.queries.queue import QueueQuery, queue_count
from socconsole.store.tables import View

COUNT_CAP = 1_000
"""Counts of views end here: `1000+`."""


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A saved filter."""

    name: str
    filter: str
    owner: str | None
    """None: it ships with the program."""
    shared: bool = True
    screen: str = "queue"
    sort: str = ""
    columns: tuple[Any, ...] = ()
    id: int | None = None


SHIPPED_VIEWS = (
    ViewRow("Open", "", None),
    ViewRow("Unack", "status:new", None),
    ViewRow("Mine", "is:mine is:open", None),
    ViewRow("Critical", "severity:critical", None),
    ViewRow("Tickets", "status:escalated", None),
    ViewRow("Shelved", "status:shelved", None),
    ViewRow("Closed", "status:closed", None, sort="age"),
)
"""In the order of the bar."""


def views(session: Session, login: str, *, screen: str = "queue") -> tuple[ViewRow, ...]:
    """Return the shipped views, then the analyst's own, then what others share."""
    query = (
        select(View)
        .where(col(View.screen) == screen, or_(col(View.owner) == login, col(View.shared)))
        .order_by(col(View.position), col(View.name))
    )
    saved = [view_row(row) for row in session.exec(query)]
    own = [row for row in saved if row.owner == login]
    others = [row for row in saved if row.owner != login]
    shipped = [row for row in SHIPPED_VIEWS if row.screen == screen]
    return (*shipped, *own, *others)


def view_row(row: View) -> ViewRow:
    """Return a stored view as others see it."""
    return ViewRow(
        row.name,
        row.filter,
        row.owner,
        row.shared,
        row.screen,
        row.sort,
        tuple(row.columns),
        row.id,
    )


def view_count(session: Session, view: ViewRow, *, login: str, now: datetime) -> int | None:
    """Return how many alerts a view finds, up to `COUNT_CAP`; None where its filter is stale."""
    try:
        query = QueueQuery.of(view.filter, login=login, now=now)
    except SocError:
        return None
    return queue_count(session, query, cap=COUNT_CAP)
