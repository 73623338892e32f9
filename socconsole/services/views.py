"""Saved filters: one's own, the team's, and those every console begins with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from sqlmodel import Session, col, select

from socconsole.core.filter import parse_filter
from socconsole.core.filter_words import ALERT_FIELDS, EVENT_FIELDS, TICKET_FIELDS
from socconsole.core.list_words import ACTION_FIELDS, INCIDENT_FIELDS
from socconsole.core.views import SHIPPED_VIEWS, View
from socconsole.errors import ForbiddenError, NotFoundError, UsageError
from socconsole.store.queries.views import view_row
from socconsole.store.recording import recording
from socconsole.store.tables import View as StoredView

VOCABULARIES = {
    "queue": ALERT_FIELDS,
    "tickets": TICKET_FIELDS,
    "incidents": INCIDENT_FIELDS,
    "tail": EVENT_FIELDS,
    "results": EVENT_FIELDS,
    "actions": ACTION_FIELDS,
}
"""Screen → the words of its filters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a view shows what it finds."""

    sort: str = ""
    columns: Sequence[object] = ()


def save(
    session: Session,
    name: str,
    filter_text: str,
    *,
    by: str,
    now: datetime,
    screen: str = "queue",
    shared: bool = False,
    layout: Layout | None = None,
) -> View:
    """Save a view under its name, over one's own of that name; no audit.

    Raises:
        UsageError: The name is empty or belongs to a shipped view, or the filter is wrong.

    """
    called = name.strip()
    _check(called, filter_text, screen)
    found = _own(session, called, by, screen)
    with recording(session, verb="view.save", by=by, now=now) as action:
        row = found or StoredView(name=called, owner=by, screen=screen, created_at=now)
        action.summary = f"saved the view {called}"
        row.filter = filter_text.strip()
        row.shared = shared
        if layout is not None:
            row.sort = layout.sort
            row.columns = list(layout.columns)
        session.add(row)
        session.flush()
        action.changed.add("view")
    return view_row(row)


def remove(session: Session, name: str, *, by: str, now: datetime, screen: str = "queue") -> None:
    """Remove one's own view.

    Raises:
        ForbiddenError: It is another analyst's, or ships with the program.
        NotFoundError: There is none.

    """
    row = _own(session, name, by, screen)
    if row is None:
        _refuse(session, name, screen)
    with recording(session, verb="view.remove", by=by, now=now) as action:
        action.summary = f"removed the view {row.name}"
        session.delete(row)
        action.changed.add("view")


def _own(session: Session, name: str, by: str, screen: str) -> StoredView | None:
    query = select(StoredView).where(
        col(StoredView.name) == name, col(StoredView.owner) == by, col(StoredView.screen) == screen
    )
    return session.exec(query).first()


def _check(name: str, filter_text: str, screen: str) -> None:
    if not name:
        raise UsageError("A view needs a name.")
    if screen not in VOCABULARIES:
        raise UsageError(
            f"There are no views on {screen!r}.", hint=f"Use one of {', '.join(VOCABULARIES)}."
        )
    if any(view.name.lower() == name.lower() for view in SHIPPED_VIEWS if view.screen == screen):
        raise UsageError(f"{name!r} is a view of the program.", hint="Choose another name.")
    parse_filter(filter_text, VOCABULARIES[screen])


def _refuse(session: Session, name: str, screen: str) -> NoReturn:
    query = select(StoredView).where(col(StoredView.name) == name, col(StoredView.screen) == screen)
    other = session.exec(query).first()
    if other is not None:
        raise ForbiddenError(f"The view {name!r} is {other.owner}'s.")
    if any(view.name == name for view in SHIPPED_VIEWS if view.screen == screen):
        raise ForbiddenError(f"{name!r} ships with the program.")
    raise NotFoundError(f"There is no view {name!r}.", hint="See `views list`.")
