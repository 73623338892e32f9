"""What the console is opened with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from socconsole.core.policy import Settings
from socconsole.errors import SocError
from socconsole.tui import themes
from socconsole.tui.reading.store_access import OpenedDatabase


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the console is opened with."""

    login: str
    open_database: Callable[[], OpenedDatabase]
    now: Callable[[], datetime]
    first_page: Sequence[Any] = ()
    """The first rows of the queue, read without waiting for the models."""
    config_folder: Path
    state_folder: Path
    zone: str = "UTC"
    theme: str = themes.DEFAULT
    read_only: bool = False
    look_at_head: Callable[[Any], SocError | None] | None = None
    """Database → what this account remembers otherwise of its audit's end. Runs in a thread."""
    start_collector: Callable[[Any], str] | None = None
    """Database → what it did: starts a collector where none is alive. Runs in a thread."""
    add_source: Callable[[Any, str, str], str] | None = None
    """Database, name, path → what it did: names one more source in the settings and sees that it
    is read. Runs in a thread."""
    upgrade: Callable[[Callable[[float], None]], str] | None = None
    """Brings the database to this program's schema, telling how far it is → what it did. None where
    others may be using it. Runs in a thread."""
    settings: Settings = field(default_factory=Settings)
