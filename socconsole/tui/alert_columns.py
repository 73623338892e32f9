"""What the queue says about an alert, column by column."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from socconsole.core.severity import Severity
from socconsole.tui.cells import span
from socconsole.tui.widgets.columns import Column

if TYPE_CHECKING:
    from socconsole.store.queries.queue import QueueRow

SEVERITY_MARKS = {
    Severity.CRITICAL: "█C",
    Severity.HIGH: "▆H",
    Severity.MEDIUM: "▄M",
    Severity.LOW: "▂L",
    Severity.INFORMATIONAL: "▁I",
}
"""A letter and a height: the colour is never alone."""
EXPERIMENTAL = "†"
"""Before the title of a rule that is on trial."""
LOOKS = "◦"
"""Before the name of a colleague who has the alert open just now."""
STATUS_MARKS = {
    "new": "new",
    "acknowledged": "ack",
    "escalated": "tkt",
    "shelved": "shl",
    "closed": "cls",
}
CATEGORY_MARKS = {
    "informational": "info",
    "warning": "warn",
    "exception": "exc",
    "maintenance": "mnt",
    None: "–",
}


def alert_columns(
    now: Callable[[], datetime], looking: Callable[[int], str] = lambda _: ""
) -> "list[Column[QueueRow]]":
    """Return every column there is; at each paint `now` is asked, and who else is `looking`."""

    def age(row: "QueueRow") -> str:
        return span(now() - row.created_at)

    def owner(row: "QueueRow") -> str:
        other = looking(row.id)
        return f"{row.assignee or ''}{LOOKS}{other}" if other else row.assignee or "–"

    return [
        Column("severity", " S", 2, _severity_mark, lambda row: row.severity.label),
        Column("rank", "Rk", 3, lambda row: f"{row.rank:.0f}", right=True, least=50),
        Column("age", "Age", 4, age, right=True),
        Column("rule", "Rule", 25, _rule, grow=3),
        Column("host", "Host", 14, lambda row: row.host or "–", grow=1, least=60),
        Column("user", "User", 8, lambda row: row.user or "–", grow=1, least=72),
        Column("source_ip", "Source", 15, lambda row: row.source_ip or "–", least=110),
        Column("source", "Log", 10, lambda row: row.source, least=130),
        Column("category", "Cat", 4, lambda row: CATEGORY_MARKS[row.category], least=140),
        Column("count", "×", 4, lambda row: _short(row.count), right=True),
        Column("status", "St", 3, lambda row: STATUS_MARKS.get(row.status, row.status)),
        Column("assignee", "Own", 6, owner, least=50),
        Column("ticket", "Ticket", 12, lambda row: row.ticket or "", least=120),
    ]


def _rule(row: "QueueRow") -> str:
    return f"{EXPERIMENTAL}{row.title}" if row.experimental else row.title


def _severity_mark(row: "QueueRow") -> str:
    return SEVERITY_MARKS[row.severity]


def _short(count: int) -> str:
    if count < 10_000:
        return str(count)
    return f"{count // 1000}k" if count < 1_000_000 else f"{count // 1_000_000}M"
