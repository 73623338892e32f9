"""What is seldom done to a ticket: one key leads to all of it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from socconsole.tui.asking import read_first
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.verbs.ask_number import ask_number, ask_numbers

if TYPE_CHECKING:
    from socconsole.tui.console import Console


async def more(app: "Console", ticket_id: int, name: str) -> None:
    """Ask what else to do to a ticket, and do it."""
    labels = {pressed: label for pressed, (label, _) in _OFFERS.items()}
    pressed = await app.choose(f"{name}: more", labels)
    if pressed is not None:
        await _OFFERS[pressed][1](app, ticket_id, name)


async def _watch(app: "Console", ticket_id: int, name: str) -> None:
    from socconsole.services import tickets

    await app.change(tickets.watch, [ticket_id], app.login, done=f"{name}: watching turned over")


async def _detach(app: "Console", ticket_id: int, name: str) -> None:
    from socconsole.services import tickets

    numbers = await ask_numbers(app, f"Take which alerts out of {name} (numbers)")
    if numbers:
        await app.change(tickets.detach_alerts, ticket_id, numbers, done=f"Out of {name}")


async def _unlink(app: "Console", ticket_id: int, name: str) -> None:
    from socconsole.services import ticket_links

    other = await app.ask(f"{name} has nothing to do with", initial="SOC-")
    if not other:
        return

    def work(session: AnySession, *, by: str, now: datetime) -> object:
        from socconsole.store.queries.subjects import ticket

        found = ticket(session, other)
        ticket_links.unlink(session, ticket_id, found.id, by=by, now=now)
        return found

    await app.change(work, done=f"Link to {other} taken back")


async def _correct(app: "Console", ticket_id: int, _name: str) -> None:
    from socconsole.services import notes
    from socconsole.store.queries.notes import notes as notes_of

    rows = [
        row for row in await read_first(app, notes_of, "ticket", ticket_id) if not row.corrected
    ]
    if not rows:
        app.say("There is no note to correct.")
        return
    number = await ask_number(app, "Correct note number", initial=str(rows[-1].id))
    if number is None:
        return
    old = next((row for row in rows if row.id == number), None)
    if old is None:
        app.say("There is no such note that was not corrected already.")
        return
    place = f"note:{old.id}:correct"
    body = await app.ask(f"Note {old.id} should say", initial=old.body, draft=place, lines=True)
    if body:
        await app.change(notes.correct, old.id, body, done="Corrected; the old note stays readable")


async def _lines(app: "Console", ticket_id: int, name: str) -> None:
    from socconsole.services import evidence
    from socconsole.store.queries.subjects import Subject
    from socconsole.store.queries.tickets import alerts_of

    ids = [alert.id for alert in await app.store.read(alerts_of, (ticket_id,))]
    about = Subject("ticket", ticket_id, name)
    if ids:
        await app.change(evidence.attach_alert_lines, about, ids, done="Lines of its alerts kept")
    else:
        app.say(f"{name} has no alerts.")


async def _custody(app: "Console", ticket_id: int, name: str) -> None:
    from socconsole.store.queries import notes as queries
    from socconsole.tui.cells import stamp
    from socconsole.tui.lines import Line
    from socconsole.tui.pages import TextPage
    from socconsole.tui.texts.ticket_text import evidence_line

    def read(session: AnySession) -> list[Line]:
        lines: list[Line] = []
        for piece in queries.evidence(session, "ticket", ticket_id):
            lines += [(), evidence_line(piece), ((f"     sha256 {piece.sha256}", "muted"),)]
            lines += [
                ((f"     {stamp(row.at)}  {row.by}  {row.verb}  {row.detail}", ""),)
                for row in queries.custody(session, piece.id)
            ]
        return lines[1:] or [(("No evidence is attached.", "muted"),)]

    app.open(TextPage(f"Chain of custody, {name}", await app.store.read(read)))


async def _ignore(app: "Console", ticket_id: int, _name: str) -> None:
    from socconsole.services import observables
    from socconsole.store.queries.notes import observables as seen

    rows = await read_first(app, seen, "ticket", ticket_id)
    entry = await app.ask(
        "Ignore (value, 10.0.0.0/8, .corp, *.cdn.example)", initial=rows[0].value if rows else ""
    )
    reason = await app.ask("Why nobody follows it") if entry else None
    if entry and reason:
        await app.change(observables.ignore_all, entry, reason, done=f"{entry} is ignored")


async def _follow(app: "Console", _ticket_id: int, _name: str) -> None:
    from socconsole.services import observables

    entries = await read_first(app, observables.ignored)
    if not entries:
        app.say("Nothing is ignored.")
        return
    entry = await app.ask("Follow again", initial=entries[-1].value)
    if entry:
        await app.change(observables.follow_all, entry, done=f"{entry} is followed again")


async def _task_again(app: "Console", _ticket_id: int, _name: str) -> None:
    from socconsole.services import tasks

    number = await ask_number(app, "Take up which task again (number)")
    if number is not None:
        await app.change(tasks.reopen, number, done="Task is open again")


_Offer = Callable[["Console", int, str], Awaitable[None]]
_OFFERS: Mapping[str, tuple[str, _Offer]] = MappingProxyType(
    {
        "w": ("watch, or no longer", _watch),
        "n": ("correct a note", _correct),
        "l": ("attach its alerts' lines", _lines),
        "c": ("chain of custody", _custody),
        "d": ("take alerts out", _detach),
        "u": ("take a link back", _unlink),
        "t": ("take up a task again", _task_again),
        "i": ("ignore values", _ignore),
        "f": ("follow values again", _follow),
    }
)
