"""What `socconsole` without a command runs: the console itself."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from socconsole.cli.context import Context
from socconsole.cli.screen_size import SMALLEST_COLUMNS, SMALLEST_ROWS
from socconsole.content import themes_folder
from socconsole.errors import SocError, UsageError
from socconsole.settings import config_folder, state_folder
from socconsole.store.clock import SharedClock
from socconsole.tui import themes
from socconsole.tui.first_frame import first_frame
from socconsole.tui.lines import HeaderFacts
from socconsole.tui.terminal import heap, startup
from socconsole.tui.terminal.held import held_terminal

if TYPE_CHECKING:
    from socconsole.store.database import Database
    from socconsole.store.glance import Glance


_CACHE_KIB = 256
_KEPT_CONNECTIONS = 2
"""A console reads a page here and there: few small caches instead of many large ones. Opening one
more connection takes 2 ms, in a thread."""

_PATIENCE_SECS = 20.0
"""What a silent server was asked for is given up then: nothing is done long after it was pressed.

A little longer than a process may stand still with what others wait for.
"""


def console(context: Context) -> int:
    """Open the console; starts a collector when none is alive."""
    settings = context.settings()
    if context.read_only:
        return open_console(context)
    with ExitStack() as attending:
        start = _starter(context, attending)
        wanted = settings.source and settings.collector.start_with_console
        return open_console(
            context, start_collector=start if wanted else None, add_source=_adder(context, start)
        )


def _adder(
    context: Context, start: Callable[["Database"], str]
) -> Callable[["Database", str, str], str]:
    """Return the function that names one more source and starts a collector where none is alive."""

    def add(database: "Database", name: str, location: str) -> str:
        from socconsole.services.leases import collector_alive
        from socconsole.settings import add_source

        path = context.settings().path or config_folder(os.environ) / "socconsole.toml"
        add_source(path, name, location)
        context.read_settings_again()
        group = context.settings().collector.group
        with database.read() as session:
            alive = collector_alive(session, now=context.now(), group=group)
        if alive is not None:
            return f"{name} is in {path}; collector {alive.pid} reads it once it is restarted."
        return f"{name} is in {path}: {start(database)}"

    return add


def _starter(context: Context, attending: ExitStack) -> Callable[["Database"], str]:
    """Return the function that starts a collector on the settings in use.

    Until `attending` ends, this console counts as one the collector works for.
    """

    def start(database: "Database") -> str:
        from socconsole.spawn import Attendance, start_collector

        attendance = Attendance(context.database_url, context.login, now=context.now)
        attending.enter_context(attendance).begin()
        log = state_folder(os.environ) / "collector.log"
        settings = context.settings()
        return start_collector(
            database,
            group=settings.collector.group,
            config=settings.path,
            log=log,
            now=context.now(),
        )

    return start


def open_console(
    context: Context,
    *,
    start_collector: Callable[["Database"], str] | None = None,
    add_source: Callable[["Database", str, str], str] | None = None,
) -> int:
    """Show the console until the analyst leaves and return the exit code.

    Args:
        context: Names the settings, the database and the analyst.
        start_collector: Called with the open database after the first paint.
        add_source: Called with the open database, a name and a path.

    Raises:
        UsageError: The terminal cannot show it.

    """
    refuse_terminal(os.environ, interactive=sys.stdin.isatty() and sys.stdout.isatty())
    settings = context.settings()
    context.goes_by(SharedClock())  # until the database is open: nothing is painted later for it
    # Textual reads these when it is imported. Animations would be bytes without meaning, and the
    # default of 60 frames a second keeps a key waiting for up to 17 ms.
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    os.environ.setdefault("TEXTUAL_FPS", "120")
    startup.hold_garbage()
    theme = settings.console.theme
    if theme == themes.DEFAULT:
        theme = themes.suits(os.environ) or theme
    first_page = _first_page(context.database_url, 2 * shutil.get_terminal_size().lines)
    with held_terminal(_first_frame(context, theme, first_page)) as held:
        heap.keep_little_memory()
        with startup.without_openssl():
            from socconsole.tui.app import run_console
            from socconsole.tui.setup import Setup

        setup = Setup(
            login=context.login,
            open_database=lambda: _opened(context),
            now=context.now,
            first_page=first_page,
            config_folder=config_folder(os.environ),
            state_folder=state_folder(os.environ),
            zone=settings.shift.timezone,
            theme=theme,
            read_only=context.read_only,
            look_at_head=partial(_look_at_head, context),
            start_collector=start_collector,
            add_source=add_source,
            upgrade=None if context.is_on_server else partial(_upgrade, context),
            settings=settings,
        )
        mouse = wants_mouse(settings.console.mouse, os.environ)
        return run_console(setup, mouse=mouse, held=held)


def _first_frame(context: Context, theme: str, rows: "Sequence[Glance]") -> str:
    """Return what shows the first rows at once, where that can be done without Textual."""
    facts = HeaderFacts(
        login=context.login,
        zone=context.settings().shift.timezone,
        now=context.now(),
        read_only=context.read_only,
    )
    return first_frame(
        rows,
        facts,
        theme=theme,
        folders=(themes_folder(), config_folder(os.environ) / "themes"),
        environ=os.environ,
        size=shutil.get_terminal_size(),
    )


def _look_at_head(context: Context, database: "Database") -> SocError | None:
    from socconsole.store.remembered_head import look

    return look(database, state_folder(os.environ), now=context.now())


def _first_page(url: str, limit: int) -> "Sequence[Glance]":
    """Return the first rows of the queue; none where the database is on a server."""
    from socconsole.store.glance import first_page

    path = url.removeprefix("sqlite:///")
    return first_page(Path(path), limit) if path != url else ()


def refuse_terminal(environ: Mapping[str, str], *, interactive: bool) -> None:
    """Raise a UsageError where a full-screen program would only print rubbish."""
    plain = "`socconsole queue --plain` prints the queue as lines."
    if not interactive:
        raise UsageError("The console needs a terminal for input and output.", hint=plain)
    term = environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        raise UsageError(f"A terminal of type {term!r} cannot show the console.", hint=plain)
    columns, rows = shutil.get_terminal_size()
    if columns < SMALLEST_COLUMNS or rows < SMALLEST_ROWS:
        raise UsageError(
            f"This terminal has {columns} columns and {rows} rows; the console needs"
            f" {SMALLEST_COLUMNS} by {SMALLEST_ROWS}.",
            hint=f"Enlarge it; {plain}",
        )


def wants_mouse(setting: str, environ: Mapping[str, str]) -> bool:
    """Return whether to take the mouse: not over SSH, where the terminal's selection is wanted."""
    if setting == "auto":
        return "SSH_CONNECTION" not in environ
    return setting == "on"


def _upgrade(context: Context, tell: Callable[[float], None]) -> str:
    from socconsole.store.database import Database
    from socconsole.store.upgrade import upgrade

    database = Database(context.database_url)
    try:
        done = upgrade(database, now=context.now(), tell=tell)
    finally:
        database.close()
    return f"Schema {done.found} → {done.now}. The database as it was: {done.backup}"


def _opened(context: Context) -> "Database":
    from socconsole.store.database import Database

    database = Database(
        context.database_url,
        read_only=context.read_only,
        cache_kib=_CACHE_KIB,
        kept=_KEPT_CONNECTIONS,
        patience_secs=_PATIENCE_SECS,
    )
    try:
        database.create()
        context.goes_by(database.clock)
    except SocError:
        database.close()  # the console may try again, with another one
        raise
    return database
