"""The queue: open alerts, ranked."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.header import StatusHeader
from socconsole.tui.widgets.prompt import PromptLine
from socconsole.tui.widgets.table import Column, VirtualTable


class QueueScreen(Screen[None]):
    """Open alerts, the highest rank first."""

    TITLE = "Queue"
    BINDINGS: ClassVar[list[BindingType]] = []

    def compose(self) -> ComposeResult:
        yield StatusHeader()
        yield Drawn([("[Open]", "tab-active")], id="bar")
        yield VirtualTable([Column[str]("title", "Rule", 20, str, grow=1)], empty="No open alert.")
        yield PromptLine()

    def on_mount(self) -> None:
        self.query_one(VirtualTable).focus()
