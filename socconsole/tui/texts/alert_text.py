"""Everything about one alert as lines: why it fired first, then in the order it is asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len

from socconsole.core.deeds import deed
from socconsole.core.detection import counted
from socconsole.tui.alert_columns import SEVERITY_MARKS
from socconsole.tui.cells import clock, span, stamp
from socconsole.tui.lines import Line
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.texts.event_text import field_line, flat

if TYPE_CHECKING:
    from socconsole.store.queries.alert_group import AlertGroup
    from socconsole.store.queries.alerts import AlertDetail, EvidenceLine, Precedent
    from socconsole.store.queries.lessons import Lesson
    from socconsole.store.queries.notes import FindingRow, NoteRow
    from socconsole.store.queries.queue import QueueRow


_NARROWEST = 80
"""Columns of the smallest terminal."""


@dataclass(frozen=True, slots=True)
class SeenAlert:
    """An alert with what people wrote about it."""

    detail: "AlertDetail"
    notes: "tuple[NoteRow, ...]"
    findings: "tuple[FindingRow, ...]"
    lessons: "tuple[Lesson, ...]" = ()
    """What reviews of incidents say about its rule."""


def read_alert(session: AnySession, alert_id: int) -> SeenAlert:
    """Return all of an alert in one snapshot."""
    from socconsole.store.queries.alerts import alert_detail
    from socconsole.store.queries.lessons import lessons
    from socconsole.store.queries.notes import findings, notes

    detail = alert_detail(session, alert_id)
    return SeenAlert(
        detail,
        tuple(notes(session, "alert", alert_id)),
        findings(session, "alert", alert_id),
        lessons(session, [detail.row.rule_id]),
    )


def removed_lines(alert_id: int) -> list[Line]:
    """Return what is said of an alert that is no longer there."""
    return [
        ((f"Alert {alert_id} is gone: retention removed it.", "warn"),),
        (("`alerts_days` in the settings says for how long closed alerts are kept.", "muted"),),
    ]


def alert_lines(seen: SeenAlert, now: datetime, *, everything: bool = True) -> list[Line]:
    """Return the lines of an alert; without `everything` what decides most triage."""
    detail = seen.detail
    lines: list[Line] = [*_head(detail.row, now), *_why(detail), *_precedents(detail.precedents)]
    lines += _learned(seen.lessons)
    lines += _written(seen)
    lines += _evidence(detail.evidence)
    lines += _group(detail.group, detail.row.id)
    lines += _related(detail, now)
    lines += _history(detail)
    if everything:
        lines += [*_rule(detail), *_rank(detail), *_context(detail), *_fields(detail)]
        lines += _activity(detail)
    return lines


def connected(detail: "AlertDetail") -> list[str]:
    """Return references to what an alert is connected with: case, precedents, group, related."""
    row = detail.row
    numbers = [row.previous_id, *(each.id for each in detail.precedents)]
    numbers += [each.id for each in detail.group.alerts] if detail.group is not None else []
    numbers += [each.id for each in detail.related]
    refs = [row.ticket] if row.ticket else []
    refs += [f"alert:{number}" for number in numbers if number not in (None, row.id)]
    return list(dict.fromkeys(refs))


def _learned(lessons: "Sequence[Lesson]") -> Iterator[Line]:
    if lessons:
        yield ()
        yield (("Learned from incidents with this rule", "heading"),)
        yield from (((f"{each.incident} ", "key"), (each.text, "")) for each in lessons)


def _head(row: "QueueRow", now: datetime) -> Iterator[Line]:
    yield (
        (f"{SEVERITY_MARKS[row.severity]} ", row.severity.label),
        (row.title, "heading"),
    )
    state = row.status if row.disposition is None else f"{row.status}: {row.disposition}"
    if row.sub_reason:
        state += f" ({row.sub_reason})"
    who = row.assignee or "nobody"
    yield (
        (f"alert {row.id}  ", "muted"),
        (state, "good" if row.status == "closed" else "warn"),
        (f"  {who}  rank {row.rank:.0f}  ×{row.count}", ""),
        (f"  {row.ticket}" if row.ticket else "", "key"),
    )
    yield (
        (f"first {stamp(row.first_seen)}  last {stamp(row.last_seen)}", "muted"),
        (f"  waits {span(now - row.created_at)}", "muted"),
    )
    named = [("host", row.host), ("user", row.user), ("from", row.source_ip), ("log", row.source)]
    named.append(("category", row.category))
    yield from _packed([(name, value) for name, value in named if value])
    if row.worse_at is not None:
        yield (("Got worse: ", "bad"), (row.worse_reason or "", ""))
    if row.stopped_at is not None:
        yield (("Stopped by itself; nobody had looked.", "warn"),)
    if row.shelved_until is not None:
        yield (
            ("Shelved until ", "warn"),
            (stamp(row.shelved_until), ""),
            (f"  {row.shelve_reason}", "muted"),
        )


def _packed(named: Sequence[tuple[str, str]]) -> Iterator[Line]:
    """Yield names with their values, as many on a line as the narrowest terminal shows."""
    parts: list[tuple[str, str]] = []
    used = 0
    for name, value in named:
        room = len(name) + 1 + cell_len(value)
        if parts and used + room > _NARROWEST:
            yield tuple(parts)
            parts, used = [], 0
        parts += [(f"{name} ", "muted"), (f"{value}  ", "")]
        used += room + 2
    yield tuple(parts)


def _why(detail: "AlertDetail") -> Iterator[Line]:
    yield ()
    yield (("Why it fired", "heading"),)
    if detail.rule is not None and detail.rule.description:
        yield ((detail.rule.description, ""),)
    line = detail.why
    if line is None:
        yield ((detail.row.summary or "No line was kept.", "muted"),)
        return
    yield _begun(line)
    if line.window is not None:
        window = line.window
        group = ", ".join(f"{name} {value}" for name, value in window["group"].items())
        first, last = (datetime.fromisoformat(window[end]) for end in ("first", "last"))
        told = counted(window["type"], window["count"], (last - first).total_seconds())
        yield ((f"  {told}", "key"), (f"  {group}" if group else "", ""))
    for part in line.parts:
        name = part.field or "line"
        yield (
            (f"  {name} ", "key"),
            (f"{part.pattern}", ""),
            (f"  ← {part.value}" if part.value != part.pattern else "", "muted"),
            (f"  ({part.selection})", "muted"),
        )


_SHOWN_LENGTH = 800
"""Characters of a line that are shown: what stands below it has to be found at night too."""


def _begun(line: "EvidenceLine") -> Line:
    """Return how a line begins, with what matched there marked, and how much of it is not shown."""
    most = _SHOWN_LENGTH
    spans = [(low, min(high, most)) for part in line.parts for low, high in part.spans]
    shown = marked(line.text[:most], [span for span in spans if span[0] < most])
    left = len(line.text) - most
    return (*shown, (f" … {left:,} more characters · R shows them", "muted")) if left > 0 else shown


def marked(text: str, spans: Sequence[tuple[int, int]]) -> Line:
    """Return `text` with `spans` of it in the style of a match."""
    parts: list[tuple[str, str]] = []
    at = 0
    for low, high in sorted(spans):
        if high <= at:
            continue
        parts += [(text[at : max(low, at)], ""), (text[max(low, at) : high], "matched")]
        at = high
    parts.append((text[at:], ""))
    return tuple(part for part in parts if part[0])


def _precedents(precedents: "Sequence[Precedent]") -> Iterator[Line]:
    if not precedents:
        return
    yield ()
    yield (("Last time", "heading"), ("  D does the same", "muted"))
    for one in precedents[:5]:
        ended = one.disposition.replace("_", " ") + (
            f" ({one.sub_reason})" if one.sub_reason else ""
        )
        yield (
            (f"  {stamp(one.closed_at)[:10]} ", "muted"),
            (ended, "bad" if one.disposition == "true_positive" else "good"),
            (f"  by {one.closed_by or 'rule'}", ""),
            (f"  {one.note}" if one.note else "", ""),
            ("" if one.same_entities else "  same rule and host only", "muted"),
            ("  the rule has changed since" if one.rule_changed else "", "warn"),
        )


def _written(seen: SeenAlert) -> Iterator[Line]:
    if seen.findings:
        yield ()
        yield (("Findings", "heading"),)
    for finding in seen.findings:
        yield (
            (f"  {finding.created_by}  ", "muted"),
            (finding.checked, ""),
            (" → ", "muted"),
            (finding.result, ""),
            (f"  {finding.meaning.replace('_', ' ')}", "key"),
        )
    if seen.notes:
        yield ()
        yield (("Notes", "heading"),)
    for note in seen.notes:
        yield ((f"  {stamp(note.created_at)} {note.created_by}  ", "muted"), (note.body, ""))


def _evidence(evidence: "Sequence[EvidenceLine]") -> Iterator[Line]:
    yield ()
    yield ((f"Lines ({len(evidence)})", "heading"), ("  e around them · R the newest raw", "muted"))
    for line in evidence[-12:]:
        yield ((f"  {clock(line.event_time)} ", "muted"), *_begun(line))


def _group(group: "AlertGroup | None", alert_id: int) -> Iterator[Line]:
    """Yield what belongs together with the alert, in the order it happened."""
    if group is None:
        return
    count = len(group.alerts)
    yield ()
    yield (
        (f"Group of {count}: ", "heading"),
        (f"{stamp(group.first_seen)} to {clock(group.last_seen)}", "heading"),
        ("  Enter lists them", "muted"),
    )
    for name, kind in (("hosts", "host"), ("users", "user"), ("from", "source_ip")):
        if values := group.values(kind):
            more = f" and {len(values) - 6} more" if len(values) > 6 else ""
            yield ((f"  {name} ", "muted"), (", ".join(values[:6]) + more, ""))
    if group.tactics:
        tactics = " → ".join(tactic.replace("_", " ") for tactic in group.tactics)
        yield (("  ATT&CK ", "muted"), (tactics, "key"))
    if group.busy:
        yield ((f"  Too many alerts about {', '.join(group.busy)} to connect any.", "muted"),)
    at = next(place for place, row in enumerate(group.alerts) if row.id == alert_id)
    low = max(0, min(at - 5, count - 10))
    for row in group.alerts[low : low + 10]:
        yield _other(row, clock(row.first_seen), here=row.id == alert_id)
    if count > 10:
        yield ((f"  {count - 10} more", "muted"),)


def _related(detail: "AlertDetail", now: datetime) -> Iterator[Line]:
    grouped = {row.id for row in detail.group.alerts} if detail.group is not None else set()
    others = [row for row in detail.related if row.id not in grouped]
    if not others:
        return
    yield ()
    yield (
        ("Related: same host, user or source within a day", "heading"),
        ("  Enter lists them", "muted"),
    )
    for row in others[:10]:
        yield _other(row, f"{span(now - row.last_seen):>4}")


def _other(row: "QueueRow", when: str, *, here: bool = False) -> Line:
    return (
        (f"{'▌' if here else ' '} {SEVERITY_MARKS[row.severity]} ", row.severity.label),
        (f"{row.id:>6} {when}  ", "muted"),
        (row.title, ""),
        (f"  {row.host or ''} {row.user or ''} {row.source_ip or ''}", "muted"),
        (f"  {row.disposition or row.status}", "muted"),
    )


def _history(detail: "AlertDetail") -> Iterator[Line]:
    if not detail.history:
        return
    yield ()
    yield (("Thirty days", "heading"),)
    for entity in detail.history:
        ended = ", ".join(
            f"{count} {name.replace('_', ' ')}" for name, count in entity.dispositions.items()
        )
        asset = f"  {entity.criticality}" if entity.criticality else ""
        owner = f"  owner {entity.owner}" if entity.owner else ""
        yield (
            (f"  {'from' if entity.kind == 'source_ip' else entity.kind} ", "muted"),
            (entity.value, ""),
            (f"  {entity.alerts} other alerts, {entity.open} open, {entity.rules} rules", ""),
            (f"  {ended}" if ended else "", "muted"),
            (asset + owner, "key"),
        )


def _rule(detail: "AlertDetail") -> Iterator[Line]:
    yield ()
    yield (("Rule", "heading"), (f"  {detail.row.rule_id}", "muted"))
    if detail.rule is not None:
        for text in detail.rule.false_positives:
            yield (("  False positives: ", "muted"), (text, ""))
        for text in detail.rule.references:
            yield (("  ", ""), (text, "muted"))
        trial = "  experimental" if detail.rule.status == "experimental" else ""
        yield (
            (f"  {detail.rule.path}  by {detail.rule.author or 'unknown'}", "muted"),
            (trial, "warn"),
        )
    if detail.row.tags:
        yield (("  ATT&CK ", "muted"), (" ".join(detail.row.tags), ""))
    if detail.row.runbook:
        yield (("  Runbook ", "muted"), (detail.row.runbook, "key"), ("  b opens it", "muted"))


def _rank(detail: "AlertDetail") -> Iterator[Line]:
    yield ()
    yield ((f"Rank {detail.row.rank:.0f}", "heading"),)
    for term in detail.terms:
        yield ((f"  {term.points:>+6.1f} ", "key"), (f"{term.name:<12}", "muted"), (term.text, ""))


def _context(detail: "AlertDetail") -> Iterator[Line]:
    if detail.context:
        yield ()
        yield (("Beside it, informational", "heading"),)
    for row in detail.context:
        yield ((f"  {clock(row.last_seen)} ×{row.count} ", "muted"), (row.title, ""))


def _fields(detail: "AlertDetail") -> Iterator[Line]:
    line = detail.why
    if line is None:
        return
    yield ()
    yield (("Fields", "heading"), (f"  {line.format}  {line.path}", "muted"))
    for name, value in flat(line.fields):
        yield field_line(f"  {name}", str(value)[:_SHOWN_LENGTH])


def _activity(detail: "AlertDetail") -> Iterator[Line]:
    if not detail.activity:
        return
    yield ()
    yield (("Activity", "heading"),)
    for entry in detail.activity:
        yield ((f"  {stamp(entry.at)} {entry.by}  ", "muted"), (deed(entry.verb), ""))
