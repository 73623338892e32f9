"""A handoff as it is read: the draft, a signed one, and what changed since it was signed."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from socconsole.core import handoff as computing
from socconsole.core.handoff_item import Change, Item, difference
from socconsole.core.handoff_text import Entry, Paper
from socconsole.core.policy import SHIPPED, Settings
from socconsole.core.shift import next_shift, shift_at
from socconsole.core.shift_facts import WRITTEN, Section
from socconsole.services.handoff_watch import is_overdue
from socconsole.services.handoffs import draft
from socconsole.store.queries import handoffs as queries
from socconsole.store.queries.handoffs import HandoffRow
from socconsole.store.queries.shift_facts import Cut, shift_facts


def paper_of(
    session: Session, handoff_id: int, *, now: datetime, policy: Settings = SHIPPED
) -> Paper:
    """Return a handoff as it is read, with what changed since it was signed."""
    row = queries.handoff(session, handoff_id)
    if row.state == "draft":
        return paper_of_draft(session, now=now, policy=policy)
    entries = tuple(
        Entry(each.item, each.id, each.state, each.decided_by, each.reason, each.lead)
        for each in queries.items(session, handoff_id)
    )
    signed = [entry.item for entry in entries if entry.item.change is not Change.ENDED]
    is_last = queries.last_signed(session) == row
    late = _moved_since(session, row, signed, now, policy) if is_last else ()
    overdue = is_overdue(row, now, policy.shift)
    lead = next(iter(policy.shift.leads), "the lead")
    return Paper(
        id=row.id,
        state=row.state,
        shift=row.shift,
        since=row.since,
        until=row.until,
        authors=row.authors,
        signed_by=row.signed_by,
        signed_at=row.signed_at,
        accepted_by=row.accepted_by,
        accepted_at=row.accepted_at,
        self_accepted=row.self_accepted,
        audit=f"{row.audit_seq}:{row.audit_hash}",
        entries=entries,
        warnings=(f"Nobody accepted it in time: it is {lead}'s.",) if overdue else (),
        amendments=tuple((a.at, a.by, a.text) for a in queries.amendments(session, handoff_id)),
        changed_since=late,
    )


def _moved_since(
    session: Session, row: HandoffRow, signed: Iterable[Item], now: datetime, policy: Settings
) -> tuple[Item, ...]:
    """Return what is new, changed or ended since the handoff was signed."""
    signed_at = row.signed_at or now
    shift, after = shift_at(signed_at, policy.shift), next_shift(signed_at, policy.shift)
    cut = Cut(row.since, now, shift.end, after.end, row.audit_seq or 0)
    facts = shift_facts(session, cut, read_first=row.paragraph)
    was = (i for i in signed if i.section not in WRITTEN)
    found = (i for i in computing.draft(facts).items if i.section not in WRITTEN)
    compared, ended = difference(was, found)
    moved = [item for item in compared if item.change is not Change.SAME]
    return (*(item for item in moved if item.section is not Section.READ_FIRST), *ended)


def paper_of_draft(session: Session, *, now: datetime, policy: Settings = SHIPPED) -> Paper:
    """Return the draft of the shift as it is read."""
    made = draft(session, now=now, policy=policy)
    row = queries.open_draft(session)
    previous = queries.last_signed(session)
    shift = shift_at(now, policy.shift)
    return Paper(
        id=row.id if row else None,
        state="draft",
        shift=shift.name,
        since=previous.until if previous else shift.start,
        until=now,
        authors=row.authors if row else (),
        entries=tuple(Entry(item) for item in (*made.items, *made.ended)),
        warnings=made.warnings,
    )
