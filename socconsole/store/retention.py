"""Forgetting: closed alerts by age, change notes after a day."""

from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Select,
    delete,
    exists,
    select,
    update,
)
from sqlmodel import Session

from socconsole.store.bulk import among
from socconsole.store.database import Database
from socconsole.store.held import held
from socconsole.store.recording import recording
from socconsole.store.tables import (
    METADATA,
    Alert,
    AlertEvidence,
    Change,
    ObservableLink,
    SourceNote,
    TicketAlert,
    table_of,
)

CHUNK = 300
"""Alerts forgotten in one transaction: more would keep analysts waiting for their turn."""
_CASES = ("note", "finding", "task", "evidence", "escalation")


def forget_alerts(session: Session, *, older_than: datetime, now: datetime) -> int:
    """Delete up to `CHUNK` closed alerts nobody built upon; return how many.

    What is in a ticket or an incident, has notes, findings or evidence, or is held, stays. Call
    it until it returns 0, one transaction each.
    """
    connection = session.connection()
    standing = [number for kind, number in held(session) if kind == "alert"]
    stays = ~among(connection, table_of(Alert).c.id, standing)
    ids = list(connection.execute(_forgettable(older_than, stays)).scalars())
    if not ids:
        return 0
    alert, link = table_of(Alert), table_of(ObservableLink)
    evidence = table_of(AlertEvidence)
    for column in ("previous_id", "duplicate_of_id"):
        connection.execute(update(alert).where(alert.c[column].in_(ids)).values({column: None}))
    connection.execute(delete(evidence).where(evidence.c.alert_id.in_(ids)))
    connection.execute(
        delete(link).where(link.c.subject_kind == "alert", link.c.subject_id.in_(ids))
    )
    connection.execute(delete(alert).where(alert.c.id.in_(ids)))
    summary = f"forgot {len(ids)} closed alerts older than {older_than:%Y-%m-%d}"
    with recording(
        session, verb="retention.alerts", by="collector", now=now, summary=summary,
        audit="one-entry",
    ) as action:  # fmt: skip
        action.figures["alerts"] = len(ids)
        action.figures["ids"] = [min(ids), max(ids)]
        action.changed.add("alert")
    return len(ids)


def _forgettable(older_than: datetime, stays: ColumnElement[bool]) -> Select[int]:
    alert, kept = table_of(Alert), table_of(TicketAlert)
    cases = [METADATA.tables[name] for name in _CASES]
    unused = [
        ~exists().where(case.c.subject_kind == "alert", case.c.subject_id == alert.c.id)
        for case in cases
    ]
    return (
        select(alert.c.id)
        .where(
            alert.c.status == "closed",
            alert.c.created_at < older_than,  # for which there is an index
            alert.c.closed_at < older_than,
            alert.c.ticket_id.is_(None),
            alert.c.incident_id.is_(None),
            ~exists().where(kept.c.alert_id == alert.c.id),
            stays,
            *unused,
        )
        .order_by(alert.c.created_at)
        .limit(CHUNK)
    )


def forget(database: Database, *, now: datetime, alerts_days: int = 0) -> int:
    """Forget what is past its time, in small transactions; return how many alerts went.

    Args:
        database: The database.
        now: Today.
        alerts_days: Age at which closed alerts go; 0 keeps them all.

    """
    with database.begin() as session:
        trim(session, now=now)
    forgotten = 0
    while alerts_days:
        with database.begin() as session:
            gone = forget_alerts(session, older_than=now - timedelta(days=alerts_days), now=now)
        if not gone:
            break
        forgotten += gone
        database.give_way()
    return forgotten


def trim(session: Session, *, now: datetime) -> None:
    """Drop change notes older than a day and source notes older than 90."""
    connection = session.connection()
    for table, age in ((table_of(Change), 1), (table_of(SourceNote), 90)):
        connection.execute(delete(table).where(table.c.at < now - timedelta(days=age)))
