"""What belongs to cases under legal hold: retention and erasure leave it alone."""

from datetime import UTC

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from socconsole.store.bulk import portions
from socconsole.store.tables import (
    Alert,
    AlertEvidence,
    Evidence,
    LegalHold,
    ObservableLink,
    Ticket,
    TicketAlert,
    table_of,
)

Place = tuple[str, int]
"""A table and the id of a row."""


def held(session: Session) -> frozenset[Place]:
    """Return every held case with the cases, evidence and observables inside it."""
    hold = table_of(LegalHold)
    rows = session.connection().execute(
        select(hold.c.subject_kind, hold.c.subject_id).where(hold.c.released_at.is_(None))
    )
    found: set[Place] = {(kind, number) for kind, number in rows}
    new = found
    while new:
        new = set(_inside(session, new)) - found
        found |= new
    return frozenset(found)


def held_days(session: Session) -> frozenset[str]:
    """Return the days of retained events on which lines of held alerts were read."""
    table = table_of(AlertEvidence)
    alerts = [number for kind, number in held(session) if kind == "alert"]
    days = set()
    for chunk in portions(alerts):
        query = select(table.c.read_at).where(table.c.alert_id.in_(chunk)).distinct()
        moments = session.connection().execute(query).scalars()
        days |= {f"{each.astimezone(UTC):%Y-%m-%d}" for each in moments if each is not None}
    return frozenset(days)


def _inside(session: Session, cases: set[Place]) -> set[Place]:
    """Return what belongs to these cases directly."""
    alert, ticket, link = table_of(Alert), table_of(Ticket), table_of(TicketAlert)
    proof, seen = table_of(Evidence), table_of(ObservableLink)
    ids = {
        kind: [n for each, n in cases if each == kind] for kind in ("alert", "ticket", "incident")
    }
    found: set[Place] = set()
    for kind, column, pointing, to in (
        ("ticket", ticket.c.id, ticket.c.incident_id, "incident"),
        ("ticket", ticket.c.id, ticket.c.merged_into_id, "ticket"),
        ("alert", alert.c.id, alert.c.incident_id, "incident"),
        ("alert", alert.c.id, alert.c.ticket_id, "ticket"),
        ("alert", link.c.alert_id, link.c.ticket_id, "ticket"),
        ("alert", alert.c.id, alert.c.duplicate_of_id, "alert"),
        ("alert_group", alert.c.group_id, alert.c.id, "alert"),
    ):
        found |= _named(session, kind, column, pointing, ids[to])
    for kind, column, about in (
        ("evidence", proof.c.id, proof.c),
        ("observable", seen.c.observable_id, seen.c),
    ):
        for of, numbers in ids.items():
            found |= _named(
                session, kind, column, about.subject_id, numbers, about.subject_kind == of
            )
    return found


def _named(
    session: Session,
    kind: str,
    column: ColumnElement[int],
    pointing: ColumnElement[int],
    numbers: list[int],
    *conditions: ColumnElement[bool],
) -> set[Place]:
    found: set[Place] = set()
    for chunk in portions(numbers):
        query = select(column).where(pointing.in_(chunk), column.is_not(None), *conditions)
        found |= {(kind, number) for number in session.connection().execute(query).scalars()}
    return found
