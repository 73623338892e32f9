"""Editing one field of a case on the bottom line, while a colleague may edit it too."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from socconsole.tui.asking import read_first
from socconsole.tui.verbs.ask_when import ask_moment

if TYPE_CHECKING:
    from socconsole.tui.console import Console

_MOMENTS = frozenset({"deadline", "started_at"})
_KEYS = "123456789abcdefghijklmnoprstuvwxyz"
"""`q` leaves."""


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
    value = await _asked(app, f"{kind}:{case_id}:{name}", field, before, choices)
    if value is None:
        return
    edit = case_edit.edit_ticket if kind == "ticket" else case_edit.edit_incident
    result = await app.change(edit, case_id, {name: value}, {name: before})
    if result is None:
        return
    if not result.conflicts:
        app.say(f"{label} set · u undoes")
        return
    theirs = result.conflicts[0].theirs
    offers = {"m": f"mine: {value}", "t": f"theirs: {theirs}"}
    if isinstance(value, str) and isinstance(theirs, str) and not choices:
        offers["b"] = f"both: {theirs}; {value}"
    pressed = await app.choose(f"A colleague wrote: {theirs}. {label}", offers)
    if pressed in {"m", "b"}:
        kept = value if pressed == "m" else f"{theirs}; {value}"
        await app.change(edit, case_id, {name: kept}, {name: theirs}, done=f"{label} set")
    else:
        app.drafts.put(f"{kind}:{case_id}:{name}", str(value))
        app.say(f"Kept theirs; yours was: {value}")


async def _asked(
    app: "Console",
    place: str,
    field: tuple[str, str],
    before: object,
    choices: Sequence[str],
) -> object:
    """Return the new value as the field keeps it, or None when the analyst leaves."""
    name, label = field
    if name in _MOMENTS:
        return await ask_moment(app, f"{label} (2h, 14:30)")
    if choices:
        offers = dict(zip(_KEYS, choices, strict=False))
        pressed = await app.choose(label, offers)
        return offers[pressed] if pressed else None
    shown = " ".join(before) if isinstance(before, list) else str(before or "")
    text = await app.ask(label, initial=shown, draft=place, lines=name == "description")
    return text.split() if text is not None and isinstance(before, list) else text
