"""Saved filters, with how many alerts each finds."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, or_, select

from socconsole.core.views import SHIPPED_VIEWS, View
from socconsole.errors import SocError
from socconsole.store.queries.queue import QueueQuery, queue_count
from socconsole.store.queries.ticket_filter import ticket_filter
from socconsole.store.queries.tickets import tickets
from socconsole.store.tables import View as StoredView

COUNT_CAP = 1_000
"""Counts of views end here: `1000+`."""


def views(session: Session, login: str, *, screen: str = "queue") -> tuple[View, ...]:
    """Return the shipped views, then the analyst's own, then what others share."""
    query = (
        select(StoredView)
        .where(
            col(StoredView.screen) == screen,
            or_(col(StoredView.owner) == login, col(StoredView.shared)),
        )
        .order_by(col(StoredView.position), col(StoredView.name))
    )
    saved = [view_row(row) for row in session.exec(query)]
    own = [row for row in saved if row.owner == login]
    others = [row for row in saved if row.owner != login]
    shipped = [row for row in SHIPPED_VIEWS if row.screen == screen]
    return (*shipped, *own, *others)


def view_row(row: StoredView) -> View:
    """Return a stored view as others see it."""
    return View(
        row.name,
        row.filter,
        row.owner,
        row.shared,
        row.screen,
        row.sort or ("rank" if row.screen == "queue" else ""),
        tuple(row.columns),
        row.id,
    )


def view_count(session: Session, view: View, *, login: str, now: datetime) -> int | None:
    """Return how many things a view finds, up to `COUNT_CAP`; None where its filter is stale."""
    try:
        if view.screen == "tickets":
            wanted = ticket_filter(view.filter, login=login, now=now)
            return len(tickets(session, wanted, limit=COUNT_CAP))
        query = QueueQuery.of(view.filter, login=login, now=now)
    except SocError:
        return None
    return queue_count(session, query, cap=COUNT_CAP)


def view_counts(
    session: Session, shown: Sequence[View], *, login: str, now: datetime
) -> tuple[int | None, ...]:
    """Return `view_count` of each view."""
    return tuple(view_count(session, view, login=login, now=now) for view in shown)
