"""Writing down who was asked outside the team about a case, and what they answered."""

from typing import TYPE_CHECKING

from socconsole.tui.asking import read_first
from socconsole.tui.verbs.ask_number import ask_number
from socconsole.tui.verbs.ask_when import ask_when

if TYPE_CHECKING:
    from socconsole.services.escalations import Request
    from socconsole.tui.console import Console


async def ask_whom(app: "Console") -> "Request | None":
    """Ask whom we asked, for what and when to ask again; None when the analyst leaves."""
    from socconsole.services.escalations import Request

    whom = await app.ask("Asked whom, by what (ben, phone)")
    reason = await app.ask("For what") if whom else None
    if not whom or not reason:
        return None
    again = await ask_when(app, "Ask again when (30m; empty: never)")
    if again is None:
        return None
    name, _, channel = whom.partition(",")
    return Request(whom=name, channel=channel, reason=reason, next_contact_at=again.at)


async def keep_answer(app: "Console", kind: str, case_id: int) -> None:
    """Ask who of those that were asked has answered, and what; the last one stands there."""
    from socconsole.services import escalations
    from socconsole.store.queries.notes import escalations as asked

    rows = await read_first(app, asked, kind, case_id)
    waiting = [row for row in rows if row.answered_at is None]
    if not waiting:
        app.say("Everybody who was asked has answered.")
        return
    last = waiting[-1]
    number = await ask_number(app, f"Who answered ({last.whom})", initial=str(last.id))
    text = await app.ask("Answer") if number is not None else None
    if number is not None and text is not None:
        await app.change(escalations.answer, number, text, policy=app.settings, done="Answer kept")
