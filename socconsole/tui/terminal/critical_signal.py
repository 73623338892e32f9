"""Tells a terminal that is not looked at of a new critical alert: by its bell, by its title."""

from typing import Literal

Signal = Literal["none", "bell", "title", "both"]

_KEEP_TITLE, _GIVE_TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"


def sequence(signal: Signal, before: int, after: int, *, is_first: bool) -> str:
    """Return what to write to the terminal when so many critical alerts wait for somebody.

    Args:
        signal: The setting.
        before: How many waited so far.
        after: How many wait now.
        is_first: Nothing was known before: what waits already rings no bell.

    """
    written = ""
    if signal in ("title", "both") and (after != before or is_first):
        title = f"SOC crit {after}" if after else "socconsole"
        written += (_KEEP_TITLE if is_first else "") + f"\x1b]2;{title}\x07"
    if signal in ("bell", "both") and after > before and not is_first:
        written += "\x07"
    return written


def ending(signal: Signal) -> str:
    """Return what to write when the console leaves the terminal."""
    return _GIVE_TITLE_BACK if signal in ("title", "both") else ""
