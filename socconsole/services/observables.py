"""Keeps which observables occur where; called inside the recordings of other verbs."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from socconsole.core.observable import Observable as Value
from socconsole.core.observable import from_entity, observables_in
from socconsole.errors import NotFoundError
from socconsole.store.recording import recording
from socconsole.store.tables import Alert, Observable, ObservableLink, Ticket

MOST_PER_TEXT = 500
"""Observables taken from one text; a pasted log has no more worth following."""


def link_entities(
    session: Session, alert: Alert, ticket: Ticket, *, by: str, now: datetime
) -> None:
    """Link what an alert is about to the alert and to its ticket."""
    found = (from_entity(name, str(value)) for name, value in alert.entities.items())
    values = [value for value in found if value is not None]
    link(session, ("alert", alert.id or 0), values, found_in="entities", by=by, now=now)
    link(session, ("ticket", ticket.id or 0), values, found_in="alert", by=by, now=now)


def link_text(
    session: Session, kind: str, subject_id: int, text: str, *, by: str, now: datetime
) -> None:
    """Link the observables that stand in a text to what the text is about."""
    values = observables_in(text)[:MOST_PER_TEXT]
    link(session, (kind, subject_id), values, found_in="text", by=by, now=now)


def link(
    session: Session,
    about: tuple[str, int],
    values: Iterable[Value],
    *,
    found_in: str,
    by: str,
    now: datetime,
) -> None:
    """Link values to `about`, a kind and an id; ones that are ignored are left out."""
    kind, subject_id = about
    rows = _known(session, dict.fromkeys(values), by=by, now=now)
    ids = [row.id for row in rows]
    query = select(ObservableLink.observable_id).where(
        col(ObservableLink.subject_kind) == kind,
        col(ObservableLink.subject_id) == subject_id,
        col(ObservableLink.observable_id).in_(ids),
    )
    linked = set(session.exec(query))
    for row in rows:
        assert row.id is not None
        if row.id not in linked and not row.ignored:
            session.add(
                ObservableLink(
                    observable_id=row.id,
                    subject_kind=kind,
                    subject_id=subject_id,
                    found_in=found_in,
                    created_at=now,
                )
            )


def _known(
    session: Session, values: Iterable[Value], *, by: str, now: datetime
) -> list[Observable]:
    """Return the rows of the values, made where they are missing."""
    rows: list[Observable] = []
    for value in values:
        query = select(Observable).where(
            col(Observable.type) == value.kind.value, col(Observable.value) == value.value
        )
        row = session.exec(query).first()
        if row is None:
            row = Observable(
                type=value.kind.value,
                value=value.value,
                first_seen=now,
                last_seen=now,
                created_at=now,
                created_by=by,
            )
            session.add(row)
        elif now > row.last_seen:
            row.last_seen = now
        rows.append(row)
    session.flush()
    return rows


def ignore(
    session: Session, observable_id: int, *, by: str, now: datetime, ignored: bool = True
) -> None:
    """Follow a value no longer, in every case; with `ignored=False` follow it again."""
    verb = "observable.ignore" if ignored else "observable.follow"
    with recording(session, verb=verb, by=by, now=now) as action:
        row = session.get(Observable, observable_id)
        if row is None:
            raise NotFoundError(f"There is no observable {observable_id}.")
        row.ignored = ignored
        action.summary = f"{'ignored' if ignored else 'follows'} {row.type} {row.value}"
