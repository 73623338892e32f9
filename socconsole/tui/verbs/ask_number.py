"""Asking for the numbers of alerts, tasks and the like on the bottom line."""

from typing import TYPE_CHECKING

from socconsole.errors import UsageError

if TYPE_CHECKING:
    from socconsole.tui.console import Console

_DIGITS = 18
"""No number in a database has more."""


def numbers_in(said: str) -> list[int]:
    """Return the numbers in a text such as `12, #13`.

    Raises:
        UsageError: A word of it is none; nothing that was typed is passed over.

    """
    return [number_in(word) for word in said.replace(",", " ").split()]


def number_in(word: str) -> int:
    """Return the number in `12`, `#12` or `alert:12`.

    Raises:
        UsageError: It is none.

    """
    digits = word.strip().removeprefix("alert:").lstrip("#")
    if not digits.isdecimal() or len(digits) > _DIGITS:
        raise UsageError(f"{word!r} is no number.", hint="Write 12.")
    return int(digits)


async def ask_number(app: "Console", label: str, *, initial: str = "") -> int | None:
    """Ask for one number; None when the analyst leaves or types nothing.

    Raises:
        UsageError: What was typed is none, or more than one.

    """
    found = await ask_numbers(app, label, initial=initial)
    if found and len(found) > 1:
        raise UsageError("One number is asked for.", hint="Write 12.")
    return found[0] if found else None


async def ask_numbers(app: "Console", label: str, *, initial: str = "") -> list[int] | None:
    """Ask for numbers; None when the analyst leaves, and none when nothing was typed.

    Raises:
        UsageError: A word that was typed is no number.

    """
    said = await app.ask(label, initial=initial)
    return None if said is None else numbers_in(said)
