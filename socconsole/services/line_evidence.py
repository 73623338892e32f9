"""Lines an analyst marked, attached to a case byte for byte."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlmodel import Session

from socconsole.core.policy import SHIPPED, Settings
from socconsole.errors import NotFoundError
from socconsole.services import evidence, tickets
from socconsole.store.events import Kept
from socconsole.store.queries.notes import EvidenceRow
from socconsole.store.queries.subjects import Subject
from socconsole.store.queries.tickets import TicketRow
from socconsole.store.recording import recording


def attach_lines(
    session: Session,
    about: Subject,
    lines: Sequence[Kept],
    *,
    by: str,
    now: datetime,
    reason: str = "marked in the live tail",
) -> tuple[EvidenceRow, ...]:
    """Attach retained lines to a case, one piece for each unbroken range of bytes of a file.

    Raises:
        NotFoundError: None of the lines is retained any more.

    """
    if not lines:
        raise NotFoundError("None of these lines is retained any more.")
    counted = "1 line" if len(lines) == 1 else f"{len(lines)} lines"
    with recording(
        session,
        verb="evidence.attach",
        by=by,
        now=now,
        summary=f"attached {counted} to {about.name}",
    ) as action:
        action.about = (about.kind, about.id)
        return tuple(
            evidence.attach_events(session, about, run, reason, by=by, now=now)
            for run in _unbroken(lines)
        )


def open_from_lines(
    session: Session,
    title: str,
    lines: Sequence[Kept],
    *,
    by: str,
    now: datetime,
    policy: Settings = SHIPPED,
) -> TicketRow:
    """Open a ticket, the opener's own, with these lines as its evidence; one action.

    Raises:
        NotFoundError: None of the lines is retained any more.

    """
    report = tickets.Report(title=title, reported_at=now, assignee=by)
    with recording(session, verb="ticket.open", by=by, now=now, summary="") as action:
        row = tickets.open_by_hand(session, report, by=by, now=now, policy=policy)
        about = Subject("ticket", row.id, row.human_id)
        attach_lines(session, about, lines, by=by, now=now)
        action.about = ("ticket", row.id)
        action.summary = f"opened {row.human_id} from {len(lines)} lines"
    return row


def _unbroken(lines: Sequence[Kept]) -> Iterator[list[Kept]]:
    """Yield the runs of lines that follow each other without a gap in one file."""
    run: list[Kept] = []
    for kept in sorted(lines, key=lambda kept: (kept.source_id, kept.generation_id, kept.offset)):
        if run and not _follows(run[-1], kept):
            yield run
            run = []
        run.append(kept)
    yield run


def _follows(one: Kept, other: Kept) -> bool:
    line = one.event.line
    return (
        line is not None
        and (one.source_id, one.generation_id) == (other.source_id, other.generation_id)
        and line.end == other.offset
    )
