"""What one does with the whole ticket or incident on screen: go on from it, read it, copy it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from socconsole.core.observable import defang
from socconsole.tui.pages import RefsPage, TextPage
from socconsole.tui.texts.ticket_text import task_line
from socconsole.tui.verbs.open_ref import open_ref

if TYPE_CHECKING:
    from socconsole.store.queries.tickets import TaskRow
    from socconsole.tui.console import Console
    from socconsole.tui.lines import Line


async def open_named(app: "Console", name: str, refs: Sequence[str]) -> None:
    """Open the one thing that the case called `name` names, or list them."""
    if not refs:
        app.say(f"{name} names no alert, ticket or incident.")
    elif len(refs) == 1:
        await open_ref(app, refs[0])
    else:
        app.open(RefsPage(f"In {name}", refs))


def show_tasks(app: "Console", name: str, tasks: "Sequence[TaskRow]") -> None:
    """Show every task with what it says."""
    lines: list[Line] = []
    for each in tasks:
        lines.append(task_line(each, app.now()))
        if each.description and each.description != each.title:
            lines.append(((f"          {each.description}", "muted"),))
    app.open(TextPage(f"Tasks of {name}", lines or [(("It has no tasks.", "muted"),)]))


async def copy_marked(app: "Console", kind: str, number: int, text: str) -> None:
    """Copy the text under its marks; what leaves the console says who may have it."""
    from socconsole.store.queries.fields import marks_of

    marks = await app.store.read(marks_of, kind, number)
    app.copy(f"{marks.label}\n{defang(text)}")
