"""What an incident does to the business and its data, in the steps of NIST SP 800-61."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from socconsole.tui.verbs.field_edit import edit_field

if TYPE_CHECKING:
    from socconsole.tui.console import Console

LEVELS = MappingProxyType({"n": "none", "l": "low", "m": "medium", "h": "high"})
LOSS = MappingProxyType({"n": "none", "l": "low", "h": "high"})
RECOVERY = MappingProxyType(
    {"r": "regular", "s": "supplemented", "e": "extended", "n": "not_recoverable"}
)
_FIELDS: Mapping[str, tuple[str, str, Mapping[str, str]]] = MappingProxyType(
    {
        "f": ("functional_impact", "functional", LEVELS),
        "c": ("confidentiality_impact", "confidentiality", LOSS),
        "i": ("integrity_impact", "integrity", LOSS),
        "a": ("availability_impact", "availability", LOSS),
        "r": ("recoverability", "recoverability", RECOVERY),
    }
)


async def edit_impact(app: "Console", incident_id: int) -> None:
    """Ask which impact of an incident is another one by now, and what it is."""
    pressed = await app.choose("Impact", {key: label for key, (_, label, _) in _FIELDS.items()})
    if pressed is not None:
        name, label, steps = _FIELDS[pressed]
        await edit_field(app, "incident", incident_id, (name, label), tuple(steps.values()))
