"""What can be done to alerts, as the queue and the alert's own screen offer it.

A verb asks on the bottom line for what it needs, runs one service as one unit of work, and leaves
itself behind so that `.` does the same to other alerts without asking again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from textual.binding import Binding

from socconsole.core.disposition import Disposition, Verdict
from socconsole.core.severity import Severity
from socconsole.tui.keymap import key
from socconsole.tui.verbs.ask_number import ask_number
from socconsole.tui.verbs.ask_when import ask_moment
from socconsole.tui.verbs.deed import Deed

if TYPE_CHECKING:
    from socconsole.store.queries.queue import QueueRow
    from socconsole.tui.console import Console

Ids = Sequence[int]


@dataclass(frozen=True, slots=True)
class Target:
    """What a verb acts on: alerts, and the row of the first one where it is loaded."""

    ids: Ids
    row: "QueueRow | None" = None

    def __str__(self) -> str:
        return counted(self.ids)


Verb = Callable[["Console", Target], Awaitable[bool]]
"""Asks, acts, and returns whether the alerts are done with."""

BINDINGS: tuple[Binding, ...] = (
    key("alert.acknowledge", "a", "verb('acknowledge')", "Acknowledge: it is yours", hint="ack"),
    key("alert.close", "x", "verb('close')", "Close with a verdict", hint="close"),
    key("alert.assign", "A", "verb('assign')", "Assign to somebody, or to nobody"),
    key("alert.reopen", "X", "verb('reopen')", "Reopen, or bring back a shelved one"),
    key("alert.shelve", "s", "verb('shelve')", "Shelve until later"),
    key("alert.severity", "plus", "verb('severity')", "Another severity, with a reason"),
    key("alert.rule_severity", "underscore", "verb('rule_severity')", "The rule's severity again"),
    key("alert.repeat", "full_stop", "verb('repeat')", "Repeat the last verb here"),
)
"""Both screens that show alerts have these."""

_VERDICTS = MappingProxyType(
    {
        "t": ("true positive: malicious", Disposition.TRUE_POSITIVE, "malicious"),
        "p": ("true positive: policy", Disposition.TRUE_POSITIVE, "policy"),
        "e": ("benign positive: expected", Disposition.BENIGN_POSITIVE, "expected"),
        "m": ("benign positive: maintenance", Disposition.BENIGN_POSITIVE, "maintenance"),
        "k": ("benign positive: test", Disposition.BENIGN_POSITIVE, "test"),
        "f": ("false positive: rule logic", Disposition.FALSE_POSITIVE, "rule_logic"),
        "F": ("false positive: bad data", Disposition.FALSE_POSITIVE, "bad_data"),
        "d": ("duplicate", Disposition.DUPLICATE, ""),
        "u": ("undetermined", Disposition.UNDETERMINED, ""),
    }
)


def counted(ids: Ids) -> str:
    """Return what a prompt calls the alerts: `alert 12` or `200 alerts`."""
    return f"alert {ids[0]}" if len(ids) == 1 else f"{len(ids):,} alerts"


async def perform(app: "Console", ids: Ids, deed: Deed) -> bool:
    """Do `deed` to `ids`, say what came of it, keep it for `.`, return whether they are done."""
    done = await app.change(partial(deed.service, **deed.named), list(ids), *deed.more)
    if done is None:
        return False
    app.last_deed = deed
    app.say(_told(done.alert_ids, done.skipped, deed.said))
    return deed.finishes and bool(done.alert_ids)


def _told(changed: Ids, skipped: Sequence[Any], said: str) -> str:
    text = f"{said} {counted(changed)} · u undoes" if changed else "Nothing changed"
    if skipped:
        text += f" · {len(skipped)} left alone: {skipped[0].reason}"
    return text


async def _acknowledge(app: "Console", target: Target) -> bool:
    from socconsole.services import alerts

    named = {"policy": app.settings.alerts}
    return await perform(app, target.ids, Deed(alerts.acknowledge, "Acknowledged", named=named))


async def _assign(app: "Console", target: Target) -> bool:
    from socconsole.services import alerts

    to = await app.ask(f"Assign {target} to (empty: nobody)", initial=app.login)
    if to is None:
        return False
    if not to.strip():
        return await perform(app, target.ids, Deed(alerts.give_back, "Gave back"))
    deed = Deed(alerts.assign, f"Assigned to {to.strip()}:", more=(to.strip(),))
    return await perform(app, target.ids, deed)


async def _close(app: "Console", target: Target) -> bool:
    label = "Close" if len(target.ids) == 1 else f"Close {len(target.ids):,}"
    pressed = await app.choose(label, {letter: said for letter, (said, *_) in _VERDICTS.items()})
    if pressed is None:
        return False
    _, disposition, reason = _VERDICTS[pressed]
    if pressed == "t":
        return await _close_malicious(app, target)
    duplicate_of, note = None, ""
    if disposition is Disposition.DUPLICATE:
        duplicate_of = await ask_number(app, "Duplicate of alert number")
        if duplicate_of is None:
            return False
    elif disposition in (Disposition.TRUE_POSITIVE, Disposition.UNDETERMINED):
        said = await _ask_note(app, target)
        if not said:
            return False
        note = said
    return await close_as(
        app, target, Verdict(disposition, reason, note=note, duplicate_of=duplicate_of)
    )


async def _ask_note(app: "Console", target: Target) -> str | None:
    return await app.ask("Note: what did you see", draft=f"alert:{target.ids[0]}:close")


async def _close_malicious(app: "Console", target: Target) -> bool:
    """Close what belongs in a ticket: it is in one, or a lead allows closing without."""
    lead = ""
    if target.row is None or target.row.ticket is None:
        lead = (
            await app.ask("It belongs in a ticket (Esc, then t). Or which lead allows none") or ""
        )
        if not lead:
            return False
    note = await _ask_note(app, target)
    if not note:
        return False
    verdict = Verdict(Disposition.TRUE_POSITIVE, "malicious", note=note, lead=lead)
    return await close_as(app, target, verdict)


async def close_as(app: "Console", target: Target, verdict: Verdict) -> bool:
    """Close the target with `verdict`."""
    from socconsole.services import alerts

    named = {"fold": app.settings.fold, "leads": app.settings.shift.leads}
    said = f"Closed as {verdict.disposition.value.replace('_', ' ')}:"
    deed = Deed(alerts.close, said, finishes=True, more=(verdict,), named=named)
    return await perform(app, target.ids, deed)


async def _reopen(app: "Console", target: Target) -> bool:
    from socconsole.services import alerts

    if target.row is not None and target.row.status == "shelved":
        return await perform(app, target.ids, Deed(alerts.unshelve, "Brought back"))
    return await perform(app, target.ids, Deed(alerts.reopen, "Reopened"))


async def _shelve(app: "Console", target: Target) -> bool:
    from socconsole.core.shift import shift_at
    from socconsole.services import alerts

    usual = f"{app.settings.alerts.shelve_minutes}m"
    until = await ask_moment(app, f"Shelve {target} for, or until", initial=usual)
    if until is None:
        return False
    reason = await app.ask("Why", draft=f"alert:{target.ids[0]}:shelve")
    if not reason:
        return False
    named = {
        "until": until,
        "shift_end": shift_at(app.now(), app.settings.shift).end,
        "policy": app.settings.alerts,
    }
    deed = Deed(alerts.shelve, "Shelved", finishes=True, more=(reason,), named=named)
    return await perform(app, target.ids, deed)


async def _severity(app: "Console", target: Target) -> bool:
    from socconsole.services import alerts

    levels = {level.label[0]: level for level in sorted(Severity, reverse=True)}
    words = {letter: level.label for letter, level in levels.items()}
    pressed = await app.choose(f"Severity of {target}", words)
    if pressed is None:
        return False
    reason = await app.ask("Why")
    if not reason:
        return False
    more = (levels[pressed], reason)
    deed = Deed(alerts.override_severity, "Changed the severity of", more=more)
    return await perform(app, target.ids, deed)


async def _rule_severity(app: "Console", target: Target) -> bool:
    from socconsole.services import alerts

    deed = Deed(alerts.override_severity, "Back to the rule's severity:", more=(None, ""))
    return await perform(app, target.ids, deed)


async def _repeat(app: "Console", target: Target) -> bool:
    if app.last_deed is None:
        app.say("There is nothing to repeat yet.")
        return False
    return await perform(app, target.ids, app.last_deed)


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "acknowledge": _acknowledge,
        "assign": _assign,
        "close": _close,
        "reopen": _reopen,
        "shelve": _shelve,
        "severity": _severity,
        "rule_severity": _rule_severity,
        "repeat": _repeat,
    }
)
"""The name in a binding's action → the verb."""
