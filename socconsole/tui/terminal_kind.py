"""What the console has to know of its terminal."""

import sys
import termios


def has_hung_up() -> bool:
    """Return whether the terminal has gone although SIGHUP is ignored."""
    try:
        termios.tcgetattr(sys.__stdin__.fileno() if sys.__stdin__ else 0)
    except (termios.error, ValueError, OSError):
        return True
    return False
