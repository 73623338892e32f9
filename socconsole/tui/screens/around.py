"""The lines of a file around one of them, as many as are wanted."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.tui.cells import clock
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.lines import Line
from socconsole.tui.reading.freshness import ReadsFirst
from socconsole.tui.tasks import task
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from socconsole.store.events import EventStore, Kept

_FIRST, _FEWEST, _MOST = 10, 5, 640


class AroundScreen(ReadsFirst, Screen[None]):
    """Shows a retained line between its neighbours; `+` and `-` take more and fewer of them."""

    TITLE = "Around"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("around.more", "plus", "take(2)", "More lines around it", hint="more"),
        key("around.fewer", "minus", "take(-2)", "Fewer lines around it", hint="fewer"),
        key("text.copy", "y", "copy", "Copy the text", hint="copy"),
    ]

    def __init__(self, title: str, source_id: int, generation_id: int, offset: int) -> None:
        """Show what lies around the line at `offset` of a file's generation."""
        super().__init__()
        self.title = title
        self._at = (source_id, generation_id, offset)
        self._count = _FIRST

    def compose(self) -> ComposeResult:
        yield from framed(TextPane())

    def on_mount(self) -> None:
        self.query_one(TextPane).focus()
        self.let_keys_in_after(self.load())

    @task
    async def load(self) -> None:
        at, count = self._at, self._count

        def read(events: "EventStore") -> "tuple[Kept, ...]":
            return events.around(*at, count, count)

        found = await console(self).store.with_events(read)
        if count != self._count:
            return
        self.query_one("#bar", Drawn).show(
            (f" {self.title} ", "tab-active"), (f"  ±{count} lines  + more, - fewer", "muted")
        )
        lines = [_line(kept, here=kept.offset == at[2]) for kept in found]
        gone = "These lines are past their retention; the alert keeps its own."
        pane = self.query_one(TextPane)
        pane.show(lines or [((gone, "muted"),)], top=True)
        here = next((n for n, kept in enumerate(found) if kept.offset == at[2]), 0)
        pane.show_line(here)

    def action_take(self, by: int) -> None:
        count = self._count * by if by > 0 else self._count // -by
        self._count = max(_FEWEST, min(count, _MOST))
        self.load()

    def action_copy(self) -> None:
        console(self).copy(self.query_one(TextPane).text)


def _line(kept: "Kept", *, here: bool) -> Line:
    when = clock(kept.event.time) if kept.event.time else "--:--:--"
    return (
        (f"{'▌' if here else ' '}{when} ", "muted"),
        (kept.event.raw, "matched" if here else ""),
    )
