"""Declaring an incident: one question after the other on the bottom line."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from socconsole.tui.open_ref import open_ref

if TYPE_CHECKING:
    from socconsole.services.incidents import Declaration, Impact
    from socconsole.store.queries.tickets import TicketRow
    from socconsole.tui.app import ConsoleApp

KINDS: Mapping[str, str] = MappingProxyType({"s": "security", "v": "service"})
_LEVELS = MappingProxyType({"n": "none", "l": "low", "m": "medium", "h": "high"})
_LOSS = MappingProxyType({"n": "none", "l": "low", "h": "high"})
_RECOVERY = MappingProxyType(
    {"r": "regular", "s": "supplemented", "e": "extended", "n": "not_recoverable"}
)


async def declare_from_ticket(app: "ConsoleApp", row: "TicketRow") -> None:
    """Ask for the declaration of a ticket's incident, confirm it and open the incident."""
    from socconsole.services import declaring
    from socconsole.store.queries.subjects import Subject

    declaration = await ask_declaration(app, row.title)
    if declaration is None:
        return
    about = f"SEV{declaration.severity} from {row.human_id}"
    if not await app.confirm(f"Declare {about}? You take command."):
        return
    cases: Sequence[Subject] = [Subject("ticket", row.id, row.human_id)]
    made = await app.change(declaring.declare_from, cases, declaration, policy=app.settings)
    if made is not None:
        await open_ref(app, made.human_id)
        app.say(f"{made.human_id} declared, you have command · u undoes")


async def ask_declaration(app: "ConsoleApp", title: str) -> "Declaration | None":
    """Ask severity, kind, title, impact, scope and indicators; None when the analyst leaves."""
    from socconsole.services.incidents import SEVERITIES, Declaration

    criteria = {str(level): text for level, text in SEVERITIES.items()}
    severity = await app.choose("SEV, if unsure the higher", criteria)
    if severity is None:
        return None
    kind = await app.choose("It is", {"s": "a security incident", "v": "a loss of service"})
    if kind is None:
        return None
    named = await app.ask("Title", initial=title)
    if not named:
        return None
    impact = await _ask_impact(app)
    if impact is None:
        return None
    reach = await _ask_reach(app)
    if reach is None:
        return None
    return Declaration(
        severity=int(severity),
        title=named,
        kind=KINDS[kind],
        scope=reach[0],
        impact=impact,
        indicators=tuple(reach[1].split()),
    )


async def _ask_reach(app: "ConsoleApp") -> tuple[str, str] | None:
    """Ask for the scope and the first indicators."""
    scope = await app.ask("Scope: what is hit (may be empty)")
    if scope is None:
        return None
    indicators = await app.ask("Known bad: addresses, domains, hashes (may be empty)")
    return None if indicators is None else (scope, indicators)


async def _ask_impact(app: "ConsoleApp") -> "Impact | None":
    from socconsole.services.incidents import Impact

    functional = await app.choose("Business hindered", _LEVELS)
    if functional is None:
        return None
    lost: list[str] = []
    for name in ("Secrets out", "Data altered", "Data out of reach"):
        pressed = await app.choose(name, _LOSS)
        if pressed is None:
            return None
        lost.append(_LOSS[pressed])
    recovery = await app.choose("Recovery", _RECOVERY)
    if recovery is None:
        return None
    return Impact(
        functional=_LEVELS[functional],
        confidentiality=lost[0],
        integrity=lost[1],
        availability=lost[2],
        recoverability=_RECOVERY[recovery],
    )
