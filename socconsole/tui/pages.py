"""What may be opened above the screen in front, by what it shows.

Verbs and widgets name a page; the application finds the screen for it (`opening.py`). So they know
no screen, and screens may know them.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from socconsole.store.queries.subjects import Subject
    from socconsole.tui.lines import Line
    from socconsole.tui.widgets.layout import Arranged


class AlertPage(NamedTuple):
    """An alert of a list."""

    ids: Sequence[int]
    position: int = 0


class TicketPage(NamedTuple):
    """A ticket of a list."""

    ids: Sequence[int]
    position: int = 0


class IncidentPage(NamedTuple):
    """An incident of a list."""

    ids: Sequence[int]
    position: int = 0


class DeclarePage(NamedTuple):
    """The form that declares an incident from alerts or a ticket."""

    cases: "Sequence[Subject]"
    title: str


class RefsPage(NamedTuple):
    """Things by what people call them; Enter opens one."""

    title: str
    refs: Sequence[str]


class TextPage(NamedTuple):
    """Lines to read."""

    title: str
    lines: "Sequence[Line]"


class Choice(NamedTuple):
    """One line of a list and what taking it does."""

    key: str
    text: str
    run: Callable[[], Any] | None = None
    """None for a line that only tells something."""
    group: str = ""


class ChoicePage(NamedTuple):
    """A list to take one line of."""

    title: str
    choices: Sequence[Choice]
    heads: tuple[str, str, str]
    empty: str = "There is nothing to choose from · q goes back"


class ColumnsPage(NamedTuple):
    """The columns of a table, to arrange."""

    table: "Arranged"


Page = (
    AlertPage
    | TicketPage
    | IncidentPage
    | DeclarePage
    | RefsPage
    | TextPage
    | ChoicePage
    | ColumnsPage
)
