"""Saved filters: a name, what it finds, in which order."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class View:
    """A saved filter of one screen."""

    name: str
    filter: str = ""
    owner: str | None = None
    """None: it ships with the program."""
    shared: bool = True
    screen: str = "queue"
    sort: str = "rank"
    columns: tuple[Any, ...] = ()
    id: int | None = None


SHIPPED_VIEWS = (
    View("Open"),
    View("New", "status:new"),
    View("Mine", "is:mine is:open"),
    View("Critical", "severity:critical"),
    View("Shelved", "status:shelved"),
    View("Closed", "status:closed", sort="age"),
    View("Open", screen="tickets", sort=""),
    View("Mine", "assignee:me", screen="tickets", sort=""),
    View("Nobody's", "assignee:none", screen="tickets", sort=""),
    View("Waiting", "status:waiting", screen="tickets", sort=""),
    View("Resolved", "status:resolved", screen="tickets", sort=""),
    View("Closed", "status:closed", screen="tickets", sort=""),
    View("Open", screen="incidents", sort=""),
    View("Mine", "who:me", screen="incidents", sort=""),
    View("Closed", "phase:closed", screen="incidents", sort=""),
    View("All", screen="tail", sort=""),
    View("Errors", "category:exception", screen="tail", sort=""),
    View("All", screen="results", sort=""),
    View("Errors", "category:exception", screen="results", sort=""),
    View("Warnings", "category:warning", screen="results", sort=""),
    View("Mine", "by:me", screen="actions", sort=""),
    View("Everybody", screen="actions", sort=""),
    View("Undone", "state:undone", screen="actions", sort=""),
)
"""What every list begins with, in the order of its bar."""
