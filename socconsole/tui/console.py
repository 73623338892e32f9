"""What screens, widgets and verbs may ask of the console they are in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, Unpack, cast

if TYPE_CHECKING:
    from textual.binding import Binding
    from textual.dom import DOMNode
    from textual.message import Message
    from textual.screen import Screen
    from textual.timer import Timer

    from socconsole.core.policy import Settings
    from socconsole.errors import SocError
    from socconsole.tui.drafts import Drafts
    from socconsole.tui.lines import Pulse
    from socconsole.tui.pages import Page
    from socconsole.tui.question import Asking
    from socconsole.tui.reading.store_access import StoreAccess
    from socconsole.tui.setup import Setup
    from socconsole.tui.themes import Look
    from socconsole.tui.verbs.deed import Deed

T = TypeVar("T")


class Console(Protocol):
    """The application as its parts see it; `app.ConsoleApp` is the one there is."""

    setup: "Setup"
    store: "StoreAccess"
    drafts: "Drafts"
    last_deed: "Deed | None"
    """What `.` repeats."""
    bookmarks: dict[int, str]
    """Alert → its title, of this session."""
    fresh_ticket_id: int | None
    """The ticket opened last, until it was looked at."""
    last_alert: tuple[Sequence[int], int] | None
    """The alert looked at last: its list, and where it stands in it."""
    pulse: "Pulse"
    read_only: bool
    paused: bool
    theme: str

    @property
    def login(self) -> str: ...

    @property
    def settings(self) -> "Settings": ...

    @property
    def zone(self) -> str:
        """The team's IANA zone."""

    @property
    def look(self) -> "Look":
        """The styles to draw with."""

    @property
    def looks(self) -> Mapping[str, "Look"]: ...

    def now(self) -> datetime: ...

    def say(self, text: str, tone: str = "say") -> None: ...

    def complain(self, error: "SocError") -> None:
        """Show what went wrong on the bottom line. Any thread may call it."""

    async def ask(self, label: str, **how: "Unpack[Asking]") -> str | None:
        """Return what is typed on the bottom line, or None."""

    async def choose(self, label: str, choices: Mapping[str, str]) -> str | None:
        """Return the key of `choices` that was pressed, or None."""

    async def confirm(self, question: str) -> bool:
        """Return whether `y` was pressed."""

    async def change(
        self, verb: Callable[..., T], *args: object, done: str = "", **kwargs: object
    ) -> T | None:
        """Run a service in one unit of work; return its result, or None when it was refused."""

    def progress(self, release: Callable[[], None], share: float) -> None:
        """Show how far a long change has come; `release` lets keys be answered meanwhile."""

    def show(self, name: str) -> None:
        """Bring the screen called `name` to the front."""

    def open(self, page: "Page | Screen[Any]") -> Awaitable[object]:
        """Show `page` above the screen in front; back returns to it. Await it to ask on it."""

    def open_ticket(self, ticket_id: int | None) -> None:
        """Show a ticket; for None the one just opened, or say that there is none."""

    def search(self, text: str) -> None:
        """List what a filter finds in all that is retained; raises UsageError."""

    def action_actions(self) -> None:
        """Show what was done, by whom."""

    def shift_lines(self, codes: str) -> None:
        """Send `codes` that shift lines on the terminal, together with the next change of lines."""

    def copy(self, text: str) -> None:
        """Put `text` on the terminal's clipboard."""

    def edit_text(self, text: str, *, draft: str = "") -> str | None:
        """Return `text` as the analyst's $EDITOR left it, or None."""

    def leave(self, code: int) -> None:
        """End the program; what is half written is kept."""

    # Of the store and the keys.

    away_since: datetime | None
    """Since when the database cannot be used."""

    def lose_store(self, why: str, since: datetime) -> None:
        """Refuse every change, and say so on every screen, until `regain_store`."""

    def regain_store(self) -> None:
        """Take changes again."""

    def take_rights(self, *, may_change: bool) -> None:
        """Refuse every change, or take changes again: the database decides who may."""

    def tell(self, message: "Message") -> None:
        """Send `message` to the screen in front."""

    def let_keys_in(self) -> None:
        """Answer keys from now on: there is a screen, and what verbs import is loaded."""

    def hold_keys(self) -> Callable[[], None]:
        """Let keys that are typed now wait until what is returned is called."""

    def hold_keys_to_read(self) -> Callable[[], None]:
        """Let keys wait as `hold_keys` does, but for those that leave the screen."""

    def hold_keys_behind(
        self, screen: "Screen[Any] | None" = None, *, moves_pass: bool = False
    ) -> Callable[[], None]:
        """Let keys wait as `hold_keys_to_read` does, if a key has caused what is done here."""

    def keys_wait(self) -> AbstractContextManager[None]:
        """Let keys wait meanwhile as `hold_keys_behind` does."""

    def call_for_key(self, callback: Callable[[], object]) -> None:
        """Call it after the next refresh, as part of what the key just pressed does."""

    @property
    def is_key_under_way(self) -> bool:
        """Whether what a key does is still being done, but for what it has left to tasks."""

    # Textual's own.

    @property
    def is_headless(self) -> bool: ...

    @property
    def screen(self) -> "Screen[Any]": ...

    def pop_screen(self) -> object: ...

    def switch_screen(self, screen: "Screen[Any]") -> object: ...

    def call_next(self, callback: Callable[..., object], *args: object) -> None: ...

    def call_after_refresh(
        self, callback: Callable[..., object], *args: object, **kwargs: object
    ) -> bool: ...

    def set_timer(self, delay: float, callback: Callable[[], object]) -> "Timer": ...

    def get_key_display(self, binding: "Binding") -> str: ...

    async def run_action(self, action: str, default_namespace: "DOMNode | None" = None) -> bool: ...


def console(node: "DOMNode") -> Console:
    """Return the console `node` is in."""
    return cast("Console", node.app)
