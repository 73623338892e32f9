"""The handoff of a shift: drafted from the store, signed, accepted item by item."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlmodel import Session, col, select

from socconsole.core import handoff as computing
from socconsole.core.handoff import Draft
from socconsole.core.handoff_item import Change, Item, difference
from socconsole.core.handoff_text import Entry, Paper
from socconsole.core.lifecycle import HANDOFF
from socconsole.core.policy import SHIPPED, Settings, ShiftPolicy
from socconsole.core.shift import next_shift, shift_at
from socconsole.core.shift_facts import WRITTEN, Section, Written
from socconsole.errors import ConflictError, NotFoundError, TransitionError, UsageError
from socconsole.services import response_plan
from socconsole.services.handoff_watch import is_overdue
from socconsole.store.queries import handoffs as queries
from socconsole.store.queries import subjects
from socconsole.store.queries.handoffs import HandoffRow, ItemRow
from socconsole.store.queries.shift_facts import Cut, shift_facts
from socconsole.store.recording import recording
from socconsole.store.tables import (
    AuditAnchor,
    ChangeHead,
    Handoff,
    HandoffAmendment,
    HandoffItem,
    Presence,
)

_PRESENT = timedelta(minutes=5)
"""Seen this recently, an analyst is still there to be given something back."""


def draft(session: Session, *, now: datetime, policy: Settings = SHIPPED) -> Draft:
    """Compute what the shift would hand over now, as a difference to the last handoff."""
    previous = queries.last_signed(session)
    written = _draft_row(session)
    facts = shift_facts(
        session,
        _cut(session, previous, now, policy.shift),
        written=_written(session, written.id) if written else (),
        read_first=written.paragraph if written else "",
    )
    before = queries.signed_items(session, previous.id if previous else None)
    made = computing.draft(facts, before)
    reminder = response_plan.reminder(policy.cases, now)
    return replace(made, warnings=(*made.warnings, reminder)) if reminder else made


def rehearse(session: Session, *, now: datetime, policy: Settings = SHIPPED) -> None:
    """Ask the store all that a draft asks, of a shift in which nobody has done anything.

    Some forty statements take longer to compile than to run. What they find after a shift that
    closed tens of thousands would take 20 MB, for nobody.
    """
    previous = queries.last_signed(session)
    cut = _cut(session, previous, now, policy.shift)
    shift_facts(session, replace(cut, audit_seq=_BEYOND))
    queries.signed_items(session, previous.id if previous else None)
    queries.open_draft(session)
    queries.handoffs(session)


_BEYOND = 2**62
"""No entry of the audit comes after it."""


def write(
    session: Session,
    paragraph: str,
    *,
    by: str,
    now: datetime,
    base: str | None = None,
    policy: Settings = SHIPPED,
) -> HandoffRow:
    """Set the paragraph that says what the next shift is walking into.

    Raises:
        ConflictError: It is no longer `base`, what the writer began with; nothing was written.

    """
    with recording(
        session, verb="handoff.write", by=by, now=now, summary="wrote the handoff's paragraph"
    ):
        handoff = _open_draft(session, by=by, now=now, policy=policy)
        if base is not None and handoff.paragraph not in {base, paragraph.strip()}:
            raise ConflictError(
                f"Another author wrote meanwhile: {handoff.paragraph}",
                hint="Yours is kept: write again and put both together.",
            )
        handoff.paragraph = paragraph.strip()
        session.add(handoff)
        session.flush()
    return queries.row_of(handoff)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line a person writes into a section."""

    section: Section
    text: str
    owner: str | None = None
    due_at: datetime | None = None


def add_line(
    session: Session, line: Line, *, by: str, now: datetime, policy: Settings = SHIPPED
) -> int:
    """Write a line into the watch list, the intelligence or the like; returns its id."""
    if line.section not in WRITTEN:
        names = ", ".join(section.value for section in WRITTEN)
        raise UsageError(f"{line.section.value} is computed.", hint=f"People write {names}.")
    if not line.text.strip():
        raise UsageError("The line is empty.")
    with recording(
        session,
        verb="handoff.line",
        by=by,
        now=now,
        summary=f"wrote a line of the handoff: {line.text.strip()}",
    ):
        handoff = _open_draft(session, by=by, now=now, policy=policy)
        row = HandoffItem(
            handoff_id=handoff.id or 0,
            section=line.section.value,
            text=line.text.strip(),
            owner=line.owner or by,
            due_at=line.due_at,
        )
        session.add(row)
        session.flush()
        row.ref = f"line:{row.id}"
        session.add(row)
    return row.id or 0


def sign(session: Session, *, by: str, now: datetime, policy: Settings = SHIPPED) -> HandoffRow:
    """Sign the handoff: its items are fixed, and the head of the audit chain with them.

    Raises:
        TransitionError: Open work lacks its hypothesis, what is unchecked, next step or deadline.

    """
    head = session.exec(select(ChangeHead)).one()
    audit_seq, audit_hash = head.audit_seq, head.audit_hash
    # The head is read first: what commits meanwhile may stand in two handoffs, never in none.
    made = draft(session, now=now, policy=policy)
    require_complete(made.items)
    with recording(session, verb="handoff.sign", by=by, now=now, summary="") as action:
        handoff = _open_draft(session, by=by, now=now, policy=policy)
        handoff.state = HANDOFF.move(handoff.state, "sign")
        handoff.until, handoff.signed_at, handoff.signed_by = now, now, by
        _fix_items(session, handoff, made)
        handoff.audit_seq, handoff.audit_hash = audit_seq, audit_hash.hex()
        session.add(handoff)
        session.add(
            AuditAnchor(
                seq=audit_seq,
                hash=audit_hash,
                at=now,
                kind="handoff",
                place=f"handoff:{handoff.id}",
            )
        )
        action.summary = f"signed handoff {handoff.id} with {len(made.items)} items"
    return queries.row_of(handoff)


def accept(
    session: Session, handoff_id: int, item_ids: Sequence[int] | None, *, by: str, now: datetime
) -> HandoffRow:
    """Accept items, or all that are undecided; a ticket's ownership moves with its item.

    Command of an incident stays where it is until somebody says "I have command".

    Raises:
        TransitionError: The handoff is not signed, or an item was decided already.

    """
    from socconsole.services import tickets  # a console that only reads handoffs needs none

    with recording(session, verb="handoff.accept", by=by, now=now, summary="") as action:
        handoff = _signed(session, handoff_id)
        chosen = _pending(session, handoff_id, item_ids)
        for row in chosen:
            row.state, row.decided_at, row.decided_by = "accepted", now, by
            session.add(row)
        owned = [row.ref for row in chosen if row.section == Section.TICKETS]
        if owned:
            ids = [subjects.ticket(session, ref).id for ref in owned]
            still_open = [n for n in ids if tickets.get(session, n).status != "closed"]
            tickets.assign(session, still_open, by, by=by, now=now)
        action.summary = f"accepted {len(chosen)} items of handoff {handoff_id}"
        _finish(session, handoff, by=by, now=now)
    return queries.row_of(handoff)


def refuse(
    session: Session,
    item_id: int,
    reason: str,
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> ItemRow:
    """Refuse an item: it goes back to the signer with the reason, or to the lead."""
    if not reason.strip():
        raise TransitionError("Refusing asks for a reason.", hint="Say what is missing.")
    summary = f"refused an item of the handoff: {reason.strip()}"
    with recording(session, verb="handoff.refuse", by=by, now=now, summary=summary):
        row = session.get(HandoffItem, item_id)
        if row is None:
            raise NotFoundError(f"There is no handoff item {item_id}.")
        handoff = _signed(session, row.handoff_id)
        if row.state != "pending":
            raise TransitionError(f"That item was {row.state} already, by {row.decided_by}.")
        row.state, row.decided_at, row.decided_by = "refused", now, by
        row.reason = reason.strip()
        if not _is_present(session, handoff.signed_by, now):
            row.lead = next(iter(policy.shift.leads), None)
        session.add(row)
        _tell_the_case(session, row, by=by, now=now)
        _finish(session, handoff, by=by, now=now)
    return next(item for item in queries.items(session, row.handoff_id) if item.id == item_id)


def amend(session: Session, handoff_id: int, text: str, *, by: str, now: datetime) -> HandoffRow:
    """Say something after signing; it stays visible as said late."""
    if not text.strip():
        raise UsageError("The amendment is empty.")
    summary = f"amended handoff {handoff_id}: {text.strip()}"
    with recording(session, verb="handoff.amend", by=by, now=now, summary=summary):
        handoff = _get(session, handoff_id)
        handoff.state = HANDOFF.move(handoff.state, "amend")
        session.add(HandoffAmendment(handoff_id=handoff_id, at=now, by=by, text=text.strip()))
    return queries.row_of(handoff)


def compare(session: Session, older_id: int, newer_id: int) -> tuple[Item, ...]:
    """Return the items of the newer handoff marked against the older, and what ended."""
    older = queries.signed_items(session, queries.handoff(session, older_id).id)
    newer = queries.signed_items(session, queries.handoff(session, newer_id).id)
    compared, ended = difference(older, newer)
    return (*compared, *ended)


def last_or(session: Session, handoff_id: int | None) -> int:
    """Return the id, or that of the last signed handoff.

    Raises:
        NotFoundError: None was ever signed.

    """
    if handoff_id is not None:
        return handoff_id
    last = queries.last_signed(session)
    if last is None:
        raise NotFoundError("No handoff was signed yet.", hint="`handoff draft` shows the draft.")
    return last.id


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


def _cut(session: Session, previous: HandoffRow | None, now: datetime, policy: ShiftPolicy) -> Cut:
    shift = shift_at(now, policy)
    since = previous.until if previous else shift.start
    begun = (previous.audit_seq or 0) if previous else 0
    return Cut(since, now, shift.end, next_shift(now, policy).end, begun)


def _draft_row(session: Session) -> Handoff | None:
    query = select(Handoff).where(col(Handoff.state) == "draft").order_by(col(Handoff.id).desc())
    return session.exec(query.limit(1)).first()


def _locked_draft(session: Session) -> Handoff | None:
    query = select(Handoff).where(col(Handoff.state) == "draft").order_by(col(Handoff.id).desc())
    locked = query.limit(1).with_for_update().execution_options(populate_existing=True)
    return session.exec(locked).first()


def _open_draft(session: Session, *, by: str, now: datetime, policy: Settings) -> Handoff:
    """Return the draft of the shift, made when there is none; whoever writes is an author.

    On a server who writes at the same moment waits, and then finds what the first one wrote.
    """
    handoff = _locked_draft(session)
    if handoff is None:
        session.exec(select(ChangeHead).with_for_update())
        handoff = _locked_draft(session)
    if handoff is None:
        previous = queries.last_signed(session)
        shift = shift_at(now, policy.shift)
        handoff = Handoff(
            shift=shift.name,
            since=previous.until if previous else shift.start,
            until=now,
            previous_id=previous.id if previous else None,
            created_at=now,
            created_by=by,
        )
    if by not in handoff.authors:
        handoff.authors = [*handoff.authors, by]
    session.add(handoff)
    session.flush()
    return handoff


def _written(session: Session, handoff_id: int | None) -> tuple[Written, ...]:
    query = (
        select(HandoffItem)
        .where(col(HandoffItem.handoff_id) == handoff_id)
        .order_by(col(HandoffItem.id))
    )
    return tuple(
        Written(Section(row.section), row.ref, row.text, row.owner or "", row.owner, row.due_at)
        for row in session.exec(query)
    )


def require_complete(items: Iterable[Item]) -> None:
    """Refuse open work that does not say what we think, what is open and what comes next.

    Raises:
        TransitionError: Something is lacking; a handoff with it is not signed.

    """
    lacking = [item for item in items if item.gaps and item.section in _OPEN_WORK]
    if not lacking:
        return
    first = lacking[0]
    more = f", and {len(lacking) - 1} more lack something" if len(lacking) > 1 else ""
    raise TransitionError(
        f"{first.ref} lacks {', '.join(first.gaps)}{more}.",
        hint=_LACKING[first.section],
    )


_LACKING: Mapping[Section, str] = MappingProxyType(
    {
        Section.INCIDENTS: "Fill them in on the incident (e, `incidents edit`) before signing.",
        Section.TICKETS: "Fill them in on the ticket (e, `tickets edit`) before signing.",
        Section.QUEUE: "Say what you saw (C, c), open a ticket, or give the alert back.",
    }
)
_OPEN_WORK = frozenset(_LACKING)


def _fix_items(session: Session, handoff: Handoff, made: Draft) -> None:
    """Keep the computed items with the handoff; lines people wrote are rows already."""
    query = select(HandoffItem).where(col(HandoffItem.handoff_id) == handoff.id)
    written = {row.ref: row for row in session.exec(query)}
    for position, item in enumerate((*made.items, *made.ended)):
        row = written.get(item.ref) or HandoffItem(
            handoff_id=handoff.id or 0, section=item.section.value, ref=item.ref
        )
        row.position = position
        row.text, row.owner = item.text, item.owner
        row.next_step, row.due_at = item.next_step, item.due_at
        row.details = {
            "lines": list(item.details),
            "was": list(item.was),
            "rows": list(item.rows),
            "gaps": list(item.gaps),
            "marker": item.marker,
            "change": item.change.value,
        }
        if item.change is Change.ENDED:
            row.state = "accepted"
        session.add(row)
    session.flush()


def _get(session: Session, handoff_id: int) -> Handoff:
    handoff = session.get(Handoff, handoff_id)
    if handoff is None:
        raise NotFoundError(f"There is no handoff {handoff_id}.", hint="`handoff list` names them.")
    return handoff


def _signed(session: Session, handoff_id: int) -> Handoff:
    handoff = _get(session, handoff_id)
    if handoff.state == "draft":
        raise TransitionError("The handoff is not signed.", hint="Its shift signs it first.")
    return handoff


def _pending(
    session: Session, handoff_id: int, item_ids: Sequence[int] | None
) -> list[HandoffItem]:
    query = select(HandoffItem).where(
        col(HandoffItem.handoff_id) == handoff_id, col(HandoffItem.state) == "pending"
    )
    pending = {row.id: row for row in session.exec(query.order_by(col(HandoffItem.position)))}
    if item_ids is None:
        return list(pending.values())
    for item_id in item_ids:
        if item_id not in pending:
            raise TransitionError(f"Item {item_id} is not waiting to be accepted.")
    return [pending[item_id] for item_id in item_ids]


def _finish(session: Session, handoff: Handoff, *, by: str, now: datetime) -> None:
    """Mark the handoff accepted once every item was decided."""
    session.flush()
    if handoff.state != "signed" or _pending(session, handoff.id or 0, None):
        return
    handoff.state = HANDOFF.move(handoff.state, "accept")
    handoff.accepted_at, handoff.accepted_by = now, by
    handoff.self_accepted = by == handoff.signed_by
    session.add(handoff)


def _is_present(session: Session, login: str | None, now: datetime) -> bool:
    query = select(Presence.id).where(
        col(Presence.login) == login, col(Presence.seen_at) > now - _PRESENT
    )
    return session.exec(query.limit(1)).first() is not None


def _tell_the_case(session: Session, row: HandoffItem, *, by: str, now: datetime) -> None:
    """Leave the refusal on the ticket or incident it is about, where its owner reads it."""
    if row.section not in {Section.TICKETS, Section.INCIDENTS, Section.WAITING}:
        return
    from socconsole.services import notes

    about = subjects.subject(session, row.ref)
    back_to = row.lead or row.owner or "the lead"
    notes.add(
        session, about, f"Refused at handoff, back to @{back_to}: {row.reason}", by=by, now=now
    )
