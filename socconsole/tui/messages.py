"""What workers and widgets tell screens. Payloads are frozen; screens change state, nobody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual.message import Message


@dataclass
class StoreChanged(Message):
    """Somebody committed something. Sent to the screen in front, at most four times a second."""

    is_mine: bool = False
    """Whether a key here has changed it: the keys behind are meant for what it has led to."""
    bubble = False


@dataclass
class DatabaseReady(Message):
    """The database is open and the models are loaded. Sent to the screen in front, once."""

    bubble = False


@dataclass
class Narrow(Message):
    """Show what a filter finds; another screen asks for it."""

    filter: str
    bubble = False


@dataclass
class RowsLoaded(Message):
    """A page of rows came back from the store: those of the `asked` that still exist."""

    asked: Sequence[int]
    rows: Mapping[int, Any]


@dataclass
class RowsFailed(Message):
    """A page of rows could not be read."""


@dataclass
class IdsFailed(Message):
    """The order of a view could not be read."""

    generation: int


@dataclass
class IdsLoaded(Message):
    """The order of a view came back from the store, with the rows around the cursor."""

    generation: int
    ids: Sequence[int]
    position: int
    rows: Mapping[int, Any]
    hidden: int
