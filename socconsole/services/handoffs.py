"""The handoff of a shift: drafted from the store, written, signed, amended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from sqlmodel import Session, col, select

from socconsole.core import handoff as computing
from socconsole.core.handoff import Draft
from socconsole.core.handoff_item import Change, Item, difference
from socconsole.core.lifecycle import HANDOFF
from socconsole.core.policy import SHIPPED, Settings, ShiftPolicy
from socconsole.core.shift import next_shift, shift_at
from socconsole.core.shift_facts import WRITTEN, Section, Written
from socconsole.errors import ConflictError, NotFoundError, TransitionError, UsageError
from socconsole.services import response_plan
from socconsole.store.queries import handoffs as queries
from socconsole.store.queries.handoffs import HandoffRow
from socconsole.store.queries.shift_facts import Cut, shift_facts
from socconsole.store.recording import recording
from socconsole.store.tables import (
    AuditAnchor,
    ChangeHead,
    Handoff,
    HandoffAmendment,
    HandoffItem,
)


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


def sign(
    session: Session,
    *,
    by: str,
    now: datetime,
    since: datetime | None = None,
    policy: Settings = SHIPPED,
) -> HandoffRow:
    """Sign the handoff: its items are fixed, and the head of the audit chain with them.

    Args:
        session: The unit of work.
        by: Who signs.
        now: When.
        since: Where the draft began that the signer has read; None: as it is now.
        policy: The team's settings.

    Raises:
        TransitionError: Open work lacks its hypothesis, what is unchecked, next step or deadline.
        ConflictError: Somebody else has signed meanwhile.

    """
    head = session.exec(select(ChangeHead)).one()
    audit_seq, audit_hash = head.audit_seq, head.audit_hash
    # The head is read first: what commits meanwhile may stand in two handoffs, never in none.
    previous = queries.last_signed(session)
    made = draft(session, now=now, policy=policy)
    require_complete(made.items)
    with recording(session, verb="handoff.sign", by=by, now=now, summary="") as action:
        handoff = _open_draft(session, by=by, now=now, policy=policy)
        _require_still_last(session, previous, since)
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


def amend(session: Session, handoff_id: int, text: str, *, by: str, now: datetime) -> HandoffRow:
    """Say something after signing; it stays visible as said late."""
    if not text.strip():
        raise UsageError("The amendment is empty.")
    summary = f"amended handoff {handoff_id}: {text.strip()}"
    with recording(session, verb="handoff.amend", by=by, now=now, summary=summary):
        handoff = get(session, handoff_id)
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


def get(session: Session, handoff_id: int) -> Handoff:
    """Return the row of a handoff.

    Raises:
        NotFoundError: There is none.

    """
    handoff = session.get(Handoff, handoff_id)
    if handoff is None:
        raise NotFoundError(f"There is no handoff {handoff_id}.", hint="`handoff list` names them.")
    return handoff


def _require_still_last(
    session: Session, previous: HandoffRow | None, since: datetime | None
) -> None:
    """Refuse a second handoff of the same shift: its author read what is signed by now."""
    last = queries.last_signed(session)
    is_read = previous is not None and last is not None and last.id == previous.id
    if last is None or (is_read and (since is None or last.until <= since)):
        return
    raise ConflictError(
        f"{last.signed_by} signed handoff {last.id} meanwhile.",
        hint="What came after it is the next one's: read the draft again.",
    )
