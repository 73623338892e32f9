"""What hands alerts out: to the clipboard, to a command."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from textual.binding import Binding

from socconsole.errors import ForbiddenError
from socconsole.tui.asking import read_first
from socconsole.tui.keymap import key
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.verbs.alert_verbs import Target, Verb

if TYPE_CHECKING:
    from socconsole.store.queries.alerts import EvidenceLine
    from socconsole.store.queries.fields import Marks
    from socconsole.store.queries.queue import QueueRow
    from socconsole.tui.console import Console

BINDINGS: tuple[Binding, ...] = (
    key("alert.copy", "y", "verb('copy')", "Copy what identifies it, defanged"),
    key("alert.copy_part", "Y", "verb('copy_part')", "Choose what of it to copy"),
    key("alert.pipe", "vertical_line", "verb('pipe')", "Pipe its lines to a command"),
)
"""Both screens that show alerts have these."""

_MOST = 500
"""So many marked alerts are handed out at once."""


def _rows(session: AnySession, ids: Sequence[int]) -> "list[tuple[QueueRow, Marks]]":
    from socconsole.store.queries.fields import marks_of
    from socconsole.store.queries.queue import queue_rows

    found = {row.id: row for row in queue_rows(session, ids)}
    return [(found[each], marks_of(session, "alert", each)) for each in ids if each in found]


def _lines(session: AnySession, ids: Sequence[int]) -> "list[EvidenceLine]":
    from socconsole.store.queries.alerts import alert_evidence

    return [line for each in ids for line in alert_evidence(session, each)]


async def _copy(app: "Console", target: Target) -> bool:
    from socconsole.core.observable import defang

    said = []
    for row, marks in await app.store.read(_rows, target.ids[:_MOST]):
        label = marks.label if row.ticket_id else ""
        values = (f"alert {row.id}", row.title, row.host, row.user, row.source_ip, label)
        said.append(defang("  ".join(value for value in values if value)))
    _hand(app, said, len(target.ids))
    return False


async def _copy_part(app: "Console", target: Target) -> bool:
    from socconsole.core.observable import defang

    rows = [row for row, _ in await read_first(app, _rows, target.ids[:_MOST])]
    parts: dict[str, tuple[str, Sequence[str | None]]] = {
        "n": ("number", [f"alert {row.id}" for row in rows]),
        "t": ("title", [row.title for row in rows]),
        "h": ("host", [row.host for row in rows]),
        "u": ("user", [row.user for row in rows]),
        "i": ("source address", [row.source_ip for row in rows]),
        "k": ("ticket", [row.ticket for row in rows]),
    }
    known = {pressed: (name, _distinct(values)) for pressed, (name, values) in parts.items()}
    offers = {pressed: name for pressed, (name, values) in known.items() if values}
    pressed = await app.choose("Copy", {**offers, "l": "lines as they were written"})
    if pressed == "l":
        lines = await app.store.read(_lines, target.ids[:_MOST])
        _hand(app, [line.text for line in lines], len(target.ids))
    elif pressed is not None:
        _hand(app, [defang(value) for value in known[pressed][1]], len(target.ids))
    return False


def _distinct(values: "Sequence[str | None]") -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _hand(app: "Console", said: Sequence[str], wanted: int) -> None:
    app.copy("\n".join(said))
    if wanted > _MOST:
        app.say(f"Copied the first {_MOST} of {wanted:,} alerts.")


async def _pipe(app: "Console", target: Target) -> bool:
    from socconsole.core.tlp import OutwardAction, may_act
    from socconsole.tui.pages import TextPage
    from socconsole.tui.terminal import editor

    ids = target.ids[:_MOST]
    for row, marks in await read_first(app, _rows, ids):
        if not may_act(OutwardAction.LOOK_UP, marks.pap):
            why = f"The case of alert {row.id} is {marks.pap.label}: no command gets to see it."
            raise ForbiddenError(why)
    whose = "its lines" if len(ids) == 1 else f"the lines of {len(ids)} alerts"
    command = await app.ask(f"Pipe {whose} to", initial="")
    if not command:
        return False
    text = "\n".join(line.text for line in await read_first(app, _lines, ids)) + "\n"
    output = await app.store.in_thread(lambda: editor.pipe(text, command))
    shown = [((line, ""),) for line in output.splitlines()] or [(("It printed nothing.", "muted"),)]
    app.open(TextPage(f"| {command}", shown))
    if not app.read_only:
        await _keep_output(app, Target(ids), command, output)
    return False


async def _keep_output(app: "Console", target: Target, command: str, output: str) -> None:
    from socconsole.services import evidence
    from socconsole.store.recording import recording

    title = f"output of {command}"
    capture = evidence.Capture(content=output.encode(), kind="output", title=title, command=command)

    def attach(session: AnySession, *, by: str, now: datetime) -> object:
        from socconsole.store.queries.subjects import Subject

        with recording(
            session, verb="evidence.attach", by=by, now=now, summary=f"attached {title}"
        ):
            for each in target.ids:
                about = Subject("alert", each, f"alert {each}")
                evidence.attach(session, about, capture, by=by, now=now)
        return target

    await app.change(attach, done=f"Output attached to {target}")


VERBS: Mapping[str, Verb] = MappingProxyType(
    {"copy": _copy, "copy_part": _copy_part, "pipe": _pipe}
)
"""The name in a binding's action → the verb."""
