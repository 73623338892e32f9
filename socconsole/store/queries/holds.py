"""Legal holds, those that stand first."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from socconsole.store.queries.subjects import name_of
from socconsole.store.tables import LegalHold


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A case that is kept, or was."""

    id: int
    about: str
    """`alert:12`, `SOC-2026-014`, `INC-2026-003`."""
    reason: str
    placed_at: datetime
    placed_by: str
    released_at: datetime | None
    released_by: str | None


def holds(session: Session) -> tuple[HoldRow, ...]:
    """Return every hold, those that stand first, then the latest first."""
    rows = session.exec(
        select(LegalHold).order_by(
            col(LegalHold.released_at).is_not(None), col(LegalHold.placed_at).desc()
        )
    )
    return tuple(
        HoldRow(
            row.id or 0,
            name_of(session, row.subject_kind, row.subject_id),
            row.reason,
            row.placed_at,
            row.placed_by,
            row.released_at,
            row.released_by,
        )
        for row in rows
    )
