"""What every command is handed: the global options, and how to open what they name."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from socconsole.settings import database_url, load_settings

if TYPE_CHECKING:
    from socconsole.core.policy import Settings
    from socconsole.store.database import Database


@dataclass(kw_only=True)
class Context:
    """The global options of one command line."""

    config: str | None = None
    db: str | None = None
    read_only: bool = False
    debug: bool = False

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

    @contextmanager
    def database(self) -> Iterator["Database"]:
        """Open the database in use, made or migrated where that is needed; closed at the end."""
        from socconsole.store.database import Database

        database = Database(self.database_url, read_only=self.read_only)
        try:
            database.create()
            yield database
        finally:
            database.close()

    @property
    def login(self) -> str:
        """The analyst: the account this process runs as, whatever the environment says."""
        uid = os.getuid()
        try:
            return pwd.getpwuid(uid).pw_name
        except KeyError:
            return f"uid{uid}"

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        return datetime.now(UTC)
