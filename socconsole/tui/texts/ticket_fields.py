"""The fields a ticket's template adds: shown in its order, answered one by one."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from socconsole.tui.asking import read_first
from socconsole.tui.lines import Line

if TYPE_CHECKING:
    from socconsole.services.templates import Answer
    from socconsole.tui.console import Console

_KEYS = "123456789abcdefghijklmnoprstuvwxyz"
"""`q` leaves."""


def field_lines(answers: "Sequence[Answer]") -> Iterator[Line]:
    """Yield each field with its answer; one that resolving waits for has a `!`."""
    for answer in answers:
        must = "! " if answer.is_missing else "  "
        yield (
            (must, "warn"),
            (f"{answer.field.title}: ", "muted"),
            (answer.value or "– e f answers it", "" if answer.value else "muted"),
        )


async def edit_fields(app: "Console", ticket_id: int, name: str) -> None:
    """Ask which field of the template, and for its answer."""
    from socconsole.services.case_edit import FIELD
    from socconsole.services.templates import answers
    from socconsole.tui.verbs.field_edit import edit_field

    found = await read_first(app, answers, ticket_id, app.settings.cases)
    if not found:
        app.say(f"The template of {name} adds no fields; tickets of a category with one have them.")
        return
    offers = {
        pressed: f"{answer.field.title}: {answer.value or ('! ' if answer.is_missing else '–')}"
        for pressed, answer in zip(_KEYS, found, strict=False)
    }
    pressed = await app.choose(f"Field of {name}", offers)
    if pressed is None:
        return
    field = found[_KEYS.index(pressed)].field
    choices = ("yes", "no") if field.kind == "yes_no" else field.choices
    await edit_field(app, "ticket", ticket_id, (FIELD + field.name, field.title), choices)
