"""What keeps alerts quiet for a while, as lines."""

from typing import TYPE_CHECKING

from socconsole.tui.cells import stamp
from socconsole.tui.lines import Line

if TYPE_CHECKING:
    from socconsole.store.queries.suppressions import SuppressionRow


def suppression_style(row: "SuppressionRow") -> str:
    """Return the style of a suppression's state."""
    return {"active": "good", "scheduled": "warn"}.get(row.state, "muted")


def suppression_lines(row: "SuppressionRow") -> list[Line]:
    """Return everything about a suppression or a maintenance window."""
    return [
        ((row.about, "heading"),),
        ((row.state, suppression_style(row)), (f"  {row.kind}", "muted")),
        (("why    ", "muted"), (row.reason, "")),
        (("who    ", "muted"), (f"{row.created_by} on {stamp(row.created_at)}", "")),
        (("from   ", "muted"), (stamp(row.starts_at), "")),
        (("until  ", "muted"), (stamp(row.until), "")),
        (("hits   ", "muted"), (f"{row.hit_count:,}, the last {stamp(row.last_hit_at)}", "")),
        (("ended  ", "muted"), (f"{row.ended_by} on {stamp(row.ended_at)}", ""))
        if row.ended_at
        else (),
    ]
