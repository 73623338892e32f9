"""The `:` line: words for everything, completed by Tab."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socconsole import content
from socconsole.core.views import SHIPPED_VIEWS
from socconsole.errors import UsageError
from socconsole.tui import themes
from socconsole.tui.messages import Narrow
from socconsole.tui.pages import AlertPage, TextPage
from socconsole.tui.screens import SCREENS
from socconsole.tui.verbs.ask_number import number_in

if TYPE_CHECKING:
    from socconsole.tui.console import Console


@dataclass(frozen=True, slots=True)
class Command:
    """One word of the `:` line."""

    help: str
    run: Callable[["Console", str], Awaitable[None]]
    complete: Callable[["Console"], Sequence[str]] = lambda _: ()
    """What may follow the word."""
    is_whole: bool = False
    """Whether the word alone says everything."""


async def ask_and_run(app: "Console", initial: str = "") -> None:
    """Ask for a command, of which `initial` stands there already, and run it."""

    async def offers(text: str) -> Sequence[str]:
        return completions(app, text)

    line = await app.ask(":", initial=initial, complete=offers)
    if line and line.strip():
        await run(app, line.strip())


def completions(app: "Console", text: str) -> list[str]:
    """Return the lines `text` could become."""
    word, space, rest = text.lstrip().partition(" ")
    if not space:
        return sorted(f"{name} " for name in _words(app) if name.startswith(word))
    command = COMMANDS.get(word)
    if command is None:
        return []
    return [f"{word} {value}" for value in command.complete(app) if value.startswith(rest)]


async def run(app: "Console", line: str) -> None:
    """Run one line.

    Raises:
        UsageError: There is no such command.

    """
    word, _, rest = line.partition(" ")
    words = _words(app)
    if word in COMMANDS:
        await COMMANDS[word].run(app, rest.strip())
    elif word in {entry.name for entry in SCREENS}:
        app.show(word)
    elif word in words:
        for active in app.screen.active_bindings.values():
            if active.binding.id == word:
                await app.run_action(active.binding.action, active.node)
                return
    else:
        import difflib

        near = difflib.get_close_matches(word, words, 1)
        hint = f"Did you mean :{near[0]}?" if near else "Ctrl-P lists everything."
        raise UsageError(f"There is no command :{word}.", hint=hint)


def _words(app: "Console") -> set[str]:
    live = {
        active.binding.id for active in app.screen.active_bindings.values() if active.binding.id
    }
    return {*COMMANDS, *(entry.name for entry in SCREENS), *live}


async def _quit(app: "Console", rest: str) -> None:
    del rest
    app.leave(0)


async def _theme(app: "Console", rest: str) -> None:
    app.theme = themes.known(rest, app.looks)


async def _manual(app: "Console", rest: str) -> None:
    from socconsole.tui.screens.text import markdown_lines

    page = content.manual_page(rest or "index")
    app.open(TextPage(f"Manual: {rest or 'index'}", markdown_lines(page)))


async def _view(app: "Console", rest: str) -> None:
    from socconsole.tui.saved_views import run_view_command

    await run_view_command(app, rest)


async def _filter(app: "Console", rest: str) -> None:
    app.show("queue")
    app.call_for_key(lambda: app.tell(Narrow(rest)))


async def _alert(app: "Console", rest: str) -> None:
    app.open(AlertPage((number_in(rest),)))


async def _hunt(app: "Console", rest: str) -> None:
    app.search(rest)


async def _actions(app: "Console", rest: str) -> None:
    del rest
    app.action_actions()


COMMANDS: dict[str, Command] = {
    "manual": Command("Read the manual", _manual, lambda app: list(content.manual_topics())),
    "q": Command("Quit", _quit, is_whole=True),
    "quit": Command("Quit", _quit, is_whole=True),
    "view": Command(
        "Show a saved view of the list; save NAME, team NAME, remove NAME",
        _view,
        lambda _: ("save ", "team ", "remove ", *(view.name for view in SHIPPED_VIEWS)),
    ),
    "filter": Command("Filter the queue", _filter),
    "alert": Command("Open an alert by its number", _alert),
    "hunt": Command("Search all retained events by a filter", _hunt),
    "actions": Command("What was done, by whom", _actions, is_whole=True),
    "theme": Command("Change the colours", _theme, lambda app: sorted(app.looks)),
}
"""Words that are not keys."""
