"""What is done to tickets at the console, on the list and on the ticket's own screen."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from textual.binding import Binding

from socconsole.core.moment import past_moment
from socconsole.tui.keymap import key
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.texts.ticket_fields import edit_fields
from socconsole.tui.verbs.ask_case import ask_incident
from socconsole.tui.verbs.ask_number import ask_number, ask_numbers
from socconsole.tui.verbs.ask_others import ask_whom, keep_answer
from socconsole.tui.verbs.ask_when import ask_moment
from socconsole.tui.verbs.field_edit import edit_field
from socconsole.tui.verbs.ticket_more import more

if TYPE_CHECKING:
    from socconsole.store.queries.tickets import TicketRow
    from socconsole.tui.console import Console

BINDINGS: tuple[Binding, ...] = (
    key("ticket.next", "greater_than_sign", "verb('next')", "Next status", hint="next status"),
    key("ticket.claim", "a", "verb('claim')", "It is mine: work on it", hint="mine"),
    key("ticket.note", "c", "verb('note')", "Write a note", hint="note"),
    key("ticket.edit", "e", "verb('edit')", "What we think, what is unchecked, what is next"),
    key("ticket.resolve", "x", "verb('resolve')", "Resolve as …", hint="resolve"),
    key("ticket.assign", "A", "verb('assign')", "Assign to …"),
    key("ticket.wait", "s", "verb('wait')", "Wait on somebody: the clock stands still"),
    key("ticket.reopen", "X,less_than_sign", "verb('reopen')", "Reopen"),
    key("ticket.finding", "C", "verb('finding')", "Record what was checked and seen"),
    key("ticket.task", "m", "verb('task')", "Add a task, finish one, cancel one"),
    key("ticket.priority", "P", "verb('priority')", "Priority from impact and urgency"),
    key("ticket.merge", "M", "verb('merge')", "Merge into another ticket"),
    key("ticket.link", "L", "verb('link')", "Link to another ticket"),
    key("ticket.declare", "I", "verb('declare')", "Declare an incident"),
    key("ticket.attach", "i", "verb('attach')", "Attach to an incident"),
    key("ticket.ask", "o", "verb('ask')", "Asked somebody; or their answer"),
    key("ticket.more", "comma", "verb('more')", "More: watch, correct, custody, detach, ignore"),
    key("ticket.new", "plus", "verb('new')", "New ticket for what somebody reports", hint="new"),
)

DISPOSITIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "t": ("true_positive:malicious", "true positive: malicious"),
        "p": ("true_positive:policy", "true positive: policy"),
        "e": ("benign_positive:expected", "benign positive: expected"),
        "m": ("benign_positive:maintenance", "benign positive: maintenance"),
        "k": ("benign_positive:test", "benign positive: test"),
        "f": ("false_positive:rule_logic", "false positive: rule logic"),
        "F": ("false_positive:bad_data", "false positive: bad data"),
        "u": ("undetermined", "undetermined"),
    }
)
_NEEDS_NOTE = frozenset({"t", "p", "u"})


@dataclass(frozen=True, slots=True)
class Chosen:
    """The tickets a verb acts on."""

    ids: tuple[int, ...]
    row: "TicketRow | None"
    """The one under the cursor, else the first of them that is loaded."""

    def __str__(self) -> str:
        if len(self.ids) == 1 and self.row is not None:
            return self.row.human_id
        return f"{len(self.ids)} tickets"


Verb = Callable[["Console", Chosen], Awaitable[None]]


async def _next(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import tickets

    status = chosen.row.status if chosen.row else "open"
    if status in {"open", "waiting"}:
        await app.change(tickets.start, chosen.ids, done=f"{chosen}: work started")
    elif status == "in_progress":
        await _resolve(app, chosen)
    elif status == "resolved":
        await app.change(tickets.close, chosen.ids, policy=app.settings, done=f"{chosen} closed")
    else:
        app.say(f"{chosen} is closed; X reopens it.")


async def _claim(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import tickets

    def claim(session: AnySession, *, by: str, now: datetime) -> object:
        tickets.assign(session, chosen.ids, by, by=by, now=now)
        return chosen

    await app.change(claim, done=f"{chosen} is yours")


async def _assign(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import tickets

    to = await app.ask(f"Assign {chosen} to (empty: nobody)", initial=app.login)
    if to is not None:
        await app.change(
            tickets.assign, chosen.ids, to.strip() or None, done=f"{chosen}: {to or 'nobody'}"
        )


async def _wait(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import tickets

    on = await app.ask(f"{chosen} waits on")
    if not on:
        return
    chase_at = await ask_moment(app, "Chase when (2h, 14:30)")
    if chase_at is not None:
        await app.change(
            tickets.wait, chosen.ids, on, chase_at, done=f"{chosen} waits, its clock stands"
        )


async def _resolve(app: "Console", chosen: Chosen) -> None:
    from socconsole.core.disposition import parse_verdict
    from socconsole.services import tickets

    labels = {pressed: label for pressed, (_, label) in DISPOSITIONS.items()}
    pressed = await app.choose(f"Resolve {chosen} as", labels)
    if pressed is None:
        return
    needed = "" if pressed in _NEEDS_NOTE else " (may be empty)"
    note = await app.ask(f"What it was{needed}", draft=f"resolve:{chosen.ids[0]}", lines=True)
    if note is None:
        return
    verdict = parse_verdict(DISPOSITIONS[pressed][0], note=note)
    exceptions = await _exceptions(app, chosen)
    if exceptions is None:
        return
    resolution = tickets.Resolution(verdict, exceptions)
    await app.change(
        tickets.resolve,
        chosen.ids,
        resolution,
        policy=app.settings,
        done=f"{chosen} resolved as {labels[pressed]}",
    )


async def _exceptions(app: "Console", chosen: Chosen) -> Mapping[int, Any] | None:
    """Ask which alerts are given back instead; none are for a ticket with one alert."""
    if len(chosen.ids) != 1 or chosen.row is None or chosen.row.alert_count < 2:
        return {}
    label = f"Closes its {chosen.row.alert_count} alerts; keep open (numbers)"
    kept = await ask_numbers(app, label)
    return None if kept is None else dict.fromkeys(kept)


async def _reopen(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import tickets

    if chosen.row and len(chosen.ids) == 1 and chosen.row.status not in ("resolved", "closed"):
        app.say(f"{chosen} is {chosen.row.status.replace('_', ' ')}: there is nothing to reopen.")
        return
    reason = await app.ask(f"Reopen {chosen}: what came up")
    if reason:
        await app.change(tickets.reopen, chosen.ids, reason, done=f"{chosen} is open again")


async def _note(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import notes

    ticket_id = chosen.ids[0]
    body = await app.ask(f"Note on {_one(chosen)}", draft=f"ticket:{ticket_id}:note", lines=True)
    if body:
        await app.change(_about(notes.add, ticket_id, body), done="Noted")


async def _finding(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import findings

    ticket_id = chosen.ids[0]
    check = await ask_check(app, f"ticket:{ticket_id}")
    if check is not None:
        await app.change(_about(findings.add, ticket_id, check), done="Finding recorded")


async def ask_check(app: "Console", place: str) -> "Any | None":  # noqa: ANN401 - imported late
    """Ask for what was checked, what was seen and what it means; None when the analyst leaves."""
    from socconsole.services.findings import Check, Meaning

    checked = await app.ask("Checked what", draft=f"{place}:checked")
    if not checked:
        return None
    saw = await app.ask("Saw what", draft=f"{place}:saw")
    if not saw:
        return None
    meanings = {"r": Meaning.RULES_OUT, "s": Meaning.SUPPORTS, "i": Meaning.INCONCLUSIVE}
    pressed = await app.choose("It", {"r": "rules out", "s": "supports", "i": "is inconclusive"})
    return (
        None if pressed is None else Check(checked=checked, result=saw, meaning=meanings[pressed])
    )


FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "h": ("hypothesis", "hypothesis"),
        "u": ("unchecked", "unchecked"),
        "n": ("next_step", "next step"),
        "d": ("deadline", "deadline"),
        "t": ("title", "title"),
        "c": ("category", "category"),
        "l": ("tlp", "TLP"),
        "p": ("pap", "PAP"),
        "g": ("tags", "tags"),
        "r": ("description", "report"),
    }
)


async def _edit(app: "Console", chosen: Chosen) -> None:
    labels = {k: label for k, (_, label) in FIELDS.items()}
    pressed = await app.choose(f"Edit {_one(chosen)}", {**labels, "f": "its template's fields"})
    if pressed == "f":
        await edit_fields(app, chosen.ids[0], _one(chosen))
    elif pressed is not None:
        await edit_field(app, "ticket", chosen.ids[0], FIELDS[pressed])


async def _task(app: "Console", chosen: Chosen) -> None:
    await task_on(app, "ticket", chosen.ids[0], _one(chosen))


async def task_on(app: "Console", kind: str, case_id: int, name: str) -> None:
    """Add a task to a case, finish one or cancel one."""
    from socconsole.services import tasks
    from socconsole.store.queries.subjects import Subject

    pressed = await app.choose(
        f"Task of {name}", {"a": "add", "m": "add, mandatory", "d": "done", "x": "cancel"}
    )
    if pressed in {"a", "m"}:
        title = await app.ask("Task")
        if title:
            step = tasks.Step(title=title, mandatory=pressed == "m")
            await app.change(tasks.add, Subject(kind, case_id, name), [step], done="Task added")
    elif pressed in {"d", "x"}:
        number = await ask_number(app, "Number of the task")
        if number is None:
            return
        if pressed == "d":
            await app.change(tasks.finish, number, done="Task done")
        else:
            reason = await app.ask("Why it is not done")
            if reason:
                await app.change(tasks.cancel, number, reason, done="Task cancelled")


async def _ask(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import escalations

    pressed = await app.choose(_one(chosen), {"a": "we asked somebody", "r": "they answered"})
    if pressed == "r":
        await keep_answer(app, "ticket", chosen.ids[0])
        return
    request = await ask_whom(app) if pressed else None
    if request is None:
        return
    await app.change(_about(escalations.ask, chosen.ids[0], request), done="Kept")


async def _priority(app: "Console", chosen: Chosen) -> None:
    from socconsole.core.priority import Level, Priority, grid_of, priority
    from socconsole.services import tickets
    from socconsole.services.ticket_clock import Stake

    levels = {"h": Level.HIGH, "m": Level.MEDIUM, "l": Level.LOW}
    named = {"h": "high", "m": "medium", "l": "low"}
    impact = await app.choose(f"Impact of {chosen}", {**named, "o": "override the grid"})
    if impact is None:
        return
    if impact == "o":
        level = await app.choose("Priority", {"1": "P1", "2": "P2", "3": "P3", "4": "P4"})
        reason = await app.ask("Why not the grid's") if level else None
        if not level or not reason:
            return
        stake = Stake(override=Priority(f"P{level}"), reason=reason)
    else:
        grid = grid_of(app.settings.priority)
        offers = {
            pressed: f"{name} → {priority(levels[impact], levels[pressed], grid)}"
            for pressed, name in named.items()
        }
        urgency = await app.choose(f"Impact {named[impact]}, urgency", offers)
        if urgency is None:
            return
        stake = Stake(levels[impact], levels[urgency])
    await app.change(
        tickets.set_priority, chosen.ids, stake, policy=app.settings, done=f"{chosen}: set"
    )


async def _merge(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import ticket_links

    name = await app.ask(f"Merge {chosen} into", initial="SOC-")
    if not name:
        return

    def merge(session: AnySession, *, by: str, now: datetime) -> object:
        from socconsole.store.queries.subjects import ticket

        into = ticket(session, name)
        return ticket_links.merge(session, chosen.ids, into.id, by=by, now=now)

    await app.change(merge, done=f"{chosen} merged into {name}")


async def _link(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import ticket_links

    name = await app.ask(f"Link {_one(chosen)} to", initial="SOC-")
    if not name:
        return
    kinds = {"r": "related", "d": "duplicate", "b": "blocks"}
    pressed = await app.choose("It is", kinds)
    if pressed is None:
        return

    def link(session: AnySession, *, by: str, now: datetime) -> object:
        from socconsole.store.queries.subjects import ticket

        other = ticket(session, name)
        ticket_links.link(session, chosen.ids[0], other.id, kinds[pressed], by=by, now=now)
        return other

    await app.change(link, done=f"Linked to {name}")


async def _declare(app: "Console", chosen: Chosen) -> None:
    from socconsole.store.queries.subjects import Subject
    from socconsole.tui.pages import DeclarePage

    if chosen.row is not None:
        about = Subject("ticket", chosen.row.id, chosen.row.human_id)
        app.open(DeclarePage([about], chosen.row.title))


async def _attach(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import incidents

    name = await ask_incident(app, f"Attach {_one(chosen)} to incident")
    if not name:
        return

    def attach(session: AnySession, *, by: str, now: datetime) -> object:
        from socconsole.store.queries.subjects import incident

        about = incident(session, name)
        return incidents.attach_ticket(session, about.id, chosen.ids[0], by=by, now=now)

    await app.change(attach, done=f"{_one(chosen)} is part of {name}")


async def new_ticket(app: "Console", _chosen: Chosen | None = None) -> None:
    """Ask what a person reports, in short questions, and open the ticket."""
    from socconsole.services import templates, tickets
    from socconsole.tui.verbs.open_ref import open_ref

    title = await app.ask("New ticket: what is reported", draft="ticket:new")
    if not title:
        return
    reporter = await app.ask("Reported by, contact (may be empty)")
    if reporter is None:
        return
    channels = {"p": "phone", "m": "mail", "c": "chat", "w": "walk-in", "o": "other"}
    channel = await app.choose("By", channels)
    if channel is None:
        return
    about = await app.ask("About which host or service, since when (lap-17, 10m; may be empty)")
    if about is None:
        return
    kinds = sorted(templates.load_templates(app.settings.cases))
    category = await app.ask(f"Kind, may be empty ({', '.join(kinds)})")
    if category is None:
        return
    who, _, contact = reporter.partition(",")
    what, _, since = about.partition(",")
    zone = ZoneInfo(app.zone)
    report = tickets.Report(
        title=title,
        reporter=who.strip(),
        contact=contact.strip(),
        channel=channels[channel],
        reported_at=past_moment(since, now=app.now(), zone=zone) if since.strip() else None,
        asset=what.strip(),
        category=category.strip(),
        assignee=app.login,
    )
    row = await app.change(tickets.open_by_hand, report, policy=app.settings)
    if row is not None:
        await open_ref(app, row.human_id)
        app.say(f"{row.human_id} is open and yours · u undoes")


async def _more(app: "Console", chosen: Chosen) -> None:
    await more(app, chosen.ids[0], _one(chosen))


async def _new(app: "Console", chosen: Chosen) -> None:
    await new_ticket(app, chosen)


def _about(verb: Callable[..., Any], ticket_id: int, value: object) -> Callable[..., Any]:
    """Return a change that calls `verb(session, the ticket, value)`."""

    def work(session: AnySession, *, by: str, now: datetime) -> object:
        from socconsole.store.queries.subjects import Subject, name_of

        about = Subject("ticket", ticket_id, name_of(session, "ticket", ticket_id))
        return verb(session, about, value, by=by, now=now)

    return work


def _one(chosen: Chosen) -> str:
    return chosen.row.human_id if chosen.row else "the ticket"


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "next": _next,
        "claim": _claim,
        "assign": _assign,
        "wait": _wait,
        "resolve": _resolve,
        "reopen": _reopen,
        "note": _note,
        "finding": _finding,
        "edit": _edit,
        "task": _task,
        "ask": _ask,
        "priority": _priority,
        "merge": _merge,
        "link": _link,
        "declare": _declare,
        "attach": _attach,
        "more": _more,
        "new": _new,
    }
)
