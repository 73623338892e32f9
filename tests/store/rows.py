"""Rows for tests, with every required column filled in."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, select

from socconsole.core.severity import Severity
from socconsole.store.tables import Alert, Source, Ticket


def a_source(session: Session, now: datetime, name: str = "auth") -> Source:
    found = session.exec(select(Source).where(Source.name == name)).first()
    if found is None:
        found = Source(name=name, created_at=now)
        session.add(found)
        session.flush()
    return found


def an_alert(session: Session, now: datetime, **values: object) -> Alert:
    source = a_source(session, now)
    alert = Alert(
        **{
            "fingerprint": "f",
            "title": "Brute force",
            "rule_id": "r",
            "source_id": source.id,
            "severity": Severity.HIGH,
            "first_seen": now,
            "last_seen": now,
            "created_at": now,
            **values,
        }
    )
    session.add(alert)
    session.flush()
    return alert


def a_ticket(session: Session, now: datetime, **values: object) -> Ticket:
    ticket = Ticket(
        **{
            "human_id": "SOC-2026-001",
            "title": "Brute force on web-1",
            "opened_at": now,
            "opened_by": "alice",
            **values,
        }
    )
    session.add(ticket)
    session.flush()
    return ticket


def take_the_guards_away(session: Session) -> None:
    """Do what the owner of an SQLite file can do before changing what is on record."""
    if session.connection().dialect.name == "sqlite":
        guards = session.execute(
            text(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND (name LIKE '%\\_no\\_%'"
                " ESCAPE '\\' OR name = 'audit_entry_chain')"
            )
        )
        for (name,) in guards.all():
            session.execute(text(f"DROP TRIGGER {name}"))
