"""What is done with lines of the live tail: they become evidence of a ticket or an incident."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from socconsole.core.event import Event, entities
from socconsole.core.filter_edit import include
from socconsole.tui.reading.store_access import AnyRow, AnySession
from socconsole.tui.reading.tail_reading import Asked, read_first
from socconsole.tui.verbs.ask_case import ask_incident
from socconsole.tui.widgets.tail import TailLine

if TYPE_CHECKING:
    from datetime import datetime

    from socconsole.store.events import EventStore, Kept
    from socconsole.tui.console import Console

Verb = Callable[["Console", Sequence[TailLine]], Awaitable[bool]]
"""Asks, acts, and returns whether the lines are done with."""

_TICKET = re.compile(r"SOC-\d{4}-\d{1,9}", re.IGNORECASE)
_GROUPED, _GROUPS = 20_000, 200
"""So many of the newest lines are counted by value, and so many values shown."""
_RUN = 200
"""Lines read at once after a marked one: marked lines often lie beside each other."""


def lines_of(events: "EventStore", lines: Sequence[TailLine]) -> "list[Kept]":
    """Return the retained events behind `lines`; those past their retention are missing."""
    found: dict[tuple[int, int], Kept] = {}
    for line in lines:
        if line.key not in found:
            more = events.around(line.source_id, *line.key, 0, _RUN if len(lines) > 1 else 0)
            found.update({(kept.generation_id, kept.offset): kept for kept in more})
    return [found[line.key] for line in lines if line.key in found]


async def attach_to_ticket(app: "Console", lines: Sequence[TailLine]) -> bool:
    """Ask for a ticket, or for the title of a new one, and attach the lines; tell whether done."""
    from socconsole.services import line_evidence

    said = await app.ask(
        f"Attach {counted(lines)} to SOC-…, or to a new ticket called",
        complete=partial(_open_tickets, app),
    )
    if not said or not said.strip():
        return False
    found = await app.store.with_events(lambda events: lines_of(events, lines))
    if _TICKET.fullmatch(said.strip()):
        return await _attach(app, said.strip(), found, len(lines))
    row = await app.change(
        partial(line_evidence.open_from_lines, policy=app.settings), said.strip(), found
    )
    if row is None:
        return False
    app.fresh_ticket_id = row.id
    app.say(f"{row.human_id} has {_kept(found, len(lines))} · T goes there · u undoes")
    return True


async def attach_to_incident(app: "Console", lines: Sequence[TailLine]) -> bool:
    """Ask for an incident and attach the lines to it; tell whether that was done."""
    name = await ask_incident(app, f"Attach {counted(lines)} to incident")
    if name is None:
        return False
    found = await app.store.with_events(lambda events: lines_of(events, lines))
    return await _attach(app, name, found, len(lines))


async def _attach(app: "Console", name: str, found: "Sequence[Kept]", wanted: int) -> bool:
    from socconsole.services import line_evidence

    def attach(session: AnySession, *, by: str, now: "datetime") -> AnyRow:
        from socconsole.store.queries.subjects import subject

        about = subject(session, name)
        line_evidence.attach_lines(session, about, found, by=by, now=now)
        return about

    about = await app.change(attach)
    if about is None:
        return False
    there = ""
    if about.kind == "ticket":
        app.fresh_ticket_id, there = about.id, " · T goes there"
    app.say(f"{about.name} has {_kept(found, wanted)}{there} · u undoes")
    return True


def counted(lines: "Sequence[object]") -> str:
    """Return `1 line` or `12 lines`."""
    return "1 line" if len(lines) == 1 else f"{len(lines)} lines"


def _kept(found: "Sequence[Kept]", wanted: int) -> str:
    lost = wanted - len(found)
    return counted(found) + (f", {lost} are past their retention" if lost else "")


async def _open_tickets(app: "Console", text: str) -> Sequence[str]:
    """Return the numbers of open tickets that begin with `text`, the newest first."""
    from socconsole.store.queries.tickets import OPEN_STATUSES, TicketFilter, tickets

    rows = await app.store.read(tickets, TicketFilter(statuses=tuple(OPEN_STATUSES)))
    numbers = sorted((row.human_id for row in rows), reverse=True)
    return [number for number in numbers if number.startswith(text.upper())][:20]


def values_of(event: Event, *, entities_only: bool = False) -> dict[str, tuple[str, str]]:
    """Return key → field and value for the values of an event that a filter can ask for."""
    named = entities(event)
    found = {
        "h": ("host", named.get("host", "")),
        "u": ("user", named.get("user", "")),
        "i": ("source_ip", named.get("source_ip", "")),
        "p": ("process", named.get("process", "")),
    }
    if not entities_only:
        found |= {
            "s": ("source", event.line.source if event.line else ""),
            "r": ("format", event.format),
            "c": ("category", str(event.category)),
        }
    return {pressed: (name, value) for pressed, (name, value) in found.items() if value}


async def group_by(
    app: "Console", asked: Asked, typed: str, narrow: Callable[[str], object]
) -> None:
    """Count the values of a field among the newest events; Enter narrows to one."""
    from socconsole.tui.pages import Choice, ChoicePage

    fields = {"h": "host", "u": "user", "i": "source_ip", "p": "process", "s": "source"}
    fields |= {"r": "format", "c": "category"}
    pressed = await app.choose("Group by", fields)
    if pressed is None:
        return
    name = fields[pressed]
    looked, counts = await app.store.with_events(lambda events: _counts(events, asked, pressed))
    choices = [
        Choice(f"{count:,}", value, partial(narrow, include(typed, name, value)))
        for value, count in counts.most_common(_GROUPS)
    ]
    app.open(
        ChoicePage(f"The newest {looked:,} lines by {name}", choices, heads=("Lines", "Value", ""))
    )


def _counts(events: "EventStore", asked: Asked, pressed: str) -> "tuple[int, Counter[str]]":
    if asked.accepts is None:
        found: Sequence[Kept] = events.recent(_GROUPED, asked.source_id).events
    else:
        found = read_first(events, asked, _GROUPED)[1].events
    counts: Counter[str] = Counter()
    for kept in found:
        named = values_of(kept.event).get(pressed)
        if named is not None:
            counts[named[1]] += 1
    return len(found), counts
