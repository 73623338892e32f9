"""Copying through the terminal: OSC 52, in tmux too, and a file where that is refused."""

import base64
import contextlib
from collections.abc import Mapping
from pathlib import Path

from socconsole.core.safe_text import safe_block

LIMIT_BYTES = 74_994
"""What common terminals take in one OSC 52."""


def sequence(text: str, environ: Mapping[str, str]) -> str:
    """Return the escape sequences that put `text` on the clipboard."""
    cut = safe_block(text, limit=LIMIT_BYTES).encode()[: LIMIT_BYTES * 3 // 4]
    data = cut.decode(errors="ignore").encode()  # no half character at the end
    plain = f"\x1b]52;c;{base64.b64encode(data).decode()}\x07"
    if not environ.get("TMUX"):
        return plain
    wrapped = plain.replace("\x1b", "\x1b\x1b")
    return f"{plain}\x1bPtmux;{wrapped}\x1b\\"


def keep(text: str, folder: Path) -> Path | None:
    """Write `text` to a file only the analyst reads; None: that cannot be written."""
    path = folder / "copied.txt"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        return path
    return None
