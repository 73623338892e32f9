"""Where a value occurs: in alerts, whether or not anybody worked them, in tickets and incidents."""

from collections.abc import Iterable, Mapping
from itertools import islice

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from socconsole.core.observable import Observable as Value
from socconsole.core.observable import ObservableKind, observables_in
from socconsole.store.queries.subjects import name_of
from socconsole.store.search import newest
from socconsole.store.tables import (
    Alert,
    Incident,
    Observable,
    ObservableLink,
    Ticket,
    TicketAlert,
)

MOST = 500
COUNTED = 100
"""Alerts that hold a value are counted no further."""
_LOOKED_UP = 60
"""Values of a case that are looked for in alerts; the others are counted in cases alone."""

_COLUMNS = {ObservableKind.HOST: "host", ObservableKind.USER: "username"}
"""A name is a common word: it counts where names stand, not in every line."""


def occurrences(session: Session, text: str) -> tuple[str, ...]:
    """Return references to everything the value occurs in, newest first, cases before alerts."""
    text = text.strip()
    meant = {*observables_in(text), *(Value(kind, text) for kind in _COLUMNS)}
    linked = (
        select_columns(col(ObservableLink.subject_kind), col(ObservableLink.subject_id))
        .join(Observable, col(Observable.id) == col(ObservableLink.observable_id))
        .where(col(Observable.value).in_({v.value for v in meant}), ~col(Observable.ignored))
        .order_by(col(ObservableLink.id).desc())
        .limit(MOST)
    )
    cases: dict[str, None] = {}
    alerts: set[int] = set()
    for kind, subject_id in session.execute(linked):
        if kind == "alert":
            alerts.add(subject_id)
        elif not _voided(session, kind, subject_id):
            cases[name_of(session, kind, subject_id)] = None
    for value in meant:
        alerts.update(_alerts_with(session, value, MOST))
    addresses = [value.value for value in meant if value.kind is ObservableKind.IP]
    if addresses:
        to_it = select(Alert.id).where(col(Alert.destination_ip).in_(addresses))
        alerts.update(
            n for n in session.exec(to_it.order_by(col(Alert.id).desc()).limit(MOST)) if n
        )
    return (*cases, *(f"alert:{number}" for number in sorted(alerts, reverse=True)[:MOST]))


def elsewhere(
    session: Session, kind: str, subject_id: int, observables: Iterable[Observable]
) -> Mapping[int, int]:
    """Return, by observable, in how many other alerts, tickets and incidents it occurs.

    What belongs to the case is not elsewhere: its alerts, its incident, an incident's tickets.
    """
    known = {row.id: Value(ObservableKind(row.type), row.value) for row in observables if row.id}
    found: dict[int, set[tuple[str, int]]] = {number: set() for number in known}
    links = select(
        ObservableLink.observable_id, ObservableLink.subject_kind, ObservableLink.subject_id
    ).where(col(ObservableLink.observable_id).in_(known))
    for number, where, place in session.exec(links):
        found[number].add((where, place))
    for number, value in islice(known.items(), _LOOKED_UP):
        found[number].update(("alert", n) for n in _alerts_with(session, value, COUNTED))
    own = _own(session, kind, subject_id) | _all_voided(session)
    return {number: len(places - own) for number, places in found.items()}


def _alerts_with(session: Session, value: Value, most: int) -> tuple[int, ...]:
    return newest(session, "alert", value.value, most, _COLUMNS.get(value.kind, ""))


def _own(session: Session, kind: str, subject_id: int) -> set[tuple[str, int]]:
    if kind == "alert":
        return {(kind, subject_id)}
    if kind == "incident":
        of_it = select(Ticket.id).where(col(Ticket.incident_id) == subject_id)
        tickets = [number for number in session.exec(of_it) if number]
        own = {("incident", subject_id)}
    else:
        tickets = [subject_id]
        around = select(Ticket.incident_id).where(col(Ticket.id) == subject_id)
        own = {("incident", number) for number in session.exec(around) if number}
    alerts = select(TicketAlert.alert_id).where(col(TicketAlert.ticket_id).in_(tickets))
    return {
        *own,
        *(("ticket", number) for number in tickets),
        *(("alert", number) for number in session.exec(alerts)),
    }


def _all_voided(session: Session) -> set[tuple[str, int]]:
    tickets = session.exec(select(Ticket.id).where(col(Ticket.voided_at).is_not(None)))
    incidents = session.exec(select(Incident.id).where(col(Incident.voided_at).is_not(None)))
    return {
        *(("ticket", number) for number in tickets if number),
        *(("incident", number) for number in incidents if number),
    }


def _voided(session: Session, kind: str, subject_id: int) -> bool:
    row = session.get(Ticket, subject_id) if kind == "ticket" else session.get(Incident, subject_id)
    return row is None or row.voided_at is not None
