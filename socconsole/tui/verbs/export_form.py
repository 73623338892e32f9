"""Handing a case out from the console: audience, format, file."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from socconsole.core.home import at_home
from socconsole.core.storable import storable
from socconsole.errors import FileError
from socconsole.tui.asking import read_first

if TYPE_CHECKING:
    from socconsole.store.queries.incidents import IncidentRow
    from socconsole.store.queries.tickets import TicketRow
    from socconsole.tui.console import Console

_AUDIENCES: Mapping[str, str] = MappingProxyType(
    {
        "p": "public",
        "c": "community",
        "l": "clients",
        "o": "organisation",
        "r": "recipients",
    }
)
_FORMATS: Mapping[str, str] = MappingProxyType(
    {"m": "md", "h": "html", "j": "json", "s": "stix", "c": "csv"}
)
_TICKET_FORMATS: Mapping[str, str] = MappingProxyType({"m": "md", "h": "html", "j": "json"})


async def export(app: "Console", kind: str, row: "IncidentRow | TicketRow") -> None:
    """Ask who will read a case and in which format, and write the file; say what was withheld."""
    from socconsole.core.tlp import Audience
    from socconsole.services import exports
    from socconsole.store.queries.fields import marks_of

    marks = await read_first(app, marks_of, kind, row.id)
    audience = await app.choose(f"{row.human_id} is {marks.label}. Read by", _AUDIENCES)
    formats = _FORMATS if kind == "incident" else _TICKET_FORMATS
    pressed = await app.choose("As", formats) if audience else None
    if audience is None or pressed is None:
        return
    order = exports.Order(
        format=exports.Format(formats[pressed]),
        audience=Audience(_AUDIENCES[audience]),
        organisation=app.settings.shift.name,
    )
    name = exports.filename(row.human_id, order.format)
    path = await app.ask("File", initial=str(Path.cwd() / name))
    if not path or not await _may_write(app, path):
        return
    verb = exports.export_incident if kind == "incident" else exports.export_ticket
    made = await app.change(verb, row.id, order)
    if made is None:
        return
    await app.store.in_thread(lambda: _write(path, made.text))
    withheld = "; ".join(each.sentence() for each in made.withheld)
    app.say(f"{path} is written{f'; {withheld}' if withheld else ''}")


async def _may_write(app: "Console", path: str) -> bool:
    there = await app.store.in_thread(lambda: at_home(path).exists())
    return not there or await app.confirm(f"{path} is there already. Write over it?")


def _write(path: str, text: str) -> None:
    try:
        place = at_home(path)
        place.touch(mode=0o600)
        place.write_text(str(storable(text)), encoding="utf-8")
    except OSError as error:
        raise FileError(f"It cannot be written: {error.strerror}.", where=path) from None
