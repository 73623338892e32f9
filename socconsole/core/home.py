"""Whose home a path means."""

from pathlib import Path

from socconsole.errors import FileError


def at_home(path: str) -> Path:
    """Return `path` with `~` as the home it means.

    Raises:
        FileError: It is the home of an account that there is not.

    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise FileError(
            "That is in the home of an account that there is not.",
            hint="Write the whole path.",
            where=path,
        ) from None
