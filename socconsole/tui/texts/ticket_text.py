"""Everything about one ticket as lines."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from socconsole.core.reference import references_in, refs_in
from socconsole.core.sla import in_words
from socconsole.tui.alert_columns import SEVERITY_MARKS
from socconsole.tui.cells import stamp
from socconsole.tui.lines import Line
from socconsole.tui.texts.ticket_fields import field_lines

if TYPE_CHECKING:
    from socconsole.services.templates import Answer
    from socconsole.store.queries.casefile import Casefile
    from socconsole.store.queries.lessons import Lesson
    from socconsole.store.queries.notes import (
        EscalationRow,
        EvidenceRow,
        FindingRow,
        NoteRow,
        ObservableRow,
    )
    from socconsole.store.queries.similar import Similar
    from socconsole.store.queries.tickets import TaskRow, TicketAlertRow, TicketRow

TASK_MARKS = {"open": "[ ]", "done": "[x]", "cancelled": "[-]"}
MEANING_MARKS = {"rules_out": "✗ rules out", "supports": "✓ supports", "inconclusive": "? unclear"}


def left_words(row: "TicketRow", now: datetime) -> tuple[str, str]:
    """Return the time left as text and the style it is drawn in."""
    left = row.left(now)
    if left is None:
        return "", ""
    if row.waiting_since is not None:
        return f"‖{in_words(left)}", "muted"
    if left < timedelta():
        return in_words(left), "bad"
    return in_words(left), "warn" if left < timedelta(hours=1) else ""


def in_full(left: timedelta) -> str:
    """Return the time left as a sentence has it."""
    return f"overdue {in_words(-left)}" if left < timedelta() else f"{in_words(left)} left"


def ticket_lines(
    file: "Casefile",
    similar: "Sequence[Similar]",
    taught: "Sequence[Lesson]",
    now: datetime,
    answers: "Sequence[Answer]" = (),
) -> list[Line]:
    """Return the lines of a ticket: what to do next first, then what is known."""
    d = file.detail
    return [
        *_head(file, now),
        *_thinking(file),
        *listed("Fields", list(field_lines(answers))),
        *open_task_lines(d.tasks, now),
        *lesson_lines(taught),
        *listed("Alerts", [alert_line(alert) for alert in d.alerts]),
        *listed("Findings", [finding_line(finding) for finding in file.findings]),
        *_notes(file.notes),
        *listed("Observables", [observable_line(row) for row in file.observables]),
        *listed("Asked", [asked_line(row) for row in file.escalations]),
        *listed("Evidence", [evidence_line(row) for row in file.evidence]),
        *_alert_lines(file),
        *listed(
            "Linked",
            [((f"{k.human_id} ", "key"), (f"{k.kind}  {k.title}", "")) for k in d.links],
        ),
        *_similar(similar),
        *_report(file),
    ]


def _head(file: "Casefile", now: datetime) -> Iterator[Line]:
    d, row = file.detail, file.detail.row
    yield ((f"{row.priority.value} ", PRIORITY_STYLES[row.priority.value]), (row.title, "heading"))
    state = row.status.replace("_", " ")
    if row.disposition:
        state += f": {row.disposition.replace('_', ' ')}"
    left, (_, style) = row.left(now), left_words(row, now)
    clock = "" if left is None else in_full(left)
    if clock and row.waiting_since is not None:
        clock += ", the clock stands"
    yield (
        (f"{row.human_id}  ", "key"),
        (state, "good" if row.resolved_at else "warn"),
        (f"  {row.assignee or 'nobody'}  ", ""),
        (clock, style),
        (f"  {row.incident}" if row.incident else "", "key"),
    )
    why = f" because {d.priority_reason}" if d.priority_reason else ""
    marks = f"TLP:{row.tlp} PAP:{d.pap}"
    tags = f"  #{' #'.join(d.tags)}" if d.tags else ""
    yield ((f"impact {d.impact} × urgency {d.urgency}{why}  {marks}{tags}", "muted"),)
    if row.waiting_on:
        chase = f", chase {stamp(row.chase_at)}" if row.chase_at else ""
        yield ((f"waits on {row.waiting_on}{chase}", "warn"),)
    if d.watchers:
        yield ((f"watched by {', '.join(d.watchers)}", "muted"),)
    if d.merged_into:
        yield ((f"merged into {d.merged_into}", "warn"),)


_TASKS_SHOWN = 8


def open_task_lines(
    tasks: "Sequence[TaskRow]", now: datetime, phase: str | None = None
) -> Iterator[Line]:
    """Yield the tasks that are open, those of `phase` and mandatory ones first, and a count."""
    open_ones = sorted(
        (task for task in tasks if task.state == "open"),
        key=lambda task: (task.phase not in {None, phase}, not task.mandatory),
    )
    shown = open_ones[:_TASKS_SHOWN]
    lines = [task_line(task, now) for task in shown]
    done = len(tasks) - len(open_ones)
    more = len(open_ones) - len(shown)
    rest = [f"{more} more open"] if more else []
    rest += [f"{done} done or cancelled"] if done else []
    if rest:
        lines.append(((f"     {', '.join(rest)} · v shows all", "muted"),))
    yield from listed("Tasks", lines)


PRIORITY_STYLES = {"P1": "critical", "P2": "high", "P3": "medium", "P4": "low"}


def _thinking(file: "Casefile") -> Iterator[Line]:
    d, row = file.detail, file.detail.row
    said = (
        ("we think", d.hypothesis),
        ("unchecked", d.unchecked),
        ("next step", row.next_step),
        ("by", stamp(row.deadline) if row.deadline else ""),
    )
    yield ()
    for name, text in said:
        yield ((f"{name:<10} ", "muted"), (text or "– e says it", "" if text else "muted"))
    if d.resolution:
        yield (("resolution ", "muted"), (d.resolution, ""))


def task_line(task: "TaskRow", now: datetime) -> Line:
    """Return a task on one line, with the time left where it has a clock."""
    must = "!" if task.mandatory and task.state == "open" else " "
    about = f"  {task.assignee or task.team or ''}".rstrip()
    reason = f"  ({task.reason})" if task.reason else ""
    style = "muted" if task.state != "open" else ""
    return (
        (f"{TASK_MARKS[task.state]}{must}", "warn" if must == "!" else style),
        (f"{task.id:>4} ", "muted"),
        (f"{task.title}{about}{reason}", style),
        _clock_of(task, now),
    )


def _clock_of(task: "TaskRow", now: datetime) -> tuple[str, str]:
    if task.due_at is None or task.state != "open":
        return "", ""
    left = task.due_at - now
    return f"  {in_full(left)}", "bad" if left < timedelta() else "warn"


def lesson_lines(taught: "Sequence[Lesson]") -> Iterator[Line]:
    """Yield what reviews of earlier incidents say about the same rules."""
    lines: list[Line] = [((f"{each.incident} ", "key"), (each.text, "")) for each in taught]
    yield from listed("Learned from incidents with this rule", lines)


def alert_line(alert: "TicketAlertRow") -> Line:
    """Return an alert on one line."""
    about = alert.host or alert.username or alert.source_ip or "–"
    end = f"  {alert.disposition}" if alert.disposition else ""
    return (
        (f"{SEVERITY_MARKS[alert.severity]} ", alert.severity.label),
        (f"{alert.id:>6} ", "muted"),
        (f"{alert.title}  {about}  ×{alert.count}", ""),
        (end, "muted"),
    )


def finding_line(finding: "FindingRow") -> Line:
    """Return a finding on one line."""
    return (
        (f"{MEANING_MARKS[finding.meaning]}  ", "key"),
        *linked(f"{finding.checked}: {finding.result}"),
        (f"  {finding.created_by} {finding.created_at:%H:%MZ}", "muted"),
    )


def observable_line(row: "ObservableRow") -> Line:
    """Return an observable on one line, with how often it occurs elsewhere; z shows where."""
    return (
        (f"{row.type:<7}", "muted"),
        (row.value, "bad" if row.indicator else ""),
        (f"  {row.elsewhere} elsewhere" if row.elsewhere else "", "warn"),
    )


def evidence_line(row: "EvidenceRow") -> Line:
    """Return a piece of evidence on one line."""
    return (
        (f"{row.id:>4} ", "muted"),
        (f"{row.title}  {row.size:,} B", ""),
        (f"  {row.sha256[:16]}…  {row.captured_by} {row.captured_at:%m-%d %H:%MZ}", "muted"),
    )


def asked_line(row: "EscalationRow") -> Line:
    """Return somebody who was asked on one line, with the answer or when to ask again."""
    answer = row.answer or ("answered" if row.answered_at else "no answer yet")
    again = f", again {stamp(row.next_contact_at)}" if row.next_contact_at else ""
    return (
        (f"{row.id:>4} ", "muted"),
        (f"{row.whom} by {row.channel or '?'}: {row.reason}  ", ""),
        (f"{answer}{again}", "good" if row.answered_at else "warn"),
    )


def _notes(notes: "Iterable[NoteRow]") -> Iterator[Line]:
    for note in notes:
        yield ()
        mark = "  (corrected below)" if note.corrected else ""
        marked = f"  TLP:{note.tlp}" if note.tlp else ""
        yield (
            (f"{note.created_by} ", "key"),
            (f"{stamp(note.created_at)}  note {note.id}{marked}{mark}", "muted"),
        )
        style = "muted" if note.corrected else ""
        yield from (linked(f"  {line}", style) for line in note.body.splitlines())


_LINES_SHOWN = 12


def _alert_lines(file: "Casefile") -> Iterator[Line]:
    """Yield what the ticket's alerts saw; `, l` makes evidence of it."""
    shown = [
        ((f"{line.alert_id:>6} ", "muted"), (line.text, "")) for line in file.lines[:_LINES_SHOWN]
    ]
    yield from listed("Lines of its alerts · , l keeps them with the ticket", shown)
    more = len(file.lines) - len(shown)
    if more > 0:
        yield ((f"       {more} more with the alerts", "muted"),)


def linked(text: str, style: str = "") -> Line:
    """Return a line with what it points at drawn as links; Enter opens them."""
    parts: list[tuple[str, str]] = []
    at = 0
    for reference in references_in(text):
        parts += [
            (text[at : reference.start], style),
            (text[reference.start : reference.end], "key"),
        ]
        at = reference.end
    return (*parts, (text[at:], style))


def refs_of(file: "Casefile") -> tuple[str, ...]:
    """Return everything a ticket names: its alerts, links, incident, and what people wrote of."""
    d, row = file.detail, file.detail.row
    own = [f"alert:{alert.id}" for alert in d.alerts]
    own += [link.human_id for link in d.links]
    own += [row.incident] if row.incident else []
    written = [d.description, d.hypothesis, d.unchecked, row.next_step, d.resolution or ""]
    written += [note.body for note in file.notes]
    written += [f"{finding.checked} {finding.result}" for finding in file.findings]
    named = (ref for ref in refs_in(written) if ref != row.human_id)
    return tuple(dict.fromkeys((*own, *named)))


def _similar(similar: "Sequence[Similar]") -> Iterator[Line]:
    yield from listed(
        "Like it, closed · D does the same",
        [
            (
                (f"{each.human_id} ", "key"),
                (f"{(each.disposition or '').replace('_', ' ')}  {each.title}", ""),
                (f"  {each.reason}", "muted"),
            )
            for each in similar
        ],
    )


def _report(file: "Casefile") -> Iterator[Line]:
    d = file.detail
    if d.reporter or d.description:
        yield ()
        yield (("Report", "heading"),)
        who = "  ".join(part for part in (d.reporter, d.contact, d.channel) if part)
        when = f"  {stamp(d.reported_at)}" if d.reported_at else ""
        yield ((f"{who}{when}", "muted"),)
        yield from (((line, ""),) for line in d.description.splitlines())


def listed(title: str, lines: Sequence[Line]) -> Iterator[Line]:
    """Yield lines under a heading with their count; nothing when there are none."""
    if lines:
        yield ()
        yield ((f"{title} ({len(lines)})", "heading"),)
        yield from lines
