"""Asking for a moment on the bottom line, in the team's time zone."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Protocol

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
    from socconsole.core.moment import moment

    return await _asked(app, label, initial, moment)


async def ask_past_or_none(app: "Console", label: str, *, initial: str = "") -> When | None:
    """Ask for a moment that has been, or for nothing; None when the analyst leaves.

    Raises:
        UsageError: What was typed is no time.

    """
    from socconsole.core.moment import past_moment

    return await _asked(app, label, initial, past_moment)


async def ask_past(app: "Console", label: str, *, initial: str = "") -> datetime | None:
    """Ask for a moment that has been and is needed; None where there is none."""
    answer = await ask_past_or_none(app, label, initial=initial)
    return None if answer is None else answer.at


async def ask_moment(app: "Console", label: str, *, initial: str = "") -> datetime | None:
    """Ask for a moment that is needed; None when the analyst leaves or types nothing."""
    answer = await ask_when(app, label, initial=initial)
    return None if answer is None else answer.at


class _Reading(Protocol):
    def __call__(self, text: str, *, now: datetime, zone: tzinfo) -> datetime: ...


async def _asked(app: "Console", label: str, initial: str, read: _Reading) -> When | None:
    from zoneinfo import ZoneInfo

    text = await app.ask(label, initial=initial)
    if text is None:
        return None
    if not text.strip():
        return When(None)
    return When(read(text, now=app.now(), zone=ZoneInfo(app.zone)))
