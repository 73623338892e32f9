"""A screen of text: an event, a page of the manual, a runbook."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.lines import Line
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.header import StatusHeader
from socconsole.tui.widgets.prompt import PromptLine
from socconsole.tui.widgets.text_pane import TextPane


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
    """Return the lines of a Markdown page; what is wrapped in it goes on as one line."""
    lines: list[Line] = []
    fenced, paragraph = False, ""
    for written in [*text.splitlines(), ""]:
        if paragraph and (fenced or not _goes_on(written)):
            lines.append(_styled(paragraph))
            paragraph = ""
        if written.startswith("```"):
            fenced = not fenced
        elif fenced:
            lines.append(((f"    {written}", "key"),))
        elif written.startswith("#"):
            lines.append(((written.lstrip("#").strip(), "heading"),))
        elif written.startswith("|") or not written.strip():
            lines.append(_styled(written))
        else:
            paragraph = f"{paragraph} {written.strip()}" if paragraph else written
    return lines[:-1]


def _goes_on(written: str) -> bool:
    """Return whether a line belongs to the paragraph or the list item above it."""
    begins = written.lstrip()
    is_item = begins[:2] in ("- ", "* ") or begins.partition(". ")[0].isdecimal()
    return bool(begins) and not is_item and not written.startswith(("#", "|", "```"))


def _styled(text: str) -> Line:
    """Return a line whose `code` and *stressed* words are drawn, not marked."""
    parts: list[tuple[str, str]] = []
    for number, part in enumerate(text.split("`")):
        if number % 2:
            parts.append((part, "key"))
            continue
        stressed = part.replace("**", "*").split("*")
        if len(stressed) % 2 == 0:  # an asterisk that stands for itself
            stressed = [part]
        parts += [(one, "prompt" if at % 2 else "") for at, one in enumerate(stressed)]
    return tuple(part for part in parts if part[0])
