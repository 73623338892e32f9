"""Handing text to $EDITOR and to commands of the analyst's choice."""

import os
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from socconsole.core.home import at_home
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
        _run([*_words(command), str(path)])
        return path.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"The text cannot be edited: {error}.", where=str(path)) from None


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"$EDITOR {command!r} is no command: {error}.") from None
    return words or ["vi"]


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, check=False)  # noqa: S603 the analyst's own editor
    except OSError as error:
        raise UsageError(
            f"{command[0]!r} cannot be started: {error.strerror}.", hint="Set $EDITOR."
        ) from error
    if done.returncode:
        raise UsageError(f"{command[0]!r} ended with {done.returncode}; the text is unchanged.")


_MOST_OUTPUT = 4 << 20
"""A command that prints on is ended: an analyst reads it, and it becomes evidence."""


def pipe(text: str, command: str, *, timeout_secs: float = 30.0) -> str:
    """Return what the shell `command` prints, errors included, when `text` is its input.

    Raises:
        UsageError: It fails, takes too long or prints too much; none of its processes is left.

    """
    is_late = threading.Event()
    with tempfile.TemporaryFile() as given:
        given.write(text.encode(errors="surrogateescape"))
        given.seek(0)
        with subprocess.Popen(  # noqa: S602 a command line the analyst typed is the point
            command,
            shell=True,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that all of it can be ended, and none asks the terminal
        ) as process:

            def end() -> None:
                is_late.set()
                _end(process.pid)

            timer = threading.Timer(timeout_secs, end)
            timer.start()
            output = process.stdout.read(_MOST_OUTPUT + 1) if process.stdout else b""
            if len(output) > _MOST_OUTPUT:
                _end(process.pid)
            process.wait()
            timer.cancel()
    if is_late.is_set():
        raise UsageError(f"{command!r} took more than {timeout_secs:.0f} s.")
    if len(output) > _MOST_OUTPUT:
        raise UsageError(
            f"{command!r} prints more than {_MOST_OUTPUT >> 20} MB.", hint="Add `| head -n 1000`."
        )
    said = output.decode(errors="replace")
    if process.returncode:
        last = (said.strip().splitlines() or [""])[-1]
        raise UsageError(f"{command!r} ended with {process.returncode}: {last}")
    return said


def _end(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def read_file(path: str, most: int) -> bytes:
    """Return the first bytes of a file the analyst names, `most` at the most.

    Raises:
        FileError: It is no file, or cannot be read.

    """
    place = at_home(path)
    try:
        if not place.is_file() and place.exists():  # a pipe would be waited for without end
            raise FileError("This is no file.", where=path)
        with place.open("rb") as file:
            return file.read(most)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(f"The file cannot be read: {reason}.", where=path) from None
