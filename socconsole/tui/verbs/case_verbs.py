"""What takes an alert further: notes, findings, tickets, incidents, copies, pipes."""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from textual.binding import Binding

from socconsole.errors import ForbiddenError, NotFoundError
from socconsole.tui.asking import read_first
from socconsole.tui.keymap import key
from socconsole.tui.reading.store_access import AnyRow, AnySession
from socconsole.tui.verbs import quiet_verbs
from socconsole.tui.verbs.alert_verbs import Target, Verb

if TYPE_CHECKING:
    from socconsole.tui.console import Console

BINDINGS: tuple[Binding, ...] = (
    key("alert.note", "c", "verb('note')", "Write a note", hint="note"),
    key("alert.ticket", "t", "verb('ticket')", "Open a ticket, or add to one", hint="ticket"),
    key("alert.declare", "I", "verb('declare')", "Declare an incident", hint="declare"),
    key("alert.finding", "C", "verb('finding')", "Record what was checked and seen"),
    key("alert.attach", "i", "verb('attach')", "Attach to an incident"),
    key("alert.copy", "y", "verb('copy')", "Copy what identifies it, defanged"),
    key("alert.pipe", "vertical_line", "verb('pipe')", "Pipe its lines to a command"),
    *quiet_verbs.BINDINGS,
)
"""Both screens that show alerts have these."""

_TICKET = re.compile(r"SOC-\d{4}-\d{1,9}", re.IGNORECASE)


async def _note(app: "Console", target: Target) -> bool:
    from socconsole.services import notes

    alert_id = target.ids[0]
    body = await app.ask(f"Note on alert {alert_id}", draft=f"alert:{alert_id}:note", lines=True)
    if body:

        def write(session: AnySession, *, by: str, now: datetime) -> object:
            from socconsole.store.queries.subjects import subject

            return notes.add(session, subject(session, str(alert_id)), body, by=by, now=now)

        await app.change(write, done="Noted")
    return False


async def _finding(app: "Console", target: Target) -> bool:
    from socconsole.services import findings

    alert_id = target.ids[0]
    checked = await app.ask("Checked what", draft=f"alert:{alert_id}:checked")
    if not checked:
        return False
    result = await app.ask("Saw what", draft=f"alert:{alert_id}:saw")
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

    def record(session: AnySession, *, by: str, now: datetime) -> object:
        from socconsole.store.queries.subjects import subject

        return findings.add(session, subject(session, str(alert_id)), check, by=by, now=now)

    await app.change(record, done="Finding recorded")
    return False


async def _ticket(app: "Console", target: Target) -> bool:
    from socconsole.services import tickets

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
    from socconsole.services import incidents, tickets

    name = await app.ask(f"Attach {target} to incident", initial="INC-")
    if not name:
        return False

    def attach(session: AnySession, *, by: str, now: datetime) -> AnyRow:
        from socconsole.store.queries.subjects import subject

        incident = subject(session, name)
        if incident.kind != "incident":
            raise NotFoundError(f"{name!r} is no incident.")
        ticket_id = target.row.ticket_id if target.row else None
        if ticket_id is None:
            opened = tickets.open_from_alerts(
                session, list(target.ids), by=by, now=now, policy=app.settings
            )
            ticket_id = opened.id
        return incidents.attach_ticket(session, incident.id, ticket_id, by=by, now=now)

    row = await app.change(attach)
    if row is None:
        return False
    app.say(f"{target} is part of {row.human_id} · u undoes")
    return True


async def _copy(app: "Console", target: Target) -> bool:
    from socconsole.core.observable import defang
    from socconsole.store.queries.fields import marks_of

    row = target.row
    if row is not None:
        marks = await app.store.read(marks_of, "alert", row.id)
        label = marks.label if row.ticket_id else ""
        values = (f"alert {row.id}", row.title, row.host, row.user, row.source_ip, label)
        app.copy(defang("  ".join(value for value in values if value)))
    return False


async def _pipe(app: "Console", target: Target) -> bool:
    from socconsole.core.tlp import OutwardAction, may_act
    from socconsole.store.queries.alerts import alert_evidence
    from socconsole.store.queries.fields import marks_of
    from socconsole.tui.pages import TextPage
    from socconsole.tui.terminal import editor

    marks = await read_first(app, marks_of, "alert", target.ids[0])
    if not may_act(OutwardAction.LOOK_UP, marks.pap):
        raise ForbiddenError(f"Its case is {marks.pap.label}: no command gets to see it.")
    command = await app.ask("Pipe its lines to", initial="")
    if not command:
        return False
    lines = await read_first(app, alert_evidence, target.ids[0])
    text = "\n".join(line.text for line in lines) + "\n"
    output = await app.store.in_thread(lambda: editor.pipe(text, command))
    shown = [((line, ""),) for line in output.splitlines()] or [(("It printed nothing.", "muted"),)]
    app.open(TextPage(f"| {command}", shown))
    if not app.read_only:
        await _keep_output(app, target.ids[0], command, output)
    return False


async def _keep_output(app: "Console", alert_id: int, command: str, output: str) -> None:
    from socconsole.services import evidence

    capture = evidence.Capture(
        content=output.encode(), kind="output", title=f"output of {command}", command=command
    )

    def attach(session: AnySession, *, by: str, now: datetime) -> object:
        from socconsole.store.queries.subjects import subject

        return evidence.attach(session, subject(session, str(alert_id)), capture, by=by, now=now)

    await app.change(attach, done=f"Output attached to alert {alert_id}")


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "note": _note,
        "finding": _finding,
        "ticket": _ticket,
        "declare": _declare,
        "attach": _attach,
        "copy": _copy,
        "pipe": _pipe,
        **quiet_verbs.VERBS,
    }
)
"""The name in a binding's action → the verb."""
