"""Verbs that keep noise away: the verdict of last time, and a suppression with its back-test."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from textual.binding import Binding

from socconsole.tui.keymap import key
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.verbs.alert_verbs import Target, Verb, perform
from socconsole.tui.verbs.ask_when import ask_moment
from socconsole.tui.verbs.deed import Deed

if TYPE_CHECKING:
    from socconsole.services.suppressions import BackTest, Wish
    from socconsole.tui.console import Console

BINDINGS: tuple[Binding, ...] = (
    key("alert.same", "D", "verb('same')", "Same as last time: close as its precedent ended"),
    key("alert.suppress", "S", "verb('suppress')", "Suppress its like, after a back-test"),
)
"""Both screens that show alerts have these."""


async def _same(app: "Console", target: Target) -> bool:
    from socconsole.services import alerts

    if len(target.ids) > 1:
        named = {"fold": app.settings.fold}
        deed = Deed(alerts.each_as_last_time, "Closed as last time:", finishes=True, named=named)
        return await perform(app, target.ids, deed)
    done = await app.change(
        partial(alerts.same_as_last_time, fold=app.settings.fold), target.ids[0]
    )
    if done is None:
        return False
    app.say(f"{done.summary} · u undoes")
    return True


async def _suppress(app: "Console", target: Target) -> bool:
    from socconsole.services import suppressions

    alert_id = target.ids[0]
    label = f"Suppress the like of alert {alert_id} for, or until"
    until = await ask_moment(app, label, initial="8h")
    if until is None:
        return False
    reason = await app.ask("Why", draft=f"alert:{alert_id}:suppress")
    if not reason:
        return False

    def read(session: AnySession) -> "tuple[Wish, BackTest]":
        wish = suppressions.wish_from_alert(session, alert_id, reason=reason, until=until)
        return wish, suppressions.back_test(session, wish, now=app.now())

    wish, found = await app.store.read(read)
    if await app.confirm(_question(wish, found)):
        made = await app.change(suppressions.create, replace(wish, reason=reason))
        if made is not None:
            app.say(f"Suppressed until {made.until:%Y-%m-%d %H:%M}Z: {made.about} · u undoes")
    return False


def _question(wish: "Wish", found: "BackTest") -> str:
    hidden = "1 alert" if found.alerts == 1 else f"{found.alerts:,} alerts"
    if found.true_positives:
        hidden += f", TRUE POSITIVE {', '.join(map(str, found.true_positives[:5]))}"
    return f"Save? It would have hidden {hidden} in 7 d: {wish.title} {wish.named}"


VERBS: Mapping[str, Verb] = MappingProxyType({"same": _same, "suppress": _suppress})
"""The name in a binding's action → the verb."""
