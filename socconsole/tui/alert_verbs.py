"""What can be done to alerts, as the queue and the alert's own screen offer it.

A verb asks on the bottom line for what it needs, runs one service as one unit of work, and leaves
itself behind so that `.` does the same to other alerts without asking again.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from textual.binding import Binding

from socconsole.core.disposition import Disposition, Verdict
from socconsole.core.filter import parse_duration
from socconsole.core.severity import Severity
from socconsole.errors import UsageError
from socconsole.tui.keymap import key

if TYPE_CHECKING:
    from socconsole.tui.app import ConsoleApp

Ids = Sequence[int]
Again = Callable[["ConsoleApp", Ids], Awaitable[bool]]
"""Does a verb once more to other alerts; returns whether that finished them."""

BINDINGS: tuple[Binding, ...] = (
    key("alert.acknowledge", "a", "verb('acknowledge')", "Acknowledge: it is yours", hint="ack"),
    key("alert.assign", "A", "verb('assign')", "Assign to somebody"),
    key("alert.close", "x", "verb('close')", "Close with a verdict", hint="close"),
    key("alert.reopen", "X", "verb('reopen')", "Reopen, or bring back a shelved one"),
    key("alert.note", "c", "verb('note')", "Write a note", hint="note"),
    key("alert.finding", "C", "verb('finding')", "Record what was checked and seen"),
    key("alert.ticket", "t", "verb('ticket')", "Open a ticket, or add to one", hint="ticket"),
    key("alert.attach", "i", "verb('attach')", "Attach to an incident"),
    key("alert.declare", "I", "verb('declare')", "Declare an incident; opens the ticket too", hint="declare"),
    key("alert.shelve", "s", "verb('shelve')", "Shelve until later"),
    key("alert.suppress", "S", "verb('suppress')", "Suppress what is like it, for a time"),
    key("alert.severity", "plus", "verb('severity')", "Another severity, with a reason"),
    key("alert.rule_severity", "underscore", "verb('rule_severity')", "The rule's severity again"),
    key("alert.same", "D", "verb('same')", "Same as last time: apply the precedent"),
    key("alert.repeat", "full_stop", "verb('repeat')", "Repeat the last verb here"),
    key("action.undo", "u", "verb('undo')", "Undo the last action", hint="undo"),
    key("action.mine", "U", "actions", "Actions; undo any"),
    key("alert.copy", "y", "verb('copy')", "Copy the line, defanged"),
    key("alert.pipe", "vertical_line", "verb('pipe')", "Pipe to a command, attach its output"),
)

_VERDICTS = MappingProxyType(
    {
        "t": ("malicious", Disposition.TRUE_POSITIVE, "malicious"),
        "p": ("policy", Disposition.TRUE_POSITIVE, "policy"),
        "e": ("expected", Disposition.BENIGN_POSITIVE, "expected"),
        "m": ("maint.", Disposition.BENIGN_POSITIVE, "maintenance"),
        "k": ("test", Disposition.BENIGN_POSITIVE, "test"),
        "f": ("false: rule", Disposition.FALSE_POSITIVE, "rule_logic"),
        "F": ("data", Disposition.FALSE_POSITIVE, "bad_data"),
        "d": ("dup.", Disposition.DUPLICATE, ""),
        "u": ("unsure", Disposition.UNDETERMINED, ""),
    }
)


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: asks, acts, tells whether the alerts are done with."""

    run: Callable[["ConsoleApp", Ids], Awaitable[bool]]
    needs_alert: bool = True


def counted(ids: Ids) -> str:
    """Return what a prompt calls the alerts: `alert 12` or `200 alerts`."""
    return f"alert {ids[0]}" if len(ids) == 1 else f"{len(ids):,} alerts"


async def perform(
    app: "ConsoleApp",
    ids: Ids,
    *,
    service: Callable[..., Any],
    said: str,
    finishes: bool = False,
    more: tuple[object, ...] = (),
    named: dict[str, object] | None = None,
) -> bool:
    """Run an alert service, say what it did, and keep it for `.`."""
    if len(ids) > 1_000:
        app.say(f"{len(ids):,} alerts …")
    done = await app.change(service, ids, *more, **(named or {}))
    if done is None:
        return False
    app.say(_told(done, said))
    app.repeat = partial(
        perform, service=service, said=said, finishes=finishes, more=more, named=named
    )
    return finishes and bool(done.alert_ids)


def _told(done: Any, said: str) -> str:
    changed, skipped = len(done.alert_ids), done.skipped
    text = f"{said} {counted(done.alert_ids)} · u undoes" if changed else f"Nothing {said.lower()}"
    if skipped:
        text += f" · {len(skipped)} left alone: {skipped[0].reason}"
    return text


async def _acknowledge(app: "ConsoleApp", ids: Ids) -> bool:
    from socconsole.services import alerts

    policy = {"policy": app.setup.settings.alerts} if app.setup.settings else None
    return await perform(app, ids, service=alerts.acknowledge, said="Acknowledged", named=policy)


async def _assign(app: "ConsoleApp", ids: Ids) -> bool:
    from socconsole.services import alerts

    to = await app.ask(f"Assign {counted(ids)} to (empty: nobody)", initial=app.login)
    if to is None:
        return False
    if not to.strip():
        return await perform(app, ids, service=alerts.give_back, said="Gave back")
    return await perform(
        app, ids, service=alerts.assign, said=f"Assigned to {to}:", more=(to.strip(),)
    )


async def _close(app: "ConsoleApp", ids: Ids) -> bool:
    label = "Close" if len(ids) == 1 else f"Close {len(ids):,}"
    pressed = await app.choose(label, {letter: said for letter, (said, *_) in _VERDICTS.items()})
    if pressed is None:
        return False
    _, disposition, reason = _VERDICTS[pressed]
    if pressed == "t":
        return await _close_malicious(app, ids)
    duplicate_of = None
    note = ""
    if disposition is Disposition.DUPLICATE:
        original = await app.ask("Duplicate of alert number")
        if not original:
            return False
        duplicate_of = _number(original)
    elif disposition in (Disposition.TRUE_POSITIVE, Disposition.UNDETERMINED):
        said = await app.ask("Note: what did you see", draft=f"alert:{ids[0]}:close")
        if not said:
            return False
        note = said
    verdict = Verdict(disposition, reason, note=note, duplicate_of=duplicate_of)
    return await close_as(app, ids, verdict)


async def _close_malicious(app: "ConsoleApp", ids: Ids) -> bool:
    """Close what belongs in a ticket: open one, or say which lead allows it without."""
    way = await app.choose(
        "Malicious belongs in a ticket", {"t": "open it", "l": "a lead allows none", "c": "it is in one"}
    )
    if way is None:
        return False
    if way == "t":
        return await _ticket(app, ids)
    lead = ""
    if way == "l":
        lead = await app.ask("Which lead allows it") or ""
        if not lead:
            return False
    note = await app.ask("Note: what did you see", draft=f"alert:{ids[0]}:close")
    if not note:
        return False
    verdict = Verdict(Disposition.TRUE_POSITIVE, "malicious", note=note, lead=lead)
    return await close_as(app, ids, verdict)


async def close_as(app: "ConsoleApp", ids: Ids, verdict: Verdict) -> bool:
    """Close `ids` with `verdict`."""
    from socconsole.services import alerts

    named: dict[str, object] = {}
    if app.setup.settings:
        named = {"fold": app.setup.settings.fold, "leads": app.setup.settings.shift.leads}
    said = f"Closed as {verdict.disposition.value.replace('_', ' ')}:"
    return await perform(
        app, ids, service=alerts.close, said=said, finishes=True, more=(verdict,), named=named
    )


async def _reopen(app: "ConsoleApp", ids: Ids) -> bool:
    from socconsole.services import alerts

    return await perform(app, ids, service=alerts.bring_back, said="Brought back")


async def _shelve(app: "ConsoleApp", ids: Ids) -> bool:
    from socconsole.services import alerts

    minutes = app.setup.settings.alerts.shelve_minutes if app.setup.settings else 120
    spoken = await app.ask(f"Shelve {counted(ids)} for or until", initial=f"{minutes}m")
    if not spoken:
        return False
    until = moment(spoken, app.now())
    reason = await app.ask("Why", draft=f"alert:{ids[0]}:shelve")
    if not reason:
        return False
    return await perform(
        app,
        ids,
        service=alerts.shelve,
        said="Shelved",
        finishes=True,
        more=(reason,),
        named={"until": until},
    )


async def _severity(app: "ConsoleApp", ids: Ids) -> bool:
    from socconsole.services import alerts

    letters = {level.label[0]: level for level in sorted(Severity, reverse=True)}
    pressed = await app.choose(
        f"Severity of {counted(ids)}", {letter: level.label for letter, level in letters.items()}
    )
    if pressed is None:
        return False
    reason = await app.ask("Why")
    if not reason:
        return False
    return await perform(
        app,
        ids,
        service=alerts.override_severity,
        said="Changed the severity of",
        more=(letters[pressed], reason),
    )


async def _rule_severity(app: "ConsoleApp", ids: Ids) -> bool:
    from socconsole.services import alerts

    return await perform(
        app, ids, service=alerts.override_severity, said="Took back the severity of", more=(None, "")
    )


async def _repeat(app: "ConsoleApp", ids: Ids) -> bool:
    if app.repeat is None:
        app.say("Nothing to repeat yet.")
        return False
    return await app.repeat(app, ids)


async def _undo(app: "ConsoleApp", ids: Ids) -> bool:
    del ids
    await app.undo_last()
    return False


def moment(spoken: str, now: datetime) -> datetime:
    """Return the time `spoken` names: a span such as `2h`, or a time of day such as `14:30` UTC.

    Raises:
        UsageError: It names none.

    """
    try:
        hour, _, minute = spoken.strip().rstrip("Zz").partition(":")
        if minute:
            named = now.astimezone(UTC).replace(
                hour=int(hour), minute=int(minute), second=0, microsecond=0
            )
            return named if named > now else named + timedelta(days=1)
        return now + parse_duration(spoken)
    except ValueError:
        raise UsageError(
            f"{spoken!r} is no time.", hint="Write 90m, 2h, or 14:30 (UTC)."
        ) from None


def _number(text: str) -> int:
    try:
        return int(text.strip().lstrip("#"))
    except ValueError:
        raise UsageError(f"{text!r} is no alert's number.") from None
