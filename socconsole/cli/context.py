"""What every command is handed: the global options, and how to open what they name."""

import gc
import os
import pwd
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from socconsole.core.safe_text import safe_text
from socconsole.errors import SocError
from socconsole.settings import database_url, load_settings

if TYPE_CHECKING:
    from socconsole.core.policy import Settings
    from socconsole.store.clock import SharedClock
    from socconsole.store.database import Database


@dataclass(kw_only=True)
class Context:
    """The global options of one command line."""

    config: str | None = None
    db: str | None = None
    read_only: bool = False
    debug: bool = False
    _clock: "SharedClock | None" = field(default=None, init=False)

    def settings(self) -> "Settings":
        """Return the settings, read once."""
        return self._settings

    def read_settings_again(self) -> None:
        """Forget the settings: the file has been changed."""
        self.__dict__.pop("_settings", None)

    @cached_property
    def _settings(self) -> "Settings":
        return load_settings(Path(self.config) if self.config else None, os.environ)

    @property
    def database_url(self) -> str:
        """Where the database in use is."""
        return database_url(self.settings(), os.environ, self.db)

    @property
    def is_on_server(self) -> bool:
        """Whether others may be using the database from elsewhere."""
        return self.database_url.startswith("postgres")

    @contextmanager
    def database(self) -> Iterator["Database"]:
        """Open the database in use, made or migrated where that is needed; closed at the end."""
        with _unswept():
            from socconsole.store import schema  # noqa: F401 - loads the models
            from socconsole.store.database import Database

        database = Database(self.database_url, read_only=self.read_only)
        self.goes_by(database.clock)
        try:
            self._create(database)
            if database.lies_still:
                from socconsole.cli.output import say

                say("Nothing can be written beside the database: it is read as it lies there.")
            yield database
        finally:
            database.close()

    def _create(self, database: "Database") -> None:
        """Make the tables where there are none; ask before an older file is upgraded.

        A server's database is never upgraded but by `db upgrade`: others may be using it.
        """
        from socconsole.cli.output import say
        from socconsole.store.schema import OlderSchemaError

        is_new = database.path is not None and not database.path.exists()
        try:
            database.create()
            if is_new:
                say(f"Made a new database: {database.path}")
        except OlderSchemaError as error:
            is_file = database.path is not None and not self.read_only
            if not (is_file and _agrees(f"{error.what} Upgrade it now, after a backup? [y/N] ")):
                raise
            from socconsole.store.upgrade import upgrade

            done = upgrade(database, now=self.now())
            say(f"Schema {done.found} → {done.now}. The database as it was: {done.backup}")
            database.create()

    @property
    def login(self) -> str:
        """The analyst: the account this process runs as, whatever the environment says.

        On a server that gives each login its rights, the login it has proved.
        """
        return self._login

    @cached_property
    def _login(self) -> str:
        uid = os.getuid()
        try:
            account = pwd.getpwuid(uid).pw_name
        except KeyError:
            account = f"uid{uid}"
        if not self.is_on_server:
            return account
        from socconsole.store.roles import login_at

        return login_at(self.database_url, account)

    def now(self) -> datetime:
        """Return the time, aware UTC: the database's, which on a server is the server's."""
        if self._clock is None and self.is_on_server:
            self._ask_for_the_time()
        return datetime.now(UTC) if self._clock is None else self._clock.now()

    def goes_by(self, clock: "SharedClock") -> None:
        """Take the time from a clock; nobody is asked for it any more."""
        self._clock = clock

    def _ask_for_the_time(self) -> None:
        """Ask the server for the time; where it is away, go by this host's."""
        from socconsole.store.database import Database

        database = Database(self.database_url, read_only=True)
        self.goes_by(database.clock)
        try:
            with suppress(SocError), database.read() as session:
                session.connection()
        finally:
            database.close()


@contextmanager
def _unswept() -> Iterator[None]:
    """Let nothing look for rubbish among the modules that load: it takes a quarter of that time."""
    if gc.get_freeze_count():  # they are here already
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _agrees(question: str) -> bool:
    """Ask on the terminal; without one the answer is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(safe_text(question), end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")
