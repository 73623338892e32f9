"""Editing one field of a case on the bottom line, while a colleague may edit it too."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from socconsole.tui.asking import read_first
from socconsole.tui.verbs.ask_when import ask_moment, ask_past

if TYPE_CHECKING:
    from socconsole.tui.console import Console

_KEYS = "123456789abcdefghijklmnoprstuvwxyz"
"""`q` leaves."""

_BRIEF = 60
"""Characters of a text that are shown of it in a question."""


async def edit_field(
    app: "Console",
    kind: str,
    case_id: int,
    field: tuple[str, str],
    choices: Sequence[str] = (),
) -> None:
    """Ask for a field's new value; a colleague's change meanwhile is shown, not overwritten."""
    from socconsole.services import case_edit
    from socconsole.store.queries.fields import field_of

    name, label = field
    before = await read_first(app, field_of, kind, case_id, name)
    place = f"{kind}:{case_id}:{name}"
    begun = app.drafts.begun_from(place, _written(before))
    value = await _asked(app, place, field, before, choices)
    if value is None:
        return
    if begun != _written(before):  # the text was left unfinished before a colleague wrote
        base: object = begun.split() if isinstance(before, list) else begun
    else:
        base = before
    edit = case_edit.edit_ticket if kind == "ticket" else case_edit.edit_incident
    result = await app.change(edit, case_id, {name: value}, {name: base})
    if result is None:
        return
    if not result.conflicts:
        app.say(f"{label} set · u undoes")
        return
    theirs = result.conflicts[0].theirs
    kept = await settle(app, (place, label), value, theirs, joint="" if choices else "; ")
    if kept is not None:
        await app.change(edit, case_id, {name: kept}, {name: theirs}, done=f"{label} set")


async def settle(
    app: "Console", about: tuple[str, str], mine: object, theirs: object, *, joint: str
) -> object:
    """Show what a colleague wrote meanwhile; return what stands now, None where theirs does.

    Args:
        app: The console.
        about: The name of the draft that keeps mine where theirs stands, and of the field.
        mine: What was typed.
        theirs: What stands there by now.
        joint: What joins both; empty where only one can stand.

    """
    place, label = about
    offers = {"m": f"mine: {_brief(mine)}", "t": f"theirs: {_brief(theirs)}"}
    both = f"{theirs}{joint}{mine}"
    if isinstance(mine, str) and isinstance(theirs, str) and joint:
        offers["b"] = f"both: {_brief(both)}"
    pressed = await app.choose(f"A colleague wrote: {_brief(theirs)}. {label}", offers)
    if pressed == "m":
        return mine
    if pressed == "b":
        return both
    app.drafts.put(place, str(mine))
    app.say(f"Kept theirs; yours was: {_brief(mine)}")
    return None


def _brief(value: object) -> str:
    """Return a value in one line of the bottom line."""
    first, *rest = str(value).splitlines() or [""]
    return f"{first[:_BRIEF]}…" if rest or len(first) > _BRIEF else first


async def _asked(
    app: "Console",
    place: str,
    field: tuple[str, str],
    before: object,
    choices: Sequence[str],
) -> object:
    """Return the new value as the field keeps it, or None when the analyst leaves."""
    name, label = field
    if name == "started_at":
        return await ask_past(app, f"{label} (2h ago, 14:30)")
    if name == "deadline":
        return await ask_moment(app, f"{label} (2h, 14:30)")
    if choices:
        offers = dict(zip(_KEYS, choices, strict=False))
        pressed = await app.choose(label, offers)
        return offers[pressed] if pressed else None
    text = await app.ask(label, initial=_written(before), draft=place, lines=name == "description")
    return text.split() if text is not None and isinstance(before, list) else text


def _written(value: object) -> str:
    """Return a field's value as it is edited."""
    return " ".join(value) if isinstance(value, list) else str(value or "")
