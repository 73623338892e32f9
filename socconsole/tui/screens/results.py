"""Search results: what a filter finds in all that is retained, the newest first."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from textual.binding import BindingType

from socconsole.core.filter import parse_filter
from socconsole.core.filter_words import EVENT_FIELDS
from socconsole.core.moment import past_moment
from socconsole.tui.cells import many, stamp
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.lines import Part
from socconsole.tui.messages import Narrow
from socconsole.tui.reading.line_search import Hit, LineSearch
from socconsole.tui.reading.tail_reading import Asked, asked_for, count_views
from socconsole.tui.saved_views import ViewBar
from socconsole.tui.screens.viewed import ViewedScreen
from socconsole.tui.tasks import task
from socconsole.tui.verbs import on_lines
from socconsole.tui.verbs.on_lines import OnLines
from socconsole.tui.widgets.columns import Column
from socconsole.tui.widgets.table import VirtualTable
from socconsole.tui.widgets.tail import TailLine

if TYPE_CHECKING:
    from socconsole.core.filter_words import Vocabulary

_MOST = 20_000
"""So many results are listed at most."""


class ResultsScreen(OnLines, ViewedScreen):
    """What a filter finds in the retained events; `n` looks further back."""

    TITLE = "Search results"
    LIST = "results"
    BINDINGS: ClassVar[list[BindingType]] = [
        *on_lines.BINDINGS,
        key("results.further", "n", "further", "Look further back", hint="further"),
        key("results.error", "e", "next_error(1)", "Next error"),
        key("results.error_back", "E", "next_error(-1)", "Previous error"),
        key("results.follow", "F", "follow", "Follow such lines on the live tail"),
    ]

    def __init__(self, text: str = "") -> None:
        """Search for what the filter `text` finds; raises UsageError."""
        super().__init__()
        parse_filter(text, EVENT_FIELDS)
        self._filter.text = text.strip()
        self._search = LineSearch(Asked())
        self._until: datetime | None = None
        self._hits: list[Hit] = []
        self._news = 0

    def words(self) -> "Vocabulary":
        return EVENT_FIELDS

    # Searching.

    async def rows(self, filter_text: str) -> Sequence[Hit]:
        app = console(self)
        self._search.is_wanted = False
        self._search = search = LineSearch(asked_for(app, filter_text), self._until)
        found = await self._looked(search)
        if search is self._search:
            self._hits, self._news = found, 0
            self._say_how_far()
        return found

    async def _looked(self, search: LineSearch) -> list[Hit]:
        self.table.set_foot(note="searching …")
        try:
            return await console(self).store.with_events(search.look)
        finally:
            self.table.set_foot(note="")

    def _say_how_far(self) -> None:
        search = self._search
        far = "all that is retained" if search.is_complete else self._back_to()
        self.table.set_foot(note=far)

    def _back_to(self) -> str:
        oldest = min((hit.line.time for hit in self._hits if hit.line.time), default=None)
        return (f"back to {stamp(oldest)}" if oldest else "two seconds' look") + " · n further"

    @task
    async def action_further(self) -> None:
        """Go on where the look before ended."""
        app, search = console(self), self._search
        if search.is_complete or len(self._hits) >= _MOST:
            app.say("That is all." if search.is_complete else "/ narrows, @ goes back in time.")
            return
        found = await self._looked(search)
        if search is self._search:
            self._hits += found
            self.show_found(self._hits)
            self._say_how_far()
            self.show_news(self._news)
            app.say(f"{many(len(found), 'line')} more" if found else "Nothing more yet.")

    @task
    async def look_again(self) -> None:
        """Count the results that came in since."""
        if not self.may_look():
            return
        search = self._search
        count = await console(self).store.with_events(search.count_news)
        if count and search is self._search:
            self._news += count
            if self.may_fill:
                self.action_load()
            else:
                self.show_news(self._news)

    async def count_found(self, views: ViewBar) -> None:
        app = console(self)
        await views.count(app, partial(count_views, app))

    def search_for(self, text: str) -> None:
        """Search for what another filter finds; raises UsageError."""
        parse_filter(text, EVENT_FIELDS)
        self._views.step_to_first()
        self._until = None
        self._filter.take(text)
        self.action_load(first=True)

    def action_clear_filter(self) -> None:
        self._until = None
        self._filter.take("")
        self.action_load(first=True)

    @task
    async def action_jump(self) -> None:
        app = console(self)
        said = await app.ask("Results before (14:02, 2h, 2026-11-21 08:00)")
        if said and said.strip():
            self._until = past_moment(said, now=app.now(), zone=ZoneInfo(app.zone))
            self.action_load(first=True)

    def more_parts(self) -> Sequence[Part]:
        return [(f"  before {stamp(self._until)} · \\", "prompt")] if self._until else []

    def why_empty(self, view: str) -> str:
        if not self._search.is_complete:
            return f"Nothing found yet in {view} · n looks further back"
        return f"No line is retained in {view} · 7 Sources says what is read"

    def value_of(self, row: Hit, name: str) -> object:
        if name in ("source", "category"):
            return row.line.source if name == "source" else row.category
        return super().value_of(row, name)

    # What is done with lines.

    @property
    def line_here(self) -> TailLine | None:
        row: Hit | None = self.table.cursor_row
        return None if row is None else row.line

    @property
    def lines_meant(self) -> Sequence[TailLine]:
        rows: list[Hit] = self.table.selected_rows()
        return sorted((row.line for row in rows), key=lambda line: line.key)

    @property
    def asked(self) -> Asked:
        return self._search.asked

    @property
    def typed_filter(self) -> str:
        return self._filter.text

    def take_filter(self, text: str) -> None:
        self._filter.take(text)

    def clear_marks(self) -> None:
        self.table.clear_marks()

    def on_virtual_table_chosen(self, message: VirtualTable.Chosen) -> None:
        message.stop()
        self.action_event()

    def action_next_error(self, step: int) -> None:
        if not self.table.advance(lambda row: row.line.style == "bad", step=step):
            console(self).say("No further error among these.")

    def action_follow(self) -> None:
        """Show on the live tail what the filter lets through."""
        app, text = console(self), self._whole_filter
        app.show("tail")
        app.call_for_key(lambda: app.tell(Narrow(text)))

    # Columns.

    def columns(self) -> "list[Column[Hit]]":
        return [
            Column(
                "time",
                "Time",
                20,
                lambda row: stamp(row.line.time),
                lambda _: "muted",
                value=_seconds,
            ),
            Column("source", "Source", 8, lambda row: row.line.source, lambda _: "key"),
            Column("kind", "Kind", 4, lambda row: row.kind, lambda row: row.line.style),
            Column("host", "Host", 12, lambda row: row.host),
            Column("user", "User", 9, lambda row: row.user, least=100),
            Column("source_ip", "From", 15, lambda row: row.source_ip, least=120),
            Column("process", "Process", 14, lambda row: row.process, least=140),
            Column("format", "Format", 10, lambda row: row.format, least=170),
            Column("message", "Message", 20, lambda row: row.message, _message_style, grow=2),
            Column("line", "Line", 30, lambda row: row.line.text, lambda _: "muted", 1, least=190),
        ]


def _seconds(row: Hit) -> object:
    return row.line.time.timestamp() if row.line.time else ""


def _message_style(row: Hit) -> str:
    return row.line.style
