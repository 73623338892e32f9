"""Asking for a moment on the bottom line, in the team's time zone."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socconsole.tui.console import Console


@dataclass(frozen=True, slots=True)
class When:
    """An answer to a question that may be left empty; who leaves it gives none."""

    at: datetime | None
    """None: nothing was typed; the question says what that means."""


async def ask_when(app: "Console", label: str, *, initial: str = "") -> When | None:
    """Ask for a moment or for nothing; None when the analyst leaves.

    Raises:
        UsageError: What was typed is no time.

    """
    from zoneinfo import ZoneInfo

    from socconsole.core.moment import moment

    text = await app.ask(label, initial=initial)
    if text is None:
        return None
    if not text.strip():
        return When(None)
    return When(moment(text, now=app.now(), zone=ZoneInfo(app.zone)))


async def ask_past_or_none(app: "Console", label: str, *, initial: str = "") -> When | None:
    """Ask for a moment that has been, or for nothing; None when the analyst leaves.

    Raises:
        UsageError: What was typed is no time.

    """
    from zoneinfo import ZoneInfo

    from socconsole.core.moment import past_moment

    text = await app.ask(label, initial=initial)
    if text is None:
        return None
    if not text.strip():
        return When(None)
    return When(past_moment(text, now=app.now(), zone=ZoneInfo(app.zone)))


async def ask_past(app: "Console", label: str, *, initial: str = "") -> datetime | None:
    """Ask for a moment that has been and is needed; None where there is none."""
    answer = await ask_past_or_none(app, label, initial=initial)
    return None if answer is None else answer.at


async def ask_moment(app: "Console", label: str, *, initial: str = "") -> datetime | None:
    """Ask for a moment that is needed; None when the analyst leaves or types nothing."""
    answer = await ask_when(app, label, initial=initial)
    return None if answer is None else answer.at
