"""Countermeasures, the escalation path and merging, at the console."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socconsole.tui.asking import read_first
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.verbs.ask_number import ask_number
from socconsole.tui.verbs.ask_others import ask_whom, keep_answer
from socconsole.tui.verbs.ask_when import ask_past, ask_past_or_none, ask_when

if TYPE_CHECKING:
    from datetime import datetime

    from socconsole.store.queries.incidents import IncidentRow
    from socconsole.tui.console import Console


@dataclass(frozen=True, slots=True)
class Chosen:
    """The incident a verb acts on."""

    row: "IncidentRow"

    @property
    def id(self) -> int:
        return self.row.id

    def __str__(self) -> str:
        return self.row.human_id


async def measure(app: "Console", chosen: Chosen) -> None:
    """Propose a countermeasure, or move one a step on."""
    from socconsole.services import countermeasures

    steps = {"a": "approve", "c": "activate", "v": "verify", "r": "remove"}
    done = {"a": "approved", "c": "active", "v": "verified", "r": "removed"}
    pressed = await app.choose("Countermeasure", {"p": "propose", **steps, "x": "extend"})
    if pressed == "p":
        await _propose(app, chosen)
    elif pressed is not None:
        number = await _which(app, chosen, "extend" if pressed == "x" else steps[pressed])
        if number is None:
            return
        if pressed == "x":
            await _extend(app, number)
        else:
            await app.change(
                countermeasures.move,
                number,
                steps[pressed],
                done=f"Countermeasure {number} is {done[pressed]}",
            )


async def _propose(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import countermeasures

    place = f"incident:{chosen.id}:measure"
    title = await app.ask("What is done", draft=place)
    target = await app.ask("To what", draft=f"{place}:target") if title else None
    rollback = await app.ask("How it is taken back (may be empty)") if target else None
    if not title or not target or rollback is None:
        return
    until = await ask_when(app, "Until when (2d; empty: until removed)")
    if until is None:
        return
    proposal = countermeasures.Proposal(
        title=title, target=target, rollback=rollback, expires_at=until.at
    )
    await app.change(countermeasures.propose, chosen.id, proposal, done="Proposed")


async def _extend(app: "Console", number: int) -> None:
    from socconsole.services import countermeasures

    until = await ask_when(app, "Stands until (2d; empty: until removed)")
    reason = await app.ask("Why longer") if until else None
    if until and reason:
        await app.change(countermeasures.extend, number, until.at, reason, done="Extended")


_COMES_FROM = {
    "approve": ("proposed",),
    "activate": ("approved",),
    "verify": ("active",),
    "remove": ("active", "verified", "approved", "proposed"),
    "extend": ("active", "verified", "approved", "proposed"),
}


async def _which(app: "Console", chosen: Chosen, verb: str) -> int | None:
    """Ask for the number of a countermeasure; the one it is most likely about stands there."""
    from socconsole.store.queries.incidents import countermeasures

    rows = await read_first(app, countermeasures, chosen.id)
    fitting = [row for row in rows if row.state in _COMES_FROM[verb]]
    if not fitting:
        app.say(f"There is no countermeasure to {verb}.")
        return None
    now = app.now()
    first = min(fitting, key=lambda row: (not row.is_overdue(now), row.id))
    return await ask_number(app, f"Number of the one to {verb}", initial=str(first.id))


async def escalate(app: "Console", chosen: Chosen) -> None:
    """Ask who is next on the path or somebody else, or keep an answer."""
    from socconsole.services import escalations

    whom, at = chosen.row.escalate_to, chosen.row.escalate_at
    offers = {"e": "ask somebody else", "r": "they answered"}
    if whom is not None:
        due = f", due {at:%H:%MZ}" if at else ""
        offers = {"n": f"ask {whom}{due}", **offers}
    pressed = await app.choose(f"{chosen}: escalate", offers)
    if pressed == "r":
        await keep_answer(app, "incident", chosen.id)
    elif pressed == "n":
        reason = await app.ask(f"Ask {whom} for what", draft=f"incident:{chosen.id}:escalate")
        channel = await app.ask("By phone, mail, chat") if reason else None
        if reason and channel is not None:
            await app.change(
                escalations.escalate,
                chosen.id,
                reason,
                channel,
                policy=app.settings,
                done=f"Asked {whom}",
            )
    elif pressed == "e":
        await _ask_another(app, chosen)


async def _ask_another(app: "Console", chosen: Chosen) -> None:
    from socconsole.services import escalations
    from socconsole.store.queries.subjects import Subject

    request = await ask_whom(app)
    if request is None:
        return
    about = Subject("incident", chosen.id, chosen.row.human_id)
    await app.change(escalations.ask, about, request, policy=app.settings, done="Kept")


async def outage(app: "Console", chosen: Chosen) -> None:
    """Ask which service was down and from when to when; what is known of it stands there."""
    from socconsole.services import outages
    from socconsole.store.queries import assets
    from socconsole.store.queries.incidents import detail

    services = await read_first(app, assets.services)
    if not services:
        app.say("No service is described yet; `socconsole assets service NAME` does it.")
        return
    told = (await app.store.read(detail, chosen.id)).outages
    still = next((row for row in told if row.up_at is None), None)
    names = [service.name for service in services]

    async def named(typed: str) -> list[str]:
        return [name for name in names if name.startswith(typed.strip().lower())]

    first = still.service if still else names[0] if len(names) == 1 else ""
    service = await app.ask("Service that was down", initial=first, complete=named)
    if not service:
        return
    since = next((row for row in told if row.service == service.strip().lower()), None)
    before = f"{since.down_from:%Y-%m-%d %H:%MZ}" if since else ""
    down = await ask_past(app, "Down since (2h ago, 14:30)", initial=before)
    up = await ask_past_or_none(app, "Up again (now, 14:30; empty: still down)") if down else None
    if down is None or up is None:
        return
    said = "is down" if up.at is None else "was down, and is up"
    await app.change(
        outages.record, chosen.id, service, (down, up.at), done=f"Kept: {service} {said}"
    )


async def merge(app: "Console", chosen: Chosen) -> None:
    """Make the incident part of another one."""
    from socconsole.services import incident_merge

    name = await app.ask(f"Merge {chosen} into", initial="INC-")
    reason = await app.ask("How you know it is one") if name else None
    if not name or not reason:
        return

    def work(session: AnySession, *, by: str, now: "datetime") -> object:
        from socconsole.store.queries.subjects import incident

        into = incident(session, name)
        return incident_merge.merge(session, chosen.id, into.id, reason, by=by, now=now)

    await app.change(work, done=f"{chosen} is part of {name}")
