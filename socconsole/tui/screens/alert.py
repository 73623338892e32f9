"""One alert, with everything that helps to decide about it."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole import content
from socconsole.errors import NotFoundError
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.lines import Line
from socconsole.tui.place import Place
from socconsole.tui.reading.freshness import ReadsAgain, say_unread
from socconsole.tui.reading.watching import Watching
from socconsole.tui.screens.text import TextScreen, markdown_lines
from socconsole.tui.tasks import aside, background, task
from socconsole.tui.texts.alert_text import (
    SeenAlert,
    alert_lines,
    connected,
    read_alert,
    removed_lines,
)
from socconsole.tui.texts.event_text import field_line, flat
from socconsole.tui.verbs import every_alert_verb, find_verbs
from socconsole.tui.verbs.alert_verbs import Target
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.text_pane import TextPane


class AlertScreen(ReadsAgain, Screen[None]):
    """An alert of a list; J and K walk the list."""

    TITLE = "Alert"
    BINDINGS: ClassVar[list[BindingType]] = [
        *every_alert_verb.BINDINGS,
        key("alert.next", "J", "walk(1)", "Next alert", hint="next"),
        key("alert.previous", "K", "walk(-1)", "Previous alert"),
        key("alert.around", "e", "around", "Lines around the one that fired"),
        key("alert.raw", "R", "raw", "The newest line, raw and by fields"),
        key("alert.all", "d", "toggle_all", "Everything, or what decides most"),
        key("alert.runbook", "b", "runbook", "Runbook", hint="runbook"),
        key("alert.go_ticket", "T", "go_ticket", "Go to its ticket"),
        key("alert.open", "enter,l,right", "open_one", "Open a related alert, its ticket, …"),
        key("alert.refresh", "r", "load", "Read again"),
    ]

    def __init__(self, ids: Sequence[int], position: int, *, then: str = "") -> None:
        """Show the alert at `position` of `ids`, and on top of it what `then` names."""
        super().__init__()
        self._then = then
        self._place = Place(ids, position)
        self._seen: dict[int, SeenAlert] = {}
        self._removed: set[int] = set()
        self._everything = True
        self._watching = Watching("alert")

    @property
    def alert_id(self) -> int:
        """The alert on screen."""
        return self._place.here

    def compose(self) -> ComposeResult:
        yield from framed(TextPane(empty="Reading …"))

    def on_mount(self) -> None:
        self.query_one(TextPane).focus()
        self._show(top=True)
        self._note_view()

    @task
    async def action_load(self) -> None:
        wanted = self.alert_id
        is_here = await self._take_in(wanted)
        if wanted == self.alert_id:
            self._show()
        if not is_here:
            return
        then, self._then = self._then, ""
        if then:
            await self.run_action(f"screen.{then}")
        self._look_round()

    @background
    async def _look_round(self) -> None:
        """Read who else looks at the alert, and its neighbours."""
        here = self.alert_id
        if await self._watching.update(console(self), here) and here == self.alert_id:
            self._show()
        await self._prefetch()

    async def _take_in(self, alert_id: int) -> bool:
        """Read an alert and return whether there still is one."""
        try:
            self._seen[alert_id] = await console(self).store.read(read_alert, alert_id)
        except NotFoundError:
            self._seen.pop(alert_id, None)
            self._removed.add(alert_id)
        return alert_id in self._seen

    async def _prefetch(self) -> None:
        """Read the neighbours, so that J and K are instant."""
        for one in reversed(self._place.near(1)):
            if one not in self._seen:
                await self._take_in(one)
        near = set(self._place.near(3))
        self._seen = {one: seen for one, seen in self._seen.items() if one in near}

    @background
    async def _note_view(self) -> None:
        from socconsole.services import alerts

        app = console(self)
        if not app.read_only:
            await app.store.note(alerts.mark_viewed, self.alert_id)

    def _show(self, *, top: bool = False) -> None:
        console(self).last_alert = (self._place.ids, self._place.position)
        seen = self._seen.get(self.alert_id)
        self.query_one("#bar", Drawn).show(
            (f" Alert {self.alert_id} ", "tab-active"),
            (self._place.words, "muted"),
            (self._watching.words, "warn"),
        )
        pane = self.query_one(TextPane)
        if seen is None:
            is_gone = self.alert_id in self._removed
            pane.show(removed_lines(self.alert_id) if is_gone else (), top=top)
            return
        now = console(self).now()
        pane.show(alert_lines(seen, now, everything=self._everything), top=top)

    def action_walk(self, by: int) -> None:
        if not self._place.step(by):
            console(self).say("There is no further alert in this list.")
            return
        self._show(top=True)
        # One read ahead can be acted on: it is only brought up to date.
        with aside() if self.alert_id in self._seen else nullcontext():
            self.action_load()
        self._note_view()

    def action_toggle_all(self) -> None:
        self._everything = not self._everything
        self._show()

    # What else there is to see.

    def _read_one(self) -> SeenAlert | None:
        """Return the alert on screen; None, and say so, where it has not been read."""
        seen = self._seen.get(self.alert_id)
        if seen is None:
            say_unread(console(self))
        return seen

    def action_raw(self) -> None:
        seen = self._read_one()
        line = seen.detail.why if seen else None
        if line is None:
            return
        lines: list[Line] = [((line.text, ""),), (), (("Fields", "heading"),)]
        lines += [field_line(name, value) for name, value in flat(line.fields)]
        lines += [(), ((f"{line.path}  bytes {line.offset:,} to {line.end:,}", "muted"),)]
        console(self).open(TextScreen(f"Alert {self.alert_id}, raw", lines))

    def action_around(self) -> None:
        """Show the lines of the same file around the one that fired."""
        from socconsole.tui.screens.around import AroundScreen

        if (seen := self._read_one()) is None:
            return
        line = seen.detail.why
        if line is None or line.source_id is None or line.generation_id is None:
            console(self).say("The file of this line is not known any more.")
            return
        title = f"Around alert {self.alert_id}"
        console(self).open(AroundScreen(title, line.source_id, line.generation_id, line.offset))

    def action_runbook(self) -> None:
        if (seen := self._read_one()) is None:
            return
        name = seen.detail.row.runbook
        if name is None:
            console(self).say("The rule of this alert names no runbook.")
            return
        try:
            page = content.runbook(name)
        except NotFoundError as error:  # rules of one's own may name what does not ship
            console(self).say(str(error))
            return
        console(self).open(TextScreen(f"Runbook {name}", markdown_lines(page)))

    def action_open_one(self) -> None:
        """List what the alert is connected with; Enter opens one."""
        from socconsole.tui.screens.refs import RefsScreen

        if (seen := self._read_one()) is None:
            return
        refs = connected(seen.detail)
        if refs:
            console(self).open(RefsScreen(f"Connected with alert {self.alert_id}", refs))
        else:
            console(self).say("Nothing else is connected with this alert.")

    def action_go_ticket(self) -> None:
        if (seen := self._read_one()) is not None:
            console(self).open_ticket(seen.detail.row.ticket_id)

    # Verbs.

    @task
    async def action_verb(self, name: str) -> None:
        app = console(self)
        seen = self._seen.get(self.alert_id)
        target = Target((self.alert_id,), seen.detail.row if seen else None)
        verb = every_alert_verb.VERBS[name]
        finished = await verb(app, target)
        self.action_load()
        if finished and not self._place.is_last:
            self.action_walk(1)

    def action_bookmarks(self) -> None:
        find_verbs.show_bookmarks(console(self))
