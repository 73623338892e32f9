"""Everything about one incident as lines."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from socconsole.core.lifecycle import INCIDENT
from socconsole.core.reference import refs_in
from socconsole.core.sla import in_words
from socconsole.tui.cells import stamp
from socconsole.tui.lines import Line
from socconsole.tui.texts.ticket_text import (
    PRIORITY_STYLES,
    asked_line,
    evidence_line,
    finding_line,
    linked,
    listed,
    observable_line,
    open_task_lines,
)

if TYPE_CHECKING:
    from socconsole.store.queries.incident_file import IncidentFile
    from socconsole.store.queries.incidents import CountermeasureRow, IncidentRow, OutageRow
    from socconsole.store.queries.timeline import TimelineRow

SEVERITY_STYLES = {1: "critical", 2: "high", 3: "medium", 4: "low", 5: "informational"}
_NO_IMPACT = frozenset({"none", "regular"})
_PHASE_WORDS = {
    "containment": "contain",
    "eradication": "eradicate",
    "recovery": "recover",
    "post_incident": "review",
}
"""So short that all phases fit beside each other in 80 columns."""
_KIND_MARKS = {
    "event": "•",
    "alert": "▲",
    "note": "✎",
    "finding": "?",
    "evidence": "⎙",
    "phase": "►",
    "decision": "◆",
    "action": "✓",
    "countermeasure": "▣",
    "message": "✉",
    "other": "·",
}


def update_words(row: "IncidentRow", now: datetime) -> tuple[str, str]:
    """Return when the next update is due, and the style that is drawn in."""
    if row.next_update_due_at is None:
        return "", ""
    left = row.next_update_due_at - now
    return in_words(left), "bad" if left < timedelta() else "warn"


def incident_lines(file: "IncidentFile", now: datetime, kinds: Sequence[str] = ()) -> list[Line]:
    """Return the lines of an incident; the timeline holds only `kinds`, or all."""
    d = file.detail
    return [
        *_head(file, now),
        *_clocks(file, now),
        *listed("Known bad", [observable_line(row) for row in file.indicators]),
        *listed("Services down", [_outage_line(row, now) for row in d.outages]),
        *listed("Countermeasures", [_measure_line(row, now) for row in d.countermeasures]),
        *listed("Asked", _asked_lines(file)),
        *open_task_lines(file.tasks, now, d.row.phase),
        *_timeline(file.timeline, kinds),
        *listed("Findings", [finding_line(row) for row in file.findings]),
        *listed(
            "Tickets",
            [
                (
                    (f"{row.priority.value} ", PRIORITY_STYLES[row.priority.value]),
                    (f"{row.human_id} ", "key"),
                    (f"{row.status}  {row.assignee or 'nobody'}  {row.title}", ""),
                )
                for row in file.tickets
            ],
        ),
        *listed("Evidence", [evidence_line(row) for row in file.evidence]),
    ]


def _head(file: "IncidentFile", now: datetime) -> Iterator[Line]:
    d, row = file.detail, file.detail.row
    yield ((f"SEV{row.severity} ", SEVERITY_STYLES[row.severity]), (row.title, "heading"))
    yield from (_phases(file, now),)
    roles = "  ".join(f"{role} {', '.join(who)}" for role, who in row.roles.items())
    yield ((roles or "Nobody has command · a takes it", "" if roles else "bad"),)
    hit = [
        f"{name} {value.replace('_', ' ')}"
        for name, value in d.impact.items()
        if value not in _NO_IMPACT
    ]
    impact = f"impact: {', '.join(hit)}" if hit else "no impact seen"
    yield ((f"{row.kind}  {impact}  TLP:{row.tlp} PAP:{d.pap}", "muted"),)
    said = (
        ("summary", d.summary),
        ("scope", d.scope),
        ("next step", row.next_step),
        ("by", stamp(row.deadline) if row.deadline else ""),
        ("blocked by", row.blockers),
        ("root cause", d.root_cause),
        ("merged into", d.merged_into or ""),
    )
    for name, text in said:
        if text or name == "next step":
            yield ((f"{name:<11}", "muted"), (text or "– e says it", "" if text else "muted"))


def _phases(file: "IncidentFile", now: datetime) -> Line:
    """Draw the phases in a row, the one it is in with how long."""
    row = file.detail.row
    here = INCIDENT.states.index(row.phase)
    parts: list[tuple[str, str]] = [(f"{row.human_id}  ", "key")]
    for place, phase in enumerate(INCIDENT.states):
        word = _PHASE_WORDS.get(phase, phase)
        if place == here:
            since = in_words(now - row.phase_since)
            parts.append((f"[{word} {since}] ", "warn" if phase != "closed" else "good"))
        else:
            parts.append((f"{word} ", "muted"))
    return tuple(parts)


def _clocks(file: "IncidentFile", now: datetime) -> Iterator[Line]:
    from socconsole.store.queries.incident_file import clock_lines

    yield ()
    yield from (((line, "muted"),) for line in clock_lines(file, now))
    row = file.detail.row
    if row.next_update_due_at is not None:
        left = row.next_update_due_at - now
        yield (("next update ", "muted"), (_left(left), _tone(left)))
    if row.review_due_at and row.reviewed_at is None:
        left = row.review_due_at - now
        yield ((f"review due {stamp(row.review_due_at)}, {_left(left)} · w", _tone(left)),)
    if row.escalate_to and row.escalate_at:
        left = row.escalate_at - now
        yield (
            ("next on the escalation path ", "muted"),
            (f"{row.escalate_to}, {_left(left)}", _tone(left)),
            (" · O asks", "muted"),
        )


def _left(left: timedelta) -> str:
    return f"overdue {in_words(-left)}" if left < timedelta() else f"in {in_words(left)}"


def _tone(left: timedelta) -> str:
    return "bad" if left < timedelta() else "warn"


def _outage_line(row: "OutageRow", now: datetime) -> Line:
    lasted = in_words(row.lasted(now))
    until = f" to {stamp(row.up_at)}, {lasted}" if row.up_at else ""
    return (
        (f"{row.service} ", ""),
        (f"from {stamp(row.down_from)}{until}", "muted"),
        ("" if row.up_at else f"  DOWN for {lasted}", "bad"),
    )


def _measure_line(row: "CountermeasureRow", now: datetime) -> Line:
    over = row.is_overdue(now)
    until = f"  until {stamp(row.expires_at)}" if row.expires_at else ""
    return (
        (f"{row.id:>4} ", "muted"),
        (f"{row.state:<9}", "good" if row.state in {"active", "verified"} and not over else "warn"),
        (f"{row.title}: {row.target}", ""),
        (until, "bad" if over else "muted"),
        (f"  EXPIRED, take it back: {row.rollback or 'm r'}" if over else "", "bad"),
    )


def _asked_lines(file: "IncidentFile") -> list[Line]:
    return [asked_line(row) for row in file.escalations]


def _timeline(rows: "Sequence[TimelineRow]", kinds: Sequence[str]) -> Iterator[Line]:
    shown = [row for row in rows if not kinds or row.kind in kinds]
    lines: list[Line] = []
    day = None
    for row in shown:
        if row.at.date() != day:
            day = row.at.date()
            lines.append(((f"── {day:%Y-%m-%d} ", "muted"),))
        first, *rest = row.text.splitlines() or [""]
        lines.append(
            (
                (f"{row.at:%H:%M:%S} ", "muted"),
                (f"{_KIND_MARKS[row.kind]} ", _style_of(row.kind)),
                *linked(first),
                (f"  {row.by}" if row.by else "", "muted"),
            )
        )
        lines.extend(linked(f"           {line}") for line in rest)
    only = f", only {', '.join(kinds)}" if kinds else ""
    yield from listed(f"Timeline{only}", lines)


def _style_of(kind: str) -> str:
    return {"alert": "high", "phase": "warn", "decision": "key", "countermeasure": "good"}.get(
        kind, "muted"
    )


def refs_of_incident(file: "IncidentFile") -> tuple[str, ...]:
    """Return everything an incident names: tickets, alerts, and what people wrote of."""
    d, row = file.detail, file.detail.row
    own = [*row.tickets, *(f"alert:{alert.id}" for alert in file.alerts)]
    own += [d.merged_into] if d.merged_into else []
    written = [d.summary, d.scope, d.hypothesis, d.unchecked, row.next_step, d.root_cause]
    written += [each.text for each in file.timeline]
    named = (ref for ref in refs_in(written) if ref != row.human_id)
    return tuple(dict.fromkeys((*own, *named)))
