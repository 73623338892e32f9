"""The steps from each released schema to the next; the first one is the whole outline.

A step is written by hand and never rebuilds a table behind our back: generated rebuilds drop
triggers, descending indexes and generated columns without a word. It runs inside one transaction
with all the others; there is no way down but the backup.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Migration:
    """A step to a schema version."""

    version: int
    what: str
    """What it changes, in words of an analyst."""
    run: Callable[[Connection], None]


MIGRATIONS: tuple[Migration, ...] = ()
"""Steps from version 2 on, in order. Version 1 is made whole from the tables."""
