"""Handing an incident out from the console: audience, format, file."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from socconsole.core.storable import storable
from socconsole.errors import FileError

if TYPE_CHECKING:
    from socconsole.store.queries.incidents import IncidentRow
    from socconsole.tui.app import ConsoleApp

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


async def export(app: "ConsoleApp", row: "IncidentRow") -> None:
    """Ask who will read it and in which format, and write the file; say what was withheld."""
    from socconsole.core.tlp import Audience
    from socconsole.services import exports

    audience = await app.choose(f"{row.human_id} is TLP:{row.tlp}. Read by", _AUDIENCES)
    kind = await app.choose("As", _FORMATS) if audience else None
    if audience is None or kind is None:
        return
    order = exports.Order(
        format=exports.Format(_FORMATS[kind]),
        audience=Audience(_AUDIENCES[audience]),
        organisation=app.settings.shift.name,
    )
    made = await app.change(exports.export_incident, row.id, order)
    if made is None:
        return
    path = await app.ask("File", initial=str(Path.cwd() / made.filename))
    if not path:
        return
    await app.store.in_thread(lambda: _write(path, made.text))
    withheld = "; ".join(each.sentence() for each in made.withheld)
    app.say(f"{path} is written{f'; {withheld}' if withheld else ''}")


def _write(path: str, text: str) -> None:
    try:
        Path(path).expanduser().write_text(str(storable(text)), encoding="utf-8")
    except OSError as error:
        raise FileError(f"It cannot be written: {error.strerror}.", where=path) from None
