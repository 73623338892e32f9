"""The queue: open alerts, ranked, live."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.events import Key
from textual.screen import Screen

from socconsole.core.severity import Severity
from socconsole.tui.alert_columns import alert_columns
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.lines import CLOCKS_WIDTH
from socconsole.tui.messages import Narrow, StoreChanged
from socconsole.tui.queue_strip import QueueStrip
from socconsole.tui.reading.alert_source import AlertSource
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.reading.watching import Lookers
from socconsole.tui.saved_views import Shown, ViewBar, fitting
from socconsole.tui.tasks import aside, background, for_key, task
from socconsole.tui.verbs import every_alert_verb, find_verbs
from socconsole.tui.verbs.alert_verbs import Target
from socconsole.tui.verbs.filter_prompt import FilterPrompt
from socconsole.tui.verbs.value_filter import group_choices, narrowed
from socconsole.tui.widgets.alert_preview import PREVIEW_WIDTH, AlertPreview
from socconsole.tui.widgets.awaited import Awaited
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.header import StatusHeader
from socconsole.tui.widgets.layout import TableLayout
from socconsole.tui.widgets.prompt import PromptLine
from socconsole.tui.widgets.table import VirtualTable
from socconsole.tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from socconsole.core.filter_words import Vocabulary
    from socconsole.store.queries.queue import QueueRow

_COUNTS_SECS = 2.0
"""The counts of the views are read again at most so often."""
_NOTHING_HERE = "There is no alert here."

SORTS = {
    "r": "rank",
    "a": "age",
    "l": "last_seen",
    "s": "severity",
    "c": "count",
    "t": "rule",
    "h": "host",
    "u": "user",
    "i": "source_ip",
}


_WELCOME = (
    "Welcome. Nothing is read yet, so nothing can be found.\n\n"
    "7 then +   name a first log file; it is read from then on\n"
    "?          the keys of this screen\n"
    ":manual    getting-started is the page to begin with\n\n"
    "`socconsole demo` plays an attack on a small clinic instead."
)


def _reads_anything(session: AnySession) -> bool:
    from socconsole.store.queries.sources import sources

    return bool(sources(session, stopped=True))


def _words() -> "Vocabulary":
    from socconsole.core.filter_words import ALERT_FIELDS

    return ALERT_FIELDS


class QueueScreen(Screen[None]):
    """Open alerts, the highest rank first."""

    TITLE = "Queue"
    BINDINGS: ClassVar[list[BindingType]] = [
        *every_alert_verb.BINDINGS,
        key("queue.next", "w", "work_next", "Work next: claim the highest alert nobody has"),
        key("queue.filter", "slash", "filter", "Filter as you type", hint="filter"),
        key("queue.clear", "backslash", "clear_filter", "Take the filter off"),
        key("queue.next_view", "right_square_bracket", "view(1)", "Next view"),
        key("queue.previous_view", "left_square_bracket", "view(-1)", "Previous view"),
        key("queue.last_view", "minus", "last_view", "The view before"),
        key("alert.go_ticket", "T", "go_ticket", "Go to its ticket"),
        key("queue.sort", "o", "sort", "Sort by"),
        key("queue.reverse", "O", "reverse", "Turn the order round"),
        key("queue.value", "f", "value_filter", "Include, exclude, only, group by: the value here"),
        key("queue.refresh", "r", "refresh_all", "Load again"),
        key("queue.new", "n", "next_new", "Next alert nobody has"),
        key("queue.critical", "e", "next_critical(1)", "Next critical alert"),
        key("queue.critical_back", "E", "next_critical(-1)", "Previous critical alert"),
        key("queue.preview", "p", "toggle_preview", "Preview on, off (120 columns and more)"),
        key("queue.preview_place", "P", "turn_preview", "Preview beside the list, or below"),
        key("queue.runbook", "b", "detail('runbook')", "Runbook"),
        key("queue.raw", "R", "detail('raw')", "The newest line, raw"),
        key("queue.everything", "d,2", "detail('')", "Everything about it"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._views = ViewBar()
        self._names = Awaited(self)
        self._lookers = Lookers("alert")
        self._views_read = 0.0
        self._has_sources = True
        self._filter = FilterPrompt(console(self), _words, self._filter_changed)
        self._source: AlertSource | None = None
        self._is_touched = False

    def compose(self) -> ComposeResult:
        yield StatusHeader()
        yield Drawn(id="bar")
        with Container(id="body"):
            columns = alert_columns(console(self).now, self._lookers.of)
            views = TextPane(id="views")
            views.can_focus = False
            yield views
            yield VirtualTable(columns, empty="Loading …", gone=self._is_gone)
            yield AlertPreview()
        yield QueueStrip()
        yield PromptLine()

    @property
    def table(self) -> "VirtualTable[QueueRow]":
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        self._source = AlertSource(console(self))
        self.table.source = self._source
        self.table.focus()
        self._show_bar()
        first = console(self).setup.first_page
        if first:
            self.table.show_first([row.id for row in first], {row.id: row for row in first})
        with aside() if first else for_key():  # what is here already can be acted on
            self.load()
        with for_key():  # `]` and `:view` go to any of them
            self._names.hold_keys(moves_pass=True)
        self.load_views()
        self.set_interval(60.0, self.table.refresh_lines)  # ages
        self.watch(self.app, "pulse", self._pulsed, init=False)

    # Loading.

    def load(self, *, first: bool = False) -> None:
        """Ask for the view's order and rows again; keys wait for them where one has caused it."""
        source = self._source
        if source is None:
            return
        source.filter = self._whole_filter
        self.table.reload(first=first)

    def on_virtual_table_loaded(self, message: VirtualTable.Loaded) -> None:
        message.stop()
        self.table.set_foot(pill="")
        self.table.empty = self._why_empty()
        self._show_bar()

    def on_store_changed(self, message: StoreChanged) -> None:
        self._look_round(for_key() if message.is_mine else aside())

    def _look_round(self, whose: AbstractContextManager[None]) -> None:
        with whose:
            self.table.refresh_rows()
        self.look_for_news()
        self.look_who()
        self._show_strip()
        if monotonic() - self._views_read > _COUNTS_SECS:
            self.load_views()

    def on_screen_resume(self) -> None:
        self._lookers.hurry()
        has_been_read = self._source is not None and self._source.newest is not None
        self._look_round(for_key() if has_been_read else aside())
        self.load_views()

    @background
    async def load_views(self) -> None:
        """Read the saved views, and how many alerts each finds."""
        app = console(self)
        self._views_read = monotonic()
        try:
            await app.store.in_thread(app.store.wait)
            await self._views.read_names(app)
        finally:
            self._names.arrived()
        await self._views.count(app)
        self._has_sources = await app.store.read(_reads_anything)
        self.table.empty = self._why_empty()
        self._show_bar()

    @background
    async def look_for_news(self) -> None:
        source = self._source
        if self.table.has_failed:
            self.load()
        if source is None or source.newest is None:
            return
        count = await console(self).store.in_thread(source.news)
        if count and self._may_fill:
            self.load(first=True)
        else:
            self.table.set_foot(pill=f" ▲{count} new · g " if count else "")

    def on_key(self, _event: Key) -> None:
        self._is_touched = True

    @property
    def _may_fill(self) -> bool:
        """Whether new rows come without a key: into an empty list, or before the first key ever."""
        shown = self.table.line_count
        return not shown or (not self._is_touched and shown < self.table.size.height)

    @background
    async def look_who(self) -> None:
        """Show which of the alerts on screen a colleague has open."""
        table = self.table
        shown = table.ids[table.top : table.top + table.page_height]
        for alert_id in await self._lookers.update(console(self), shown):
            if alert_id in shown:
                table.refresh_index(table.top + list(shown).index(alert_id))

    def _pulsed(self) -> None:
        """Say below the list what a narrow header has no room for."""
        app = console(self)
        self.table.set_foot(note=app.pulse.clocks if self.size.width < CLOCKS_WIDTH else "")

    def _why_empty(self) -> str:
        name = self._views.current.name
        if self._filter.text:
            return f"No alert in {name} matches {self._filter.text} · \\ takes the filter off"
        if name == "Open" and not self._has_sources:
            return _WELCOME
        if name == "Open":
            return "No open alert. 3 Live tail shows what is read, 7 Sources how reading goes."
        return f"No alert in {name} · [ and ] change the view"

    # The bar.

    def _show_bar(self) -> None:
        parts: list[tuple[str, str]] = []
        parts.extend(self._views.parts())
        self.query_one("#views", TextPane).show(self._views.lines(console(self).login))
        source = self._source
        if source and (source.sort != "rank" or source.reverse):
            parts.append((f"  by {source.sort}{' ↑' if source.reverse else ''}", "muted"))
        parts.extend(self._filter.parts)
        is_listed = self.query_one("#views").display
        shown = fitting(parts, self.size.width, is_listed=is_listed)
        self.query_one("#bar", Drawn).show(*shown)

    def action_view(self, by: int) -> None:
        self._views.step(by)
        self._view_changed()

    def action_last_view(self) -> None:
        self._views.go_back()
        self._view_changed()

    def show_view(self, name: str) -> None:
        """Show the view called `name`; raises UsageError."""
        self._views.take(name)
        self._view_changed()

    def _view_changed(self) -> None:
        view = self._views.current
        layout = TableLayout.read(view.columns, view.sort)
        if self._source is not None:
            self._source.take_order(layout.sort, reverse=layout.reverse)
        self.table.set_arrangement(layout)
        self._show_bar()
        self.load(first=True)
        self.load_views()

    @property
    def _whole_filter(self) -> str:
        return self._views.narrowed(self._filter.text)

    @property
    def shown(self) -> Shown:
        """What `:view save` keeps."""
        return Shown("queue", self._whole_filter, self.table.arrangement)

    # The filter.

    @task
    async def action_filter(self) -> None:
        await self._filter.ask(self._complete)

    def _filter_changed(self) -> None:
        self._show_bar()
        if self._source is not None and self._source.filter != self._whole_filter:
            self.load(first=True)

    async def _complete(self, text: str) -> Sequence[str]:
        from socconsole.tui.verbs.filter_prompt import completed

        return await completed(console(self), text, _words())

    def action_clear_filter(self) -> None:
        self._filter.take("")

    def on_narrow(self, message: Narrow) -> None:
        """Show the open alerts that are let through."""
        self._views.step_to_first()
        self._filter.take(message.filter)

    @task
    async def action_value_filter(self) -> None:
        """Narrow by a value of the row under the cursor."""
        row = await self.table.read_row(self.table.cursor_id)
        if row is None:
            console(self).say(_NOTHING_HERE)
            return
        values = {
            "r": ("rule", row.title),
            "h": ("host", row.host or "none"),
            "u": ("user", row.user or "none"),
            "i": ("source_ip", row.source_ip or "none"),
            "s": ("source", row.source),
            "c": ("category", row.category or "none"),
        }
        text = await narrowed(console(self), self._filter.text, values, self._group_by)
        if text is not None:
            self._filter.take(text)

    async def _group_by(self) -> None:
        """Count the values of a field; Enter narrows to the one under the cursor."""
        source, app = self._source, console(self)
        if source is None:
            return
        found = await group_choices(app, source.query(), self._filter.text, self._filter.take)
        if found is not None:
            app.open(found)

    # Order and columns.

    @task
    async def action_sort(self) -> None:
        pressed = await console(self).choose("Sort by", SORTS)
        if pressed is not None:
            self.table.set_arrangement(replace(self.table.arrangement, sort=SORTS[pressed]))

    def action_reverse(self) -> None:
        layout = self.table.arrangement
        sort = layout.sort or "rank"
        self.table.set_arrangement(replace(layout, sort=sort, reverse=not layout.reverse))

    def on_virtual_table_arranged(self, message: VirtualTable.Arranged) -> None:
        message.stop()
        self._show_bar()

    # The preview.

    def on_virtual_table_highlighted(self, message: VirtualTable.Highlighted) -> None:
        message.stop()
        self.query_one(AlertPreview).follow(message.row_id)

    def on_alert_preview_loaded(self, message: AlertPreview.Loaded) -> None:
        message.stop()
        self._show_strip()

    def on_resize(self) -> None:
        self.call_after_refresh(self.query_one(AlertPreview).load)
        self.call_after_refresh(self._show_strip)
        self.call_after_refresh(self._show_bar)
        self._pulsed()

    def _show_strip(self) -> None:
        row = self.table.cursor_row
        self.query_one(QueueStrip).show(row.source if row is not None else "")

    def action_toggle_preview(self) -> None:
        self._change_preview("-no-preview")

    def action_turn_preview(self) -> None:
        self._change_preview("-below")

    def _change_preview(self, how: str) -> None:
        if self.size.width < PREVIEW_WIDTH:
            console(self).say(f"The preview needs {PREVIEW_WIDTH} columns; Enter opens the alert.")
            return
        self.toggle_class(how)
        self.call_after_refresh(self.query_one(AlertPreview).load)

    def action_refresh_all(self) -> None:
        self.load()

    # Verbs.

    async def target(self) -> Target | None:
        """Return the marked alerts, or the one under the cursor."""
        chosen = self.table.selection()
        return Target(chosen.ids, await self.table.read_meant()) if chosen.ids else None

    @task
    async def action_verb(self, name: str) -> None:
        marked = self.table.selection().marked
        target = await self.target()
        if target is None:
            console(self).say(_NOTHING_HERE)
            return
        verb = every_alert_verb.VERBS[name]
        finished = await verb(console(self), target)
        if marked and finished:
            self.table.clear_marks()
        done = set(target.ids)
        if finished and self.table.cursor_id in done:  # a long verb leaves time to move on
            self.table.advance(lambda row: row.is_open and row.id not in done)

    @task
    async def action_work_next(self) -> None:
        from socconsole.services import alerts

        app = console(self)
        taken = await app.change(alerts.claim_next, policy=app.settings.alerts)
        if taken is None:
            app.say("No open alert is without somebody.")
            return
        app.say(f"Alert {taken} is yours · u undoes")
        if not self.table.move_to_id(taken):
            self.load(first=True)
        self.open_alert(taken)

    def action_next_new(self) -> None:
        if not self.table.advance(lambda row: row.status == "new"):
            console(self).say("Nobody waits below this one.")

    def action_next_critical(self, step: int) -> None:
        if not self.table.advance(lambda row: row.severity is Severity.CRITICAL, step=step):
            console(self).say("No critical alert further on in this direction.")

    def action_detail(self, then: str) -> None:
        """Open the alert here and do there what `then` says."""
        here = self.table.cursor_id
        if here is None:
            console(self).say(_NOTHING_HERE)
        else:
            self.open_alert(here, then=then)

    def action_bookmarks(self) -> None:
        find_verbs.show_bookmarks(console(self))

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        message.stop()
        self.open_alert(message.row_id)

    def open_alert(self, alert_id: int, *, then: str = "") -> None:
        """Show the alert's own screen, and there what `then` names."""
        from socconsole.tui.screens.alert import AlertScreen

        ids = self.table.ids
        if alert_id in ids:
            console(self).open(AlertScreen(ids, ids.index(alert_id), then=then))
        else:
            console(self).open(AlertScreen((alert_id,), 0, then=then))

    @task
    async def action_go_ticket(self) -> None:
        row, app = await self.table.read_row(self.table.cursor_id), console(self)
        if row is None and app.fresh_ticket_id is None:
            app.say(_NOTHING_HERE)
        else:
            app.open_ticket(row.ticket_id if row else None)

    # What a row says.

    def _is_gone(self, row: "QueueRow") -> bool:
        if "status" in self._views.current.filter or "status" in self._filter.text:
            return False
        return not row.is_open or row.status == "shelved"
