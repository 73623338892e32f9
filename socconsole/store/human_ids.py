"""Numbers people say aloud, such as SOC-2026-014."""

from datetime import datetime, tzinfo

from sqlalchemy import text
from sqlmodel import Session

_NEXT = text(
    "INSERT INTO human_sequence (prefix, year, n) VALUES (:prefix, :year, 1) "
    "ON CONFLICT (prefix, year) DO UPDATE SET n = human_sequence.n + 1 RETURNING n"
)


def next_human_id(session: Session, prefix: str, now: datetime, zone: tzinfo) -> str:
    """Take the next number of `prefix` in the year it is for the team.

    The number belongs to the transaction: rolled back, it is given out again, so that no year has
    a gap and no number stands twice.
    """
    year = now.astimezone(zone).year
    number = session.connection().execute(_NEXT, {"prefix": prefix, "year": year}).scalar_one()
    return f"{prefix}-{year}-{number:03d}"
