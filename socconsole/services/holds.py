"""Legal holds: what retention and erasure have to leave alone."""

from datetime import datetime

from sqlmodel import Session, col, select

from socconsole.errors import ConflictError, NotFoundError, UsageError
from socconsole.store.queries.subjects import Subject
from socconsole.store.recording import recording
from socconsole.store.tables import LegalHold


def place(session: Session, about: Subject, reason: str, *, by: str, now: datetime) -> None:
    """Keep everything of a case until the hold is released.

    Raises:
        ConflictError: It is held already.

    """
    if not reason.strip():
        raise UsageError("A legal hold needs a reason.", hint="Name the order or the proceedings.")
    standing = _standing(session, about)
    if standing is not None:
        raise ConflictError(
            f"{about.name} is held already: {standing.reason}.", hint="Release that hold first."
        )
    summary = f"held {about.name}"
    with recording(session, verb="hold.place", by=by, now=now, summary=summary) as action:
        action.about = (about.kind, about.id)
        session.add(
            LegalHold(
                subject_kind=about.kind,
                subject_id=about.id,
                reason=reason.strip(),
                placed_at=now,
                placed_by=by,
            )
        )


def release(session: Session, about: Subject, *, by: str, now: datetime) -> None:
    """Let a case go the way of all others again.

    Raises:
        NotFoundError: It is not held.

    """
    hold = _standing(session, about)
    if hold is None:
        raise NotFoundError(f"{about.name} is not held.", hint="See `db holds`.")
    summary = f"released {about.name}"
    with recording(session, verb="hold.release", by=by, now=now, summary=summary) as action:
        action.about = (about.kind, about.id)
        hold.released_at, hold.released_by = now, by
        session.add(hold)


def _standing(session: Session, about: Subject) -> LegalHold | None:
    return session.exec(
        select(LegalHold).where(
            col(LegalHold.subject_kind) == about.kind,
            col(LegalHold.subject_id) == about.id,
            col(LegalHold.released_at).is_(None),
        )
    ).first()
