"""A screen of text: an event, a page of the manual, a runbook."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.header import StatusHeader
from socconsole.tui.widgets.prompt import PromptLine
from socconsole.tui.widgets.text_pane import Line, TextPane


class TextScreen(Screen[None]):
    """Shows lines; `q` goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("text.copy", "y", "copy", "Copy the text", hint="copy"),
    ]

    def __init__(self, title: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self.title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        yield StatusHeader()
        yield Drawn([(f" {self.title} ", "tab-active")], id="bar")
        yield TextPane()
        yield PromptLine()

    def on_mount(self) -> None:
        pane = self.query_one(TextPane)
        pane.show(self._lines, top=True)
        pane.focus()

    def action_copy(self) -> None:
        console(self).copy(self.query_one(TextPane).text)


def markdown_lines(text: str) -> list[Line]:
    """Return the lines of a Markdown page, headings and code told apart."""
    lines: list[Line] = []
    fenced = False
    for written in text.splitlines():
        if written.startswith("```"):
            fenced = not fenced
            continue
        if fenced:
            lines.append(((f"    {written}", "key"),))
        elif written.startswith("#"):
            lines.append(((written.lstrip("#").strip(), "heading"),))
        else:
            lines.append(((written, ""),))
    return lines
