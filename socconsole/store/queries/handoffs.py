"""Questions about handoffs, answered in frozen rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from socconsole.core.handoff_item import Change, Item
from socconsole.core.shift_facts import Section
from socconsole.errors import NotFoundError
from socconsole.store.tables import Handoff, HandoffAmendment, HandoffItem


@dataclass(frozen=True, slots=True)
class HandoffRow:
    """A handoff as its history shows it."""

    id: int
    state: str
    shift: str
    since: datetime
    until: datetime
    authors: tuple[str, ...]
    paragraph: str
    signed_at: datetime | None
    signed_by: str | None
    accepted_at: datetime | None
    accepted_by: str | None
    self_accepted: bool
    audit_seq: int | None
    audit_hash: str | None
    version: int


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item of a signed handoff and what the next shift said to it."""

    id: int
    item: Item
    state: str
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    lead: str | None


@dataclass(frozen=True, slots=True)
class AmendmentRow:
    """Something said after signing."""

    at: datetime
    by: str
    text: str


def handoffs(session: Session, limit: int = 200) -> tuple[HandoffRow, ...]:
    """Return the handoffs, newest first."""
    query = select(Handoff).order_by(col(Handoff.until).desc(), col(Handoff.id).desc())
    return tuple(row_of(handoff) for handoff in session.exec(query.limit(limit)))


def handoff(session: Session, handoff_id: int) -> HandoffRow:
    """Return one handoff.

    Raises:
        NotFoundError: There is none.

    """
    found = session.get(Handoff, handoff_id)
    if found is None:
        raise NotFoundError(f"There is no handoff {handoff_id}.", hint="`handoff list` names them.")
    return row_of(found)


def last_signed(session: Session, before: int | None = None) -> HandoffRow | None:
    """Return the last handoff that was signed; before another one, the one it followed."""
    query = select(Handoff).where(col(Handoff.state) != "draft")
    if before is not None:
        query = query.where(col(Handoff.id) < before)
    found = session.exec(query.order_by(col(Handoff.id).desc()).limit(1)).first()
    return row_of(found) if found else None


def open_draft(session: Session) -> HandoffRow | None:
    """Return the draft the shift is writing, or None."""
    query = select(Handoff).where(col(Handoff.state) == "draft").order_by(col(Handoff.id).desc())
    found = session.exec(query.limit(1)).first()
    return row_of(found) if found else None


def row_of(handoff: Handoff) -> HandoffRow:
    """Return the frozen row of a handoff."""
    return HandoffRow(
        id=handoff.id or 0,
        state=handoff.state,
        shift=handoff.shift,
        since=handoff.since,
        until=handoff.until,
        authors=tuple(handoff.authors),
        paragraph=handoff.paragraph,
        signed_at=handoff.signed_at,
        signed_by=handoff.signed_by,
        accepted_at=handoff.accepted_at,
        accepted_by=handoff.accepted_by,
        self_accepted=handoff.self_accepted,
        audit_seq=handoff.audit_seq,
        audit_hash=handoff.audit_hash,
        version=handoff.version,
    )


def items(session: Session, handoff_id: int) -> tuple[ItemRow, ...]:
    """Return the items of a handoff in the order they are read, what ended last."""
    query = (
        select(HandoffItem)
        .where(col(HandoffItem.handoff_id) == handoff_id)
        .order_by(col(HandoffItem.position), col(HandoffItem.id))
    )
    return tuple(_row(row) for row in session.exec(query))


def refused(session: Session, handoff_id: int) -> tuple[ItemRow, ...]:
    """Return the items of a handoff that the next shift did not take."""
    query = select(HandoffItem).where(
        col(HandoffItem.handoff_id) == handoff_id, col(HandoffItem.state) == "refused"
    )
    return tuple(_row(row) for row in session.exec(query.order_by(col(HandoffItem.position))))


def _row(row: HandoffItem) -> ItemRow:
    return ItemRow(
        id=row.id or 0,
        item=item_of(row),
        state=row.state,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        reason=row.reason,
        lead=row.lead,
    )


def item_of(row: HandoffItem | Row[Any]) -> Item:
    """Return the item a row keeps."""
    kept = row.details
    return Item(
        section=Section(row.section),
        ref=row.ref,
        text=row.text,
        owner=row.owner,
        next_step=row.next_step,
        due_at=row.due_at,
        details=tuple(kept.get("lines", ())),
        was=tuple(kept.get("was", ())),
        rows=tuple(kept.get("rows", ())),
        gaps=tuple(kept.get("gaps", ())),
        marker=kept.get("marker", ""),
        change=Change(kept.get("change", Change.NEW)),
    )


def signed_items(session: Session, handoff_id: int | None) -> tuple[Item, ...]:
    """Return the items of a handoff as they were signed; none for None."""
    if handoff_id is None:
        return ()
    query = (
        select_columns(*(col(getattr(HandoffItem, name)) for name in _ITEM))
        .where(col(HandoffItem.handoff_id) == handoff_id)
        .order_by(col(HandoffItem.position), col(HandoffItem.id))
    )
    kept = (item_of(row) for row in session.execute(query))
    return tuple(item for item in kept if item.change is not Change.ENDED)


_ITEM = ("section", "ref", "text", "owner", "next_step", "due_at", "details")


def amendments(session: Session, handoff_id: int) -> tuple[AmendmentRow, ...]:
    """Return what was said after signing, oldest first."""
    query = (
        select(HandoffAmendment.at, HandoffAmendment.by, HandoffAmendment.text)
        .where(col(HandoffAmendment.handoff_id) == handoff_id)
        .order_by(col(HandoffAmendment.at), col(HandoffAmendment.id))
    )
    return tuple(AmendmentRow(*found) for found in session.exec(query))
