"""Saved filters, with how many alerts each finds."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlmodel import Session, col, or_, select

from socconsole.core.views import SHIPPED_VIEWS, View
from socconsole.errors import SocError
from socconsole.store.queries.action_filter import action_filter, actions
from socconsole.store.queries.incident_filter import incident_filter
from socconsole.store.queries.incidents import incidents
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
    """Return how many things a view finds, up to `COUNT_CAP`.

    None where its filter is stale, or finds lines: they are not in this database.
    """
    count = _COUNTS.get(view.screen)
    if count is None:
        return None
    try:
        return count(session, view.filter, login=login, now=now)
    except SocError:
        return None


def _alerts(session: Session, text: str, *, login: str, now: datetime) -> int:
    return queue_count(session, QueueQuery.of(text, login=login, now=now), cap=COUNT_CAP)


def _tickets(session: Session, text: str, *, login: str, now: datetime) -> int:
    return len(tickets(session, ticket_filter(text, login=login, now=now), limit=COUNT_CAP))


def _incidents(session: Session, text: str, *, login: str, now: datetime) -> int:
    return len(incidents(session, incident_filter(text, login=login, now=now), limit=COUNT_CAP))


def _actions(session: Session, text: str, *, login: str, now: datetime) -> int:
    return len(actions(session, action_filter(text, login=login, now=now), limit=COUNT_CAP))


_COUNTS: dict[str, Callable[..., int]] = {
    "queue": _alerts,
    "tickets": _tickets,
    "incidents": _incidents,
    "actions": _actions,
}
"""Screen → what counts what a filter finds on it."""


def view_counts(
    session: Session, shown: Sequence[View], *, login: str, now: datetime
) -> tuple[int | None, ...]:
    """Return `view_count` of each view."""
    return tuple(view_count(session, view, login=login, now=now) for view in shown)
