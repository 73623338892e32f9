"""Reads what a command is handed by name: a file, or `-` for standard input."""

import sys
from pathlib import Path

from socconsole.errors import FileError


def read_bytes(path: str, most: int = -1) -> bytes:
    """Return the bytes of a file, or of standard input for `-`; `most` of them where it is given.

    Raises:
        FileError: It cannot be read.

    """
    if path == "-":
        return sys.stdin.buffer.read(most)
    try:
        with Path(path).open("rb") as file:
            return file.read(most)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(f"The file cannot be read: {reason}.", where=path) from None


def read_text(path: str) -> str:
    """Return the text of a file, or of standard input for `-`; bad bytes stand as U+FFFD."""
    return read_bytes(path).decode(errors="replace")
