"""Handing text to $EDITOR and to commands of the analyst's choice."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from socconsole.errors import FileError, UsageError


def edit(text: str, place: Path | None = None) -> str:
    """Return `text` as $VISUAL, $EDITOR or vi left it. The terminal must be free.

    With a `place` the editor works on that file, and what it saved outlives this program.

    Raises:
        UsageError: The editor cannot be started or ended with an error.

    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    if place is not None:
        return _edited(text, place, command)
    with tempfile.TemporaryDirectory(prefix="socconsole-") as folder:
        return _edited(text, Path(folder) / "text.md", command)


def _edited(text: str, path: Path, command: str) -> str:
    try:
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        _run([*shlex.split(command), str(path)])
        return path.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"The text cannot be edited: {error}.", where=str(path)) from None


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, check=False)  # noqa: S603 the analyst's own editor
    except OSError as error:
        raise UsageError(
            f"{command[0]!r} cannot be started: {error.strerror}.", hint="Set $EDITOR."
        ) from error
    if done.returncode:
        raise UsageError(f"{command[0]!r} ended with {done.returncode}; the text is unchanged.")


def pipe(text: str, command: str, *, timeout_secs: float = 30.0) -> str:
    """Return what the shell `command` prints when `text` is its input.

    Raises:
        UsageError: It fails or takes too long.

    """
    try:
        done = subprocess.run(  # noqa: S602 a command line the analyst typed is the point
            command,
            shell=True,
            input=text.encode(errors="surrogateescape"),
            capture_output=True,
            timeout=timeout_secs,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"{command!r} took more than {timeout_secs:.0f} s.") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"{command!r} ended with {done.returncode}: {(said or [''])[-1]}")
    return done.stdout.decode(errors="replace")


def read_file(path: str) -> bytes:
    """Return the bytes of a file the analyst names.

    Raises:
        FileError: It cannot be read.

    """
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(f"The file cannot be read: {reason}.", where=path) from None
