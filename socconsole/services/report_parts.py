"""Chapters that the reports of tickets and incidents share; addresses are defanged."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from socconsole.core.document import Block, Grid, Heading, Listing, Paragraph
from socconsole.core.observable import defang
from socconsole.core.tlp import Withheld
from socconsole.store.queries.notes import EscalationRow, EvidenceRow, FindingRow, NoteRow
from socconsole.store.queries.tickets import TaskRow, TicketAlertRow


def moment(at: datetime | None) -> str:
    """Return a time to the minute; empty for None."""
    return f"{at:%Y-%m-%d %H:%MZ}" if at else ""


def facts(pairs: Iterable[tuple[str, str]]) -> Grid:
    """Return names and what they are; what is not known is left out."""
    return Grid(("", ""), [(name, defang(value)) for name, value in pairs if value])


def withheld_chapter(withheld: Iterable[Withheld]) -> Iterable[Block]:
    """Yield what this audience does not get to read."""
    missing = [each.sentence() for each in withheld]
    if missing:
        yield Heading(2, "Withheld from this audience")
        yield Listing(missing)


def thought(hypothesis: str, unchecked: str, next_step: str, due: datetime | None) -> Grid:
    """Return what is thought of open work and what comes next."""
    by = f", by {moment(due)}" if due else ""
    return facts(
        (
            ("we think", hypothesis),
            ("unchecked", unchecked),
            ("next step", f"{next_step}{by}" if next_step else ""),
        )
    )


def chapter(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[Block]:
    """Yield a table under its heading; nothing where it would be empty."""
    found = [tuple(defang(cell) for cell in row) for row in rows]
    if found:
        yield Heading(2, title)
        yield Grid(head, found)


def alerts_chapter(alerts: Iterable[TicketAlertRow]) -> Iterable[Block]:
    """Yield the alerts."""
    return chapter(
        "Alerts",
        (
            *("number", "severity", "title", "rule by", "about", "first seen", "last seen"),
            *("count", "turned out"),
        ),
        (
            (
                str(each.id),
                each.severity.label,
                each.title,
                each.rule_author or "",
                ", ".join(filter(None, (each.host, each.username, each.source_ip))),
                f"{each.first_seen:%Y-%m-%d %H:%M:%SZ}",
                f"{each.last_seen:%Y-%m-%d %H:%M:%SZ}",
                str(each.count),
                (each.disposition or "open").replace("_", " "),
            )
            for each in alerts
        ),
    )


def tasks_chapter(tasks: Iterable[TaskRow]) -> Iterable[Block]:
    """Yield what was to be done, by whom, and how it ended."""
    return chapter(
        "Tasks",
        ("what", "state", "who", "due", "ended"),
        (
            (
                each.title + (" (mandatory)" if each.mandatory else ""),
                each.state + (f": {each.reason}" if each.reason else ""),
                each.finished_by or each.assignee or each.team or "",
                moment(each.due_at),
                moment(each.finished_at),
            )
            for each in tasks
        ),
    )


def notes_chapters(notes: Sequence[NoteRow]) -> Iterable[Block]:
    """Yield every note; one that was corrected says so, its correction names it."""
    for note in notes:
        remark = f", corrects note {note.corrects_id}" if note.corrects_id else ""
        remark += ", corrected later" if note.corrected else ""
        yield Heading(2, f"Note {note.id} of {note.created_by}, {moment(note.created_at)}{remark}")
        yield Paragraph(defang(note.body))


def found_chapters(findings: Iterable[FindingRow]) -> Iterable[Block]:
    """Yield what was checked, how, and what it means."""
    return chapter(
        "Findings",
        ("checked", "query", "saw", "meaning", "by"),
        (
            (
                each.checked,
                each.query,
                each.result,
                each.meaning.replace("_", " "),
                f"{each.created_by} {moment(each.created_at)}",
            )
            for each in findings
        ),
    )


def asked_chapter(asked: Iterable[EscalationRow]) -> Iterable[Block]:
    """Yield whom we asked and what they said."""
    return chapter(
        "Whom we asked",
        ("whom", "channel", "for what", "asked", "answer"),
        (
            (
                each.whom,
                each.channel,
                each.reason,
                f"{moment(each.asked_at)} {each.asked_by}",
                f"{moment(each.answered_at)} {each.answer or ''}".strip() or "none yet",
            )
            for each in asked
        ),
    )


def evidence_chapter(evidence: Iterable[EvidenceRow]) -> Iterable[Block]:
    """Yield what is kept, with its digest."""
    return chapter(
        "Evidence",
        ("what", "bytes", "SHA-256", "captured", "why"),
        (
            (
                each.title,
                str(each.size),
                each.sha256,
                f"{moment(each.captured_at)} {each.captured_by}",
                each.reason,
            )
            for each in evidence
        ),
    )
