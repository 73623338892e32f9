"""What is done to an incident at the console."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from textual.binding import Binding

from socconsole.core.lifecycle import INCIDENT
from socconsole.tui.asking import read_first
from socconsole.tui.keymap import key
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.verbs import incident_course
from socconsole.tui.verbs.ask_when import ask_past, ask_when
from socconsole.tui.verbs.field_edit import edit_field
from socconsole.tui.verbs.impact import edit_impact
from socconsole.tui.verbs.incident_course import Chosen
from socconsole.tui.verbs.ticket_verbs import ask_check, task_on

if TYPE_CHECKING:
    from socconsole.tui.console import Console

BINDINGS: tuple[Binding, ...] = (
    key("incident.next", "greater_than_sign", "verb('next')", "Next phase", hint="next phase"),
    key("incident.previous", "less_than_sign", "verb('previous')", "Back to an earlier phase"),
    key("incident.command", "a", "verb('command')", 'Say "I have command"', hint="command"),
    key("incident.role", "A", "verb('role')", "Give somebody a role"),
    key("incident.note", "c", "verb('note')", "Write a note", hint="note"),
    key("incident.finding", "C", "verb('finding')", "Record what was checked and seen"),
    key("incident.happened", "t", "verb('happened')", "Add to the timeline", hint="timeline"),
    key("incident.measure", "m", "verb('measure')", "Countermeasures"),
    key("incident.told", "o", "verb('told')", "Log a message that was given"),
    key("incident.escalate", "O", "verb('escalate')", "Ask who is next on the path; their answer"),
    key("incident.indicator", "i", "verb('indicator')", "Known bad values"),
    key("incident.edit", "e", "verb('edit')", "Next step, scope, impact, services down …"),
    key("incident.task", "k", "verb('task')", "Add a task, finish one, cancel one"),
    key("incident.severity", "P", "verb('severity')", "Change the severity"),
    key("incident.end", "x", "verb('end')", "It was none: declared in error"),
    key("incident.merge", "M", "verb('merge')", "Merge into another incident"),
)


Verb = Callable[["Console", Chosen], Awaitable[None]]


async def _next(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import incidents

    place = INCIDENT.states.index(chosen.row.phase)
    if place + 1 >= len(INCIDENT.states):
        app.say(f"{chosen} is closed; < takes it back.")
        return
    phase = INCIDENT.states[place + 1]
    if await app.confirm(f"{chosen}: enter {phase.replace('_', ' ')}?"):
        await app.change(incidents.move_phase, chosen.id, phase, done=f"{chosen}: {phase}")


async def _previous(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import incidents

    earlier = INCIDENT.states[: INCIDENT.states.index(chosen.row.phase)]
    if not earlier:
        app.say(f"{chosen} is in its first phase.")
        return
    offers = {str(n): phase.replace("_", " ") for n, phase in enumerate(earlier, start=1)}
    pressed = await app.choose(f"{chosen}: back to", offers)
    reason = await app.ask("Why back") if pressed else None
    if pressed and reason:
        phase = earlier[int(pressed) - 1]
        await app.change(
            incidents.move_phase, chosen.id, phase, reason, done=f"{chosen}: back to {phase}"
        )


async def _command(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import incidents

    before = chosen.row.commander or "nobody"
    if await app.confirm(f"I have command of {chosen} (now {before})"):
        await app.change(incidents.take_command, chosen.id, done=f"You have command of {chosen}")


async def _role(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import incidents

    roles = {"d": "deputy", "s": "scribe", "l": "liaison", "r": "responder"}
    pressed = await app.choose(f"Role in {chosen}", roles)
    login = await app.ask(f"Who is {roles[pressed]}", initial=app.login) if pressed else None
    if pressed and login:
        await app.change(
            incidents.assign_role,
            chosen.id,
            roles[pressed],
            login,
            done=f"{login} is {roles[pressed]}",
        )


async def _note(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import notes

    body = await app.ask(f"Note on {chosen}", draft=f"incident:{chosen.id}:note", lines=True)
    if body:
        await app.change(_about(notes.add, chosen, body), done="Noted")


async def _finding(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import findings

    check = await ask_check(app, f"incident:{chosen.id}")
    if check is not None:
        await app.change(_about(findings.add, chosen, check), done="Finding recorded")


async def _happened(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import incident_log

    kinds = {"e": "event", "d": "decision", "a": "action", "o": "other"}
    pressed = await app.choose("Timeline", kinds)
    if pressed is None:
        return
    text = await app.ask("What happened", draft=f"incident:{chosen.id}:happened", lines=True)
    if not text:
        return
    moment = await ask_past(app, "When (now, 2h ago, 14:30)", initial="now")
    if moment is None:
        return
    happening = incident_log.Happening(at=moment, text=text, kind=kinds[pressed])
    await app.change(
        incident_log.add_timeline_entry, chosen.id, happening, done="Added to the timeline"
    )


async def _told(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import incident_log, response_plan

    waiting = await read_first(app, response_plan.to_tell, chosen.id)
    audience = await app.ask("Told whom", initial=next(iter(waiting), ""))
    body = (
        await app.ask("What", draft=f"incident:{chosen.id}:told", lines=True) if audience else None
    )
    if not audience or not body:
        return
    due = await ask_when(app, "Next update (20m; empty: by its cadence, if any)")
    if due is None:
        return
    wait = due.at - app.now() if due.at else None
    message = incident_log.Message(audience=audience, body=body, next_update_in=wait)
    await app.change(incident_log.communicate, chosen.id, message, done="Logged")


async def _indicator(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import incident_log

    text = await app.ask("Known bad: addresses, domains, hashes")
    if text:
        known = incident_log.KnownBad(text=text)
        await app.change(incident_log.add_indicator, chosen.id, known, done="Confirmed")


_FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "n": ("next_step", "next step"),
        "d": ("deadline", "deadline"),
        "b": ("blockers", "blockers"),
        "s": ("scope", "scope"),
        "m": ("summary", "summary"),
        "t": ("title", "title"),
        "r": ("root_cause", "root cause"),
        "l": ("tlp", "TLP"),
        "p": ("pap", "PAP"),
        "h": ("hypothesis", "hypothesis"),
        "u": ("unchecked", "unchecked"),
        "g": ("tags", "tags"),
        "e": ("started_at", "began at"),
    }
)


async def _edit(app: "Console", chosen: Chosen) -> None:
    offers = {key: label for key, (_, label) in _FIELDS.items()}
    offers |= {"i": "impact", "o": "outage"}
    pressed = await app.choose(f"Edit {chosen}", offers)
    if pressed == "o":
        await incident_course.outage(app, chosen)
    elif pressed == "i":
        await edit_impact(app, chosen.id)
    elif pressed is not None:
        await edit_field(app, "incident", chosen.id, _FIELDS[pressed])


async def _task(app: "Console", chosen: Chosen) -> None:
    await task_on(app, "incident", chosen.id, str(chosen))


async def _severity(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import incidents, response_plan

    criteria = response_plan.criteria(app.settings.cases)
    offers = {str(level): text for level, text in criteria.items()}
    pressed = await app.choose("SEV, if unsure the higher", offers)
    reason = await app.ask("Why") if pressed else None
    if pressed and reason:
        await app.change(
            incidents.set_severity, chosen.id, int(pressed), reason, done=f"{chosen}: SEV{pressed}"
        )


async def _end(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import incidents

    reason = await app.ask(f"{chosen} was declared in error because")
    if reason and await app.confirm(f"Close {chosen} as declared in error?"):
        await app.change(
            incidents.end_early, chosen.id, "declared_in_error", reason, done=f"{chosen} closed"
        )


def _about(verb: Callable[..., Any], chosen: Chosen, value: object) -> Callable[..., Any]:
    """Return a change that calls `verb(session, the incident, value)`."""

    def work(session: AnySession, *, by: str, now: datetime) -> object:
        from socconsole.store.queries.subjects import Subject

        about = Subject("incident", chosen.id, chosen.row.human_id)
        return verb(session, about, value, by=by, now=now)

    return work


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "next": _next,
        "previous": _previous,
        "command": _command,
        "role": _role,
        "note": _note,
        "finding": _finding,
        "happened": _happened,
        "measure": incident_course.measure,
        "told": _told,
        "escalate": incident_course.escalate,
        "merge": incident_course.merge,
        "indicator": _indicator,
        "edit": _edit,
        "task": _task,
        "severity": _severity,
        "end": _end,
    }
)
