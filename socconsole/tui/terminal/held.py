"""A terminal that shows the first frame while Textual is still loading."""

import signal
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

ENTER = "\x1b[?1049h"
"""To the screen that full-screen programs use."""
_HIDE_CURSOR = "\x1b[?25l"
_LEAVE = "\x1b[?1049l\x1b[?25h"


@dataclass(slots=True)
class HeldTerminal:
    """A terminal with a frame on it. What is typed is neither echoed nor lost: Textual reads it."""

    attributes: list[Any]
    """What it was like before."""
    is_taken: bool = False
    """Whether Textual has it now and gives it back."""


@contextmanager
def held_terminal(frame: str) -> Iterator[HeldTerminal | None]:
    """Show `frame`, where there is one; at the end give back a terminal that nobody has taken."""
    if not frame:
        yield None
        return
    keyboard = sys.stdin.fileno()
    held = HeldTerminal(termios.tcgetattr(keyboard))
    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _leave)
        termios.tcsetattr(keyboard, termios.TCSANOW, _quiet(held.attributes))
        _show(ENTER + _HIDE_CURSOR + frame)
        yield held
    finally:
        if not held.is_taken:
            with suppress(OSError, termios.error):  # a terminal that has gone takes nothing back
                termios.tcsetattr(keyboard, termios.TCSANOW, held.attributes)
                _show(_LEAVE)


def _leave(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def _quiet(attributes: list[Any]) -> list[Any]:
    """Return `attributes` without echo, line editing and keys that send signals."""
    quiet = list(attributes)
    quiet[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    quiet[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
    return quiet


def _show(text: str) -> None:
    # Textual, too, draws on the stream for errors: what is printed in the meantime stays apart.
    output = sys.__stderr__
    if output is not None:
        output.write(text)
        output.flush()
