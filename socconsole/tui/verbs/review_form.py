"""The review of an incident at the console."""

from typing import TYPE_CHECKING

from socconsole.tui.asking import read_first
from socconsole.tui.lines import Line
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.verbs.field_edit import settle

if TYPE_CHECKING:
    from socconsole.store.queries.incidents import IncidentRow
    from socconsole.tui.console import Console


async def review(app: "Console", row: "IncidentRow") -> None:
    """Ask what to do with the review of an incident, and do it."""
    pressed = await app.choose(
        f"Review of {row.human_id}",
        {"s": "show", "w": "write", "l": "lesson", "a": "action", "d": "done"},
    )
    if pressed == "s":
        await _show(app, row)
    elif pressed == "w":
        await _write(app, row)
    elif pressed == "l":
        await _lesson(app, row)
    elif pressed == "a":
        await _action(app, row)
    elif pressed == "d":
        from socconsole.services import reviews

        await app.change(reviews.finish, row.id, done=f"{row.human_id} is reviewed")


async def _show(app: "Console", row: "IncidentRow") -> None:
    from socconsole.services import reviews
    from socconsole.store.queries.incident_file import incident_file
    from socconsole.tui.pages import TextPage

    written = await app.store.read(reviews.draft, row.id, app.now())

    def candidate(session: AnySession) -> str:
        return reviews.root_cause_candidate(incident_file(session, row.id))

    hint = await app.store.read(candidate)
    lines: list[Line] = []
    for name, question in reviews.QUESTIONS.items():
        answer = written[name]
        said = answer if isinstance(answer, list) else str(answer).splitlines()
        if name == "root_cause" and not said:
            said = [f"– a person writes it; {hint}" if hint else "– a person writes it"]
        lines += [(), ((question, "heading"),), *(((str(line), ""),) for line in said or ["–"])]
    app.open(TextPage(f"Review of {row.human_id}", lines[1:]))


async def _write(app: "Console", row: "IncidentRow") -> None:
    from socconsole.services import reviews

    sections = {
        "h": "what_happened",
        "i": "impact",
        "d": "detection",
        "f": "contributing_factors",
        "w": "went_well",
        "b": "went_badly",
        "l": "luck",
        "r": "root_cause",
    }
    labels = {pressed: name.replace("_", " ") for pressed, name in sections.items()}
    pressed = await app.choose("Write", labels)
    if pressed is None:
        return
    name, place = sections[pressed], f"incident:{row.id}:review:{sections[pressed]}"
    before, shown = await read_first(app, reviews.section, row.id, name, app.now())
    begun = app.drafts.begun_from(place, shown)
    base = begun if before and begun != shown else before
    text = await app.ask(labels[pressed], initial=shown, draft=place, lines=True)
    if text is None:
        return
    result = await app.change(reviews.write, row.id, {name: text}, {name: base})
    if result is None:
        return
    if not result.conflicts:
        app.say("Written · u undoes")
        return
    theirs = result.conflicts[0].theirs
    kept = await settle(app, (place, labels[pressed]), text, theirs, joint="\n")
    if kept is not None:
        await app.change(reviews.write, row.id, {name: kept}, {name: theirs}, done="Written")


async def _lesson(app: "Console", row: "IncidentRow") -> None:
    from socconsole.services import reviews

    text = await app.ask("When the rule fires again, remember", draft=f"incident:{row.id}:lesson")
    if text:
        await app.change(reviews.add_lesson, row.id, text, done="Kept for the next time")


async def _action(app: "Console", row: "IncidentRow") -> None:
    from socconsole.services import reviews
    from socconsole.services.tickets import Report

    title = await app.ask("What we change")
    owner = await app.ask("Whose it is", initial=app.login) if title else None
    if title and owner:
        report = Report(title=title, assignee=owner, category="action_item")
        made = await app.change(reviews.add_action, row.id, report, policy=app.settings)
        if made is not None:
            app.say(f"{made.human_id} is {owner}'s · u undoes")
