"""What takes an alert further: notes, findings, tickets, incidents."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from textual.binding import Binding

from socconsole.errors import NotFoundError
from socconsole.tui.asking import read_first
from socconsole.tui.keymap import key
from socconsole.tui.reading.store_access import AnyRow, AnySession
from socconsole.tui.verbs.alert_verbs import Target, Verb, perform
from socconsole.tui.verbs.ask_case import ask_incident
from socconsole.tui.verbs.deed import Deed

if TYPE_CHECKING:
    from socconsole.tui.console import Console

BINDINGS: tuple[Binding, ...] = (
    key("alert.note", "c", "verb('note')", "Write a note", hint="note"),
    key("alert.ticket", "t", "verb('ticket')", "Open a ticket, or add to one", hint="ticket"),
    key("alert.declare", "I", "verb('declare')", "Declare an incident", hint="declare"),
    key("alert.finding", "C", "verb('finding')", "Record what was checked and seen"),
    key("alert.attach", "i", "verb('attach')", "Attach to an incident"),
)
"""Both screens that show alerts have these."""

_TICKET = re.compile(r"SOC-\d{4}-\d{1,9}", re.IGNORECASE)


async def _note(app: "Console", target: Target) -> bool:
    from socconsole.services import notes

    draft = f"alert:{target.ids[0]}:note"
    body = await app.ask(f"Note on {target}", draft=draft, lines=True)
    if body:
        await perform(app, target.ids, Deed(_on_each(notes), "Noted on", more=(body,)))
    return False


async def _finding(app: "Console", target: Target) -> bool:
    from socconsole.services import findings

    draft = f"alert:{target.ids[0]}"
    checked = await app.ask(f"On {target}: checked what", draft=f"{draft}:checked")
    if not checked:
        return False
    result = await app.ask("Saw what", draft=f"{draft}:saw")
    if not result:
        return False
    meaning = await app.choose(
        "Which", {"r": "rules it out", "s": "supports it", "i": "is inconclusive"}
    )
    meanings = {"r": "rules_out", "s": "supports", "i": "inconclusive"}
    if meaning is None:
        return False
    check = findings.Check(
        checked=checked, result=result, meaning=findings.Meaning(meanings[meaning])
    )
    await perform(app, target.ids, Deed(_on_each(findings), "Finding on", more=(check,)))
    return False


def _on_each(service: ModuleType) -> Callable[..., AnyRow]:
    """Return what adds to alerts with `service`, to one or to several, and says to which."""

    def add(
        session: AnySession, ids: Sequence[int], said: object, *, by: str, now: datetime
    ) -> AnyRow:
        from socconsole.services.alerts import Done
        from socconsole.store.queries.subjects import Subject

        abouts = [Subject("alert", number, f"alert {number}") for number in ids]
        if len(abouts) == 1:
            service.add(session, abouts[0], said, by=by, now=now)
        else:
            service.add_to_each(session, abouts, said, by=by, now=now)
        return Done("", tuple(ids))

    return add


async def _ticket(app: "Console", target: Target) -> bool:
    from socconsole.services import ticket_alerts, tickets

    await read_first(app, ticket_alerts.require_none_taken, list(target.ids))
    title = target.row.title if target.row else ""
    said = await app.ask(f"Ticket for {target}: title, or SOC-… to add", initial=title)
    if said is None:
        return False
    ids = list(target.ids)
    if _TICKET.fullmatch(said.strip()):

        def add(session: AnySession, *, by: str, now: datetime) -> AnyRow:
            from socconsole.store.queries.subjects import subject

            found = subject(session, said.strip())
            return tickets.add_alerts(session, found.id, ids, by=by, now=now)

        row = await app.change(add)
    else:

        def open_one(session: AnySession, *, by: str, now: datetime) -> AnyRow:
            return tickets.open_from_alerts(
                session, ids, by=by, now=now, title=said.strip(), policy=app.settings
            )

        row = await app.change(open_one)
    if row is None:
        return False
    app.fresh_ticket_id = row.id
    app.say(f"{row.human_id} has {target} · T goes there · u undoes")
    return True


async def _declare(app: "Console", target: Target) -> bool:
    from socconsole.store.queries.subjects import Subject
    from socconsole.tui.pages import DeclarePage

    cases = [Subject("alert", number, f"alert {number}") for number in target.ids]
    app.open(DeclarePage(cases, target.row.title if target.row else ""))
    return False


async def _attach(app: "Console", target: Target) -> bool:
    from socconsole.services import declaring

    name = await ask_incident(app, f"Attach {target} to incident")
    if not name:
        return False

    def attach(session: AnySession, *, by: str, now: datetime) -> AnyRow:
        from socconsole.store.queries.subjects import subject

        incident = subject(session, name)
        if incident.kind != "incident":
            raise NotFoundError(f"{name!r} is no incident.")
        return declaring.attach_alerts(
            session, incident.id, target.ids, by=by, now=now, policy=app.settings
        )

    row = await app.change(attach)
    if row is None:
        return False
    are = "is" if len(target.ids) == 1 else "are"
    app.say(f"{target} {are} part of {row.human_id} · u undoes")
    return True


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "note": _note,
        "finding": _finding,
        "ticket": _ticket,
        "declare": _declare,
        "attach": _attach,
    }
)
"""The name in a binding's action → the verb."""
