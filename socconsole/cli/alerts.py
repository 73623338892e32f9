"""`socconsole alerts`: the queue and its verbs."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from socconsole.cli.context import Context
from socconsole.cli.numbers import Limit
from socconsole.cli.output import print_json, print_jsonl, print_table, print_text
from socconsole.core.detection import counted
from socconsole.core.plain import rfc3339
from socconsole.errors import UsageError

if TYPE_CHECKING:
    from socconsole.store.queries.alert_group import AlertGroup
    from socconsole.store.queries.alerts import AlertDetail, EvidenceLine
    from socconsole.store.queries.queue import QueueQuery, QueueRow

app = App(name="alerts", help="The queue and its verbs.")
_LINES = 200
_SHOWN = (
    "id", "severity", "rank", "status", "rule", "host", "user", "count", "owner", "last_seen",
)  # fmt: skip
_MORE = ("category", "created_at", "disposition", "first_seen", "source", "source_ip", "ticket")
_HEADINGS = {"count": "×"}
_VERBS = "socconsole.cli.alert_verbs"
for _name, _help in {
    "ack": "Take alerts: they are yours until given back, closed, or the claim lapses.",
    "assign": "Give alerts to an analyst.",
    "give-back": "Put acknowledged alerts back into the queue.",
    "shelve": "Keep alerts off the queue for a while.",
    "unshelve": "Bring shelved alerts back to where they were.",
    "close": "Close alerts with what they turned out to be.",
    "same": "Close an alert as the last one like it ended.",
    "reopen": "Put closed alerts back into the queue, or to their open ticket.",
    "escalate": "Open a ticket from alerts, or add them to one.",
    "severity": "Set another severity than the rule's.",
    "next": "Claim the highest-ranked alert nobody has.",
}.items():
    _function = "next_" if _name == "next" else _name.replace("-", "_")
    app.command(f"{_VERBS}:{_function}", name=_name, help=_help)


@app.command(name="list")
def list_alerts(
    *filter: str,
    json: bool = False,
    jsonl: bool = False,
    limit: Limit | None = None,
    sort: str = "rank",
    reverse: bool = False,
    group_by: str | None = None,
    columns: str = ",".join(_SHOWN),
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """List alerts; without a term about states, the open ones that are not shelved.

    Args:
        filter: Terms of the filter language, such as severity>=high host:web*.
        json: Print one JSON document.
        jsonl: Print one JSON object a line.
        limit: At most so many; without it 200 lines, or everything as JSON.
        sort: rank, age, last_seen, severity, count, rule, host, user, source_ip, status, assignee.
        reverse: The other way round.
        group_by: Count the values of this field instead.
        columns: What the table shows, separated by commas: category, created_at, disposition,
            first_seen, source, source_ip and ticket too.
        context: The global options.

    """
    from socconsole.store.queries.queue import QueueQuery, queue_ids, queue_rows

    wanted = _columns(columns)
    query = QueueQuery.of(
        " ".join(filter), login=context.login, now=context.now(), sort=sort, reverse=reverse
    )
    if group_by is not None:
        return _list_groups(context, query, group_by, limit or _LINES, json=json)
    if limit is None and not (json or jsonl):
        limit = _LINES
    with context.database() as database, database.read() as session:
        rows = queue_rows(session, queue_ids(session, query, limit=limit))
    if json:
        print_json([alert_json(row) for row in rows])
    elif jsonl:
        print_jsonl(alert_json(row) for row in rows)
    else:
        print_table(
            [_HEADINGS.get(name, name.replace("_", " ")) for name in wanted],
            [[_cell(row, name) for name in wanted] for row in rows],
        )
    return 0


def _columns(said: str) -> list[str]:
    names = [name.strip() for name in said.split(",")]
    for name in names:
        if name not in (*_SHOWN, *_MORE):
            known = ", ".join((*_SHOWN, *_MORE))
            raise UsageError(f"There is no column {name!r}.", hint=f"Use any of {known}.")
    return names


def _cell(row: "QueueRow", name: str) -> object:
    """Return what the plain table says of an alert."""
    if name == "severity":
        return row.severity.label
    if name == "rank":
        return round(row.rank)
    if name == "rule":
        return f"{row.title} (experimental)" if row.experimental else row.title
    return getattr(row, "assignee" if name == "owner" else name)


def _list_groups(
    context: Context, query: "QueueQuery", field: str, limit: int, *, json: bool
) -> int:
    from socconsole.store.queries.grouping import facets

    with context.database() as database, database.read() as session:
        groups = facets(session, query, field, limit=limit)
    if json:
        print_json([{"value": group.value, "count": group.count} for group in groups])
    else:
        print_table((field, "alerts"), [(group.value, group.count) for group in groups])
    return 0


@app.command
def show(
    alert: int,
    *,
    json: bool = False,
    context: Annotated[Context, Parameter(parse=False)],
) -> int:
    """Show everything about one alert: why it fired, its lines, its past.

    Args:
        alert: Its number.
        json: Print one JSON document.
        context: The global options.

    """
    from socconsole.store.queries.alerts import alert_detail

    with context.database() as database, database.read() as session:
        detail = alert_detail(session, alert)
    if json:
        print_json(detail_json(detail))
    else:
        print_text(_detail_lines(detail))
    return 0


def alert_json(row: "QueueRow") -> dict[str, object]:
    """Return an alert as scripts read it."""
    return {
        "id": row.id,
        "uid": row.uid,
        "title": row.title,
        "rule_id": row.rule_id,
        "severity": row.severity,
        "status": row.status,
        "disposition": row.disposition,
        "assignee": row.assignee,
        "rank": row.rank,
        "count": row.count,
        "first_seen": row.first_seen,
        "last_seen": row.last_seen,
        "source": row.source,
        "entities": row.entities,
        "ticket": row.ticket,
        "category": row.category,
        "experimental": row.experimental,
    }


def detail_json(detail: "AlertDetail") -> dict[str, object]:
    """Return everything about an alert as scripts read it."""
    return {
        **alert_json(detail.row),
        "summary": detail.row.summary,
        "created_at": detail.row.created_at,
        "tags": detail.row.tags,
        "runbook": detail.row.runbook,
        "rule": detail.rule,
        "rank_terms": detail.terms,
        **detail.facts,
        "worse_reason": detail.row.worse_reason,
        "evidence": [_evidence_json(line) for line in detail.evidence],
        "precedents": detail.precedents,
        "group": _group_json(detail.group),
        "related": [alert_json(row) for row in detail.related],
        "history": detail.history,
        "context": detail.context,
        "activity": detail.activity,
    }


def _group_json(group: "AlertGroup | None") -> dict[str, object] | None:
    if group is None:
        return None
    return {
        "alerts": [row.id for row in group.alerts],
        "first_seen": group.first_seen,
        "last_seen": group.last_seen,
        "tactics": group.tactics,
        "busy": group.busy,
    }


def _evidence_json(line: "EvidenceLine") -> dict[str, object]:
    import base64

    said: dict[str, object] = {
        "raw": line.text,
        "time": line.event_time,
        "source": line.source,
        "path": line.path,
        "line": line.line_number,
        "offset": line.offset,
        "format": line.format,
        "event": line.fields,
        "trigger": line.trigger,
        "parts": line.parts,
        "window": line.window,
    }
    try:
        line.raw.decode()
    except UnicodeDecodeError:
        said["raw_b64"] = base64.b64encode(line.raw).decode()
    return said


def _listed(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def _window_lines(window: "Mapping[str, Any] | None") -> list[str]:
    """Return what a correlation counted, for whom, and over which time."""
    if window is None:
        return []
    group = " ".join(f"{name}={value}" for name, value in window["group"].items())
    first, last = (datetime.fromisoformat(window[end]) for end in ("first", "last"))
    told = counted(window["type"], window["count"], (last - first).total_seconds())
    span = f"{window['first']} to {window['last']}".replace("+00:00", "Z")
    return [f"  {told}, {f'{group}, ' if group else ''}{span}"]


def _detail_lines(detail: "AlertDetail") -> list[str]:
    row = detail.row
    lines = [
        f"{row.id}  {row.title}",
        f"severity {row.severity.label}, rank {row.rank:g}: "
        + " ".join(f"{term.text} ({term.points:+g})" for term in detail.terms),
        f"{row.status}"
        + (f", {row.disposition}:{row.sub_reason or ''}".rstrip(":") if row.disposition else "")
        + (f", {row.assignee} has it" if row.assignee else "")
        + (f", in {row.ticket}" if row.ticket else ""),
        f"{row.count} detections of {row.source}, {rfc3339(row.first_seen)} to "
        + rfc3339(row.last_seen)
        + (f", {row.category}" if row.category else ""),
        "about " + " ".join(f"{kind}={_listed(value)}" for kind, value in row.entities.items()),
    ]
    if row.worse_reason:
        lines.append(f"worse: {row.worse_reason}")
    if detail.rule:
        trial = " (experimental)" if detail.rule.status == "experimental" else ""
        lines += [
            "",
            f"rule {detail.rule.id}{trial} by {detail.rule.author or 'unknown'}",
            *filter(None, [detail.rule.description]),
        ]
        lines += [f"  false positive: {text}" for text in detail.rule.false_positives]
    if detail.why:
        lines += ["", "why", *_window_lines(detail.why.window)]
        lines += [
            f"  {part.selection}: {part.field or 'the line'} = {part.value} (asked: {part.pattern})"
            for part in detail.why.parts
        ]
    lines += ["", "evidence"]
    lines += [f"  {rfc3339(line.event_time)} {line.text}" for line in detail.evidence]
    if detail.precedents:
        lines += ["", "precedents"]
        lines += [
            f"  {one.id} {one.disposition} by {one.closed_by} {one.note or ''}".rstrip()
            for one in detail.precedents
        ]
    if detail.group:
        lines += ["", f"group {' > '.join(detail.group.tactics)}".rstrip()]
        lines += [
            f"  {one.id} {rfc3339(one.first_seen)} {one.severity.label} {one.title}"
            for one in detail.group.alerts
        ]
    if detail.related:
        lines += ["", "related"]
        lines += [f"  {one.id} {one.severity.label} {one.title}" for one in detail.related]
    return lines
