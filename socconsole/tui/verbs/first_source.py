"""Names a log source from the console: what is read is shown before anything is written."""

import glob
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from socconsole.errors import FileError
from socconsole.tui.lines import Line
from socconsole.tui.pages import TextPage

if TYPE_CHECKING:
    from socconsole.tui.console import Console

_USUAL = (
    "/var/log/auth.log",
    "/var/log/secure",
    "/var/log/syslog",
    "/var/log/messages",
    "/var/log/system.log",
    "/var/log/nginx/access.log",
    "/var/log/apache2/access.log",
)
_LINES = 200
_BYTES = 256 * 1024
_OFFERED = 40
_SHOWN = 50
_SHOWN_LENGTH = 2000


async def name_source(app: "Console") -> bool:
    """Ask for a file and a name, show what its lines are read as, and have it read."""
    add = app.setup.add_source
    if add is None:
        app.say("Sources are named in the settings of this console: :manual configuration")
        return False
    first = await app.store.in_thread(_usual)
    said = await app.ask(
        "Read which file, folder or glob", initial=first, complete=partial(_paths, app)
    )
    if not said or not said.strip():
        return False
    location = _whole(said.strip())
    seen = await app.store.in_thread(partial(look, location))
    await app.open(TextPage(f"The first lines of {location}", seen.page))
    try:
        name = await app.ask(f"{seen.words} · call it", initial=_name_of(location))
        question = f"{seen.words}. Read {location} from now on?"
        agreed = bool(name and name.strip()) and await app.confirm(question)
    finally:
        app.pop_screen()
    if name is None or not agreed:
        return False
    called = name.strip()
    done = await app.store.in_database(lambda database: add(database, called, location))
    app.say(done)
    return True


class Seen(NamedTuple):
    """What is at a location, in a few words, and its first lines."""

    words: str
    page: "Sequence[Line]"


def look(location: str) -> Seen:
    """Return what the first lines at `location` are read as, and those.

    Raises:
        FileError: There is nothing, or it cannot be read.

    """
    from socconsole.parsers import choose

    path = _first_file(location)
    try:
        with path.open("rb") as file:
            texts = [line.decode(errors="replace") for line in file.read(_BYTES).splitlines()]
    except OSError as error:
        hint = "Your account may not read it: `ls -l` names the group that may."
        raise FileError(f"{path} cannot be read: {error.strerror}.", hint=hint) from None
    choice = choose(texts[:_LINES])
    page: list[Line] = [((f"{choice.reason}. Nothing is kept yet.", "heading"),), ()]
    page += [((text[:_SHOWN_LENGTH], ""),) for text in texts[:_SHOWN]]
    if not texts:
        return Seen(f"{path.name} is empty so far", page)
    if choice.parser is None:
        return Seen(f"{path.name}: {choice.reason}", page)
    return Seen(f"{path.name} is read as {choice.parser.name}", page)


def _first_file(location: str) -> Path:
    path = Path(location).expanduser()
    if path.is_file():
        return path
    pattern = str(path / "*") if path.is_dir() else str(path)
    found = [each for each in map(Path, _matching(pattern)) if each.is_file()]
    if not found:
        raise FileError(f"There is no file at {location}.", hint="Tab completes paths.")
    return found[0]


def _whole(location: str) -> str:
    """Return an absolute path: the settings would take it as relative to themselves."""
    return os.path.abspath(os.path.expanduser(location))  # noqa: PTH100, PTH111 globs too


def _usual() -> str:
    return next((path for path in _USUAL if Path(path).is_file()), "/var/log/")


def _matching(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern))  # noqa: PTH207 patterns are absolute


def _name_of(location: str) -> str:
    """Return a source's name made of its path: `auth` for /var/log/auth.log."""
    path = Path(location)
    stem = path.name.split(".")[0].strip("*?[]")
    return stem if stem not in ("", "access", "error", "current") else path.parent.name


async def _paths(app: "Console", text: str) -> Sequence[str]:
    """Return the paths `text` could become."""

    def look_up() -> list[str]:
        found = _matching(f"{glob.escape(text)}*")[:_OFFERED]
        return [f"{each}/" if Path(each).is_dir() else each for each in found]

    return await app.store.in_thread(look_up)
