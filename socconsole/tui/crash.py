"""What is left of an error nobody foresaw: a file for whoever mends it, two lines for the analyst.

A traceback may name any text of any log, so none of it goes to a terminal as it is.
"""

import contextlib
import traceback
from pathlib import Path

from socconsole.core.safe_text import safe_block, safe_text
from socconsole.errors import SocError

_MOST = 200_000


def keep(error: BaseException, folder: Path) -> Path | None:
    """Write the traceback of `error` into a file only the analyst reads; None: there is no room."""
    path = folder / "crash.txt"
    text = "".join(traceback.format_exception(error))
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(safe_block(text, limit=_MOST), encoding="utf-8")
        return path
    return None


def told(error: BaseException, path: Path | None) -> SocError:
    """Return what the analyst is told of `error`, whose traceback is in the file at `path`."""
    said = safe_text(f"{type(error).__name__}: {error}", limit=200)
    where = f"Its traceback is in {path}." if path else "Its traceback could not be kept."
    return SocError(f"An error in this program: {said}.", hint=where)
