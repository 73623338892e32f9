"""Asking for a case on the bottom line: those that are open are offered."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from socconsole.tui.asking import read_first

if TYPE_CHECKING:
    from socconsole.tui.console import Console


async def ask_incident(app: "Console", label: str) -> str | None:
    """Ask for an incident; the one that is open stands there. None when the analyst leaves."""
    from socconsole.store.queries.incidents import incidents

    names = [row.human_id for row in await read_first(app, incidents)]
    if not names:
        app.say("No incident is open · I declares one")
        return None

    async def named(typed: str) -> Sequence[str]:
        return [name for name in names if name.startswith(typed.strip().upper())]

    said = await app.ask(label, initial=names[0] if len(names) == 1 else "INC-", complete=named)
    return said.strip() if said and said.strip() else None
