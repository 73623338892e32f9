"""Lists to choose from: help, palette, saved views, undo. Typing filters, Enter takes."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.pages import Choice
from socconsole.tui.screens import SCREENS
from socconsole.tui.tasks import task
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from socconsole.tui.console import Console


_KEYS = ("Key", "Does", "Name")
_NAMES_FROM = 100
"""From so many columns on the names of keys do not cut what the keys do."""


def _columns(heads: tuple[str, str, str]) -> tuple[Column[Choice], ...]:
    key, text, group = heads
    least = _NAMES_FROM if heads == _KEYS else 60
    return (
        Column("key", key, 20, lambda row: row.key, lambda _: "key"),
        Column("text", text, 30, lambda row: row.text, grow=1),
        Column("group", group, 24, lambda row: row.group, lambda _: "muted", least=least),
    )


class PickScreen(Screen[None]):
    """Shows choices, filters them as you type after `/`, runs the one Enter is pressed on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("pick.filter", "slash", "filter", "Filter the list", hint="filter"),
        key("pick.clear", "backslash", "clear", "Show the whole list again"),
    ]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        filtering: bool = False,
        heads: tuple[str, str, str] = _KEYS,
        empty: str = "There is nothing to choose from · q goes back",
    ) -> None:
        super().__init__()
        self._empty = empty
        self._heads = heads
        self.title = title
        self._choices = tuple(choices)
        self._filtering = filtering
        self._needle = ""

    def compose(self) -> ComposeResult:
        columns = _columns(self._heads)
        empty = "Nothing matches · \\ shows the whole list" if self._choices else self._empty
        table = VirtualTable(columns, empty=empty)
        table.is_of_store = False
        yield from framed(table)

    def on_mount(self) -> None:
        self.query_one(VirtualTable).focus()
        self._apply("")
        if self._filtering:
            self.action_filter()

    def _apply(self, needle: str) -> None:
        self._needle = needle
        words = needle.casefold().split()
        shown = [
            (number, choice) for number, choice in enumerate(self._choices) if _fits(choice, words)
        ]
        table = self.query_one(VirtualTable)
        table.show_rows(shown)
        table.move_to(0)
        self.query_one("#bar", Drawn).show(
            (f" {self.title} ", "tab-active"), (f"  /{needle}" if needle else "", "prompt")
        )

    @task
    async def action_filter(self) -> None:
        said = await console(self).ask("/", initial=self._needle, on_change=self._apply)
        if said is None:
            return
        if self._filtering and self.query_one(VirtualTable).line_count:
            self._run_cursor()

    def action_clear(self) -> None:
        self._apply("")

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        message.stop()
        self._run_cursor()

    def _run_cursor(self) -> None:
        choice = self.query_one(VirtualTable).cursor_row
        if choice is None or choice.run is None:
            return
        app = console(self)
        app.pop_screen()
        app.call_for_key(choice.run)


def _fits(choice: Choice, words: Sequence[str]) -> bool:
    text = f"{choice.key} {choice.text} {choice.group}".casefold()
    return all(word in text for word in words)


def help_of(app: "Console", screen: Screen[Any]) -> PickScreen:
    """Return the keys that are live on `screen`; Enter runs one."""
    return PickScreen(f"Keys of {screen.title or 'this screen'}", _live_keys(app, screen))


def palette(app: "Console") -> PickScreen:
    """Return everything that can be done by name."""
    screens = [
        Choice(entry.number, f"Go to {entry.title}", partial(app.show, entry.name), "screen")
        for entry in SCREENS
    ]
    looks = [
        Choice("", f"Theme {name}", partial(setattr, app, "theme", name), "theme")
        for name in sorted(app.looks)
    ]
    keys = _live_keys(app, app.screen)
    return PickScreen("Palette", [*keys, *screens, *_commands(app), *looks], filtering=True)


def _commands(app: "Console") -> list[Choice]:
    """Return the words of the `:` line; one that needs more is left standing there to be ended."""
    from socconsole.tui import commands

    @task
    async def run(node: DOMNode, word: str) -> None:
        if commands.COMMANDS[word].is_whole:
            await commands.run(app, word)
        else:
            await commands.ask_and_run(app, f"{word} ")

    return [
        Choice(f":{word}", command.help, partial(run, app, word), "command")
        for word, command in commands.COMMANDS.items()
    ]


def _live_keys(app: "Console", screen: Screen[Any]) -> list[Choice]:
    found: dict[str, tuple[list[str], str, Callable[[], Any]]] = {}
    for active in screen.active_bindings.values():
        binding, node = active.binding, active.node
        if binding.id is None:
            continue
        run = _runner(app, binding.action, node)
        found.setdefault(binding.id, ([], binding.tooltip, run))[0].append(
            app.get_key_display(binding)
        )
    rows = [
        Choice(" ".join(keys), text, run, binding_id)
        for binding_id, (keys, text, run) in found.items()
    ]
    return sorted(
        rows, key=lambda row: row.group.split(".")[0] in ("app", "screen", "list", "text")
    )


def _runner(app: "Console", action: str, node: DOMNode) -> Callable[[], Any]:
    async def run() -> None:
        await app.run_action(action, node)

    return run
