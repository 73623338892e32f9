"""Live tail: the newest lines of all sources or of one, filtered; or lines of some time ago."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.core.filter_words import EVENT_FIELDS
from socconsole.core.moment import past_moment
from socconsole.tui.cells import stamp
from socconsole.tui.console import console
from socconsole.tui.keymap import key
from socconsole.tui.messages import Narrow
from socconsole.tui.reading.freshness import ReadsFirst
from socconsole.tui.reading.tail_reading import (
    Asked,
    Found,
    asked_for,
    read_beside,
    read_first,
    read_new,
    tail_line,
)
from socconsole.tui.saved_views import Shown, fitting
from socconsole.tui.tail_stops import TailStops
from socconsole.tui.tasks import aside, background, task
from socconsole.tui.verbs import on_lines
from socconsole.tui.verbs.filter_prompt import FilterPrompt, completed
from socconsole.tui.verbs.on_lines import OnLines
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.frame import framed
from socconsole.tui.widgets.histogram import Histogram
from socconsole.tui.widgets.layout import TableLayout
from socconsole.tui.widgets.sparkline import sparkline
from socconsole.tui.widgets.tail import TailLine, TailView

if TYPE_CHECKING:
    from socconsole.store.events import Cursor

_NEAR = timedelta(minutes=5)
_HISTOGRAM_SECS = 1.0
_ROOM_FOR_HISTOGRAM = 40
"""Rows of the screen from which on the histogram is shown unasked."""


class TailScreen(OnLines, ReadsFirst, Screen[None]):
    """The newest lines of every source; `[` and `]` choose one."""

    TITLE = "Live tail"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("tail.filter", "slash,ampersand", "filter", "Keep matching lines", hint="filter"),
        key("tail.clear", "backslash", "clear_filter", "Take the filter off"),
        key(
            "tail.next_source",
            "right_square_bracket",
            "source(1)",
            "Next source or view",
            hint="next",
        ),
        key("tail.previous_source", "left_square_bracket", "source(-1)", "Source or view before"),
        *on_lines.BINDINGS,
        key("tail.results", "o,W", "results", "Search all that is retained: columns, order, views"),
        key("tail.histogram", "p", "histogram", "Histogram on, off"),
        key("tail.refresh", "r", "start_again", "Read again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._cursor: Cursor | None = None
        self._started = False
        self._looking = asyncio.Lock()
        self._is_late = False
        self._is_in_front = True  # it is read when it is mounted
        self._typed = FilterPrompt(console(self), lambda: EVENT_FIELDS, self._filter_changed)
        self._read_filter = ""
        self._asked = Asked()
        self._stops = TailStops()
        self._newer = 0
        self._rate: deque[int] = deque(maxlen=60)
        self._wants_histogram: bool | None = None
        self._counted_at = 0.0

    def compose(self) -> ComposeResult:
        yield from framed(
            Histogram(id="histogram"),
            TailView(empty="No line yet · 7 Sources says what is read, \\ takes a filter off"),
        )

    @property
    def view(self) -> TailView:
        return self.query_one(TailView)

    def on_mount(self) -> None:
        self.view.focus()
        self._place_histogram()
        self._show_bar()
        self.let_keys_in_after(self.load(), self.load_views())

    def on_database_ready(self) -> None:
        self.load_more()

    def on_store_changed(self) -> None:
        self.load_more()

    def on_screen_resume(self) -> None:
        if not self._is_in_front:  # a new screen is told twice
            self._is_in_front = True
            self.load_more()
            with aside():
                self.load_views()

    def on_screen_suspend(self) -> None:
        self._is_in_front = False

    def on_resize(self) -> None:
        self._place_histogram()

    # Reading.

    @task
    async def load(self) -> None:
        """Read the newest lines of what is asked for."""
        async with self._look():
            await self._read_to_start()
        self._show_bar()
        self._count_lines()

    @background
    async def load_more(self) -> None:
        """Add what has come in since."""
        if self._looking.locked():
            self._is_late = True
            return
        async with self._look():
            if self._started:
                await self._read_more()
            await self._read_to_start()
        self._show_bar()
        self._count_lines()

    @asynccontextmanager
    async def _look(self) -> AsyncIterator[None]:
        """Look at the store once the look before is over; keys wait for both."""
        with console(self).keys_wait():
            async with self._looking:
                yield
        if self._is_late:
            self._is_late = False
            self.load_more()

    async def _read_to_start(self) -> None:
        while not self._started:  # else it was for another question
            await self._read_first()

    async def _read_first(self) -> None:
        await self._stops.read_sources(console(self))
        asked, rows = self._asked, self.app.size.height
        cursor, found = await console(self).store.with_events(
            lambda events: read_first(events, asked, rows)
        )
        if asked != self._asked:
            return  # the analyst has asked for something else meanwhile
        self._started, self._cursor = True, cursor
        self.view.extend([tail_line(kept) for kept in found.events])
        self._tell_cut(found)

    async def _read_more(self) -> None:
        view, asked, after = self.view, self._asked, self._cursor
        if after is None:
            self._started = False
            return
        limit = 0 if view.past else max(view.page_height, 50)
        reader = Asked(asked.source_id) if view.past else asked
        tail, found = await console(self).store.with_events(
            lambda events: read_new(events, reader, limit, after)
        )
        if asked != self._asked or after is not self._cursor or view.past != (reader is not asked):
            return
        self._rate.append(len(tail.events) + tail.skipped - (self._newer if view.past else 0))
        if view.past:
            self._newer = tail.skipped
            view.count_newer(tail.skipped)
            return
        self._cursor = tail.cursor
        skipped = tail.skipped if asked.accepts is None else 0
        view.extend([tail_line(kept) for kept in found], skipped=skipped)

    def _tell_cut(self, found: Found) -> None:
        if not found.complete:
            oldest = next((kept.event.time for kept in found.events if kept.event.time), None)
            back = f"back to {stamp(oldest)}" if oldest else "for two seconds"
            console(self).say(f"Looked {back}; older lines may match too: @ jumps to a time.")

    # Going back in time.

    @task
    async def action_jump(self) -> None:
        app = console(self)
        said = await app.ask("Jump to (14:02, 2h, 2026-11-21 08:00)")
        if said and said.strip():
            at = past_moment(said, now=app.now(), zone=ZoneInfo(app.zone))
            async with self._look():
                await self._show_past(at)

    async def _show_past(self, at: datetime) -> None:
        """Show the lines around a moment."""
        asked = self._asked
        store = console(self).store
        before = await store.with_events(lambda events: read_beside(events, asked, at, -1))
        after = await store.with_events(lambda events: read_beside(events, asked, at, 1))
        if asked != self._asked:
            return
        lines = [tail_line(kept) for kept in (*before.events, *after.events)]
        if not lines:
            console(self).say(f"No line is retained around {stamp(at)}.")
            return
        self._newer = 0
        self.view.show_past(lines, len(before.events))
        self._count_lines(now=True)
        nearest = lines[min(len(before.events), len(lines) - 1)].time
        if nearest is not None and abs(nearest - at) > _NEAR:
            # Who took it for what happened then would be led astray.
            console(self).say(f"No line around {stamp(at)}; the next is of {stamp(nearest)}")

    @task
    async def on_tail_view_further(self, message: TailView.Further) -> None:
        """Read on where the lines shown end."""
        message.stop()
        async with self._look():
            await self._go_further(message.step, errors=message.errors)

    async def _go_further(self, step: int, *, errors: bool) -> None:
        view, asked = self.view, self._asked
        if step > 0 and not view.past:
            if errors:
                console(self).say("No further error yet.")
            return
        edge = _edge(view.lines, step)
        if edge is None:
            return
        wanted = asked.errors if errors else asked
        at = edge if errors or step > 0 else edge + timedelta(microseconds=1)
        at += timedelta(microseconds=1) if errors and step > 0 else timedelta()
        found = await console(self).store.with_events(
            lambda events: read_beside(events, wanted, at, step)
        )
        if asked != self._asked:
            return
        if errors:
            await self._go_to_error(found, step)
        else:
            view.add_past([tail_line(kept) for kept in found.events], step)
            self._count_lines(now=True)

    async def _go_to_error(self, found: Found, step: int) -> None:
        nearest = found.events[0 if step > 0 else -1] if found.events else None
        if nearest is None or nearest.event.time is None:
            how = "No further error." if found.complete else "No error within a long look."
            console(self).say(how)
            return
        await self._show_past(nearest.event.time)
        self.view.pick_key((nearest.generation_id, nearest.offset))

    def on_tail_view_live(self, message: TailView.Live) -> None:
        message.stop()
        self.action_start_again()

    # The bar and the histogram.

    def _show_bar(self) -> None:
        parts = fitting([*self._stops.parts(), *self._typed.parts], self.size.width)
        if any(self._rate):
            parts.append((f"  {sparkline(self._rate, 30)}", "muted"))
        self.query_one("#bar", Drawn).show(*parts)

    def action_histogram(self) -> None:
        self._wants_histogram = not self.query_one(Histogram).display
        self._place_histogram()
        self.call_after_refresh(self._count_lines, now=True)

    def _place_histogram(self) -> None:
        wanted = self._wants_histogram
        if wanted is None:
            wanted = self.app.size.height >= _ROOM_FOR_HISTOGRAM
        self.query_one(Histogram).display = wanted

    def _count_lines(self, *, now: bool = False) -> None:
        histogram = self.query_one(Histogram)
        if histogram.display and (now or monotonic() - self._counted_at > _HISTOGRAM_SECS):
            self._counted_at = monotonic()
            here = self.view.cursor_line
            histogram.show(self.view.lines, here.time if here else None)

    def on_tail_view_moved(self, message: TailView.Moved) -> None:
        message.stop()
        self._count_lines()

    # Filters.

    @task
    async def action_filter(self) -> None:
        await self._typed.ask(self._complete)

    async def _complete(self, text: str) -> Sequence[str]:
        def known(name: str) -> Sequence[str]:
            return self._stops.source_names if name == "source" else ()

        return await completed(console(self), text, EVENT_FIELDS, known)

    @task
    async def on_narrow(self, message: Narrow) -> None:
        self._stops.to_first()
        self._typed.take(message.filter)
        self.action_start_again()

    def _filter_changed(self) -> None:
        self._show_bar()
        if self._typed.text != self._read_filter:
            self.action_start_again()

    def action_clear_filter(self) -> None:
        self._typed.take("")

    def action_source(self, by: int) -> None:
        self._stops.step(by)
        self.action_start_again()

    # Saved views.

    @property
    def shown(self) -> Shown:
        """What `:view save` keeps."""
        return Shown("tail", self._stops.saved(self._typed.text), TableLayout())

    def show_view(self, name: str) -> None:
        """Show the lines of the view called `name`; raises UsageError."""
        self._stops.take(name)
        self.action_start_again()

    @task
    async def load_views(self) -> None:
        """Read which saved views there are, and then how many of the newest lines each finds."""
        await self._stops.read_views(console(self))
        self._show_bar()
        self._count_found()

    @background
    async def _count_found(self) -> None:
        await self._stops.count_views(console(self))
        self._show_bar()

    def action_start_again(self) -> None:
        """Forget what is shown and read the newest lines."""
        self._cursor, self._started, self._newer = None, False, 0
        self._read_filter = self._typed.text
        self._asked = self._asking()
        self.view.clear()
        self._show_bar()
        self.load()

    def _asking(self) -> Asked:
        text = self._stops.narrowed(self._typed.text)
        return asked_for(console(self), text, self._stops.source_id)

    # What is done with lines.

    @property
    def line_here(self) -> TailLine | None:
        return self.view.cursor_line

    @property
    def lines_meant(self) -> Sequence[TailLine]:
        return self.view.marked_lines

    @property
    def asked(self) -> Asked:
        return self._asked

    @property
    def typed_filter(self) -> str:
        return self._typed.text

    def take_filter(self, text: str) -> None:
        self._typed.take(text)

    def clear_marks(self) -> None:
        self.view.clear_marks()

    def action_results(self) -> None:
        """List what the filter finds in all that is retained."""
        console(self).search(self._stops.saved(self._typed.text))

    def on_tail_view_chosen(self, message: TailView.Chosen) -> None:
        message.stop()
        self.action_event()


def _edge(lines: Sequence[TailLine], step: int) -> datetime | None:
    """Return the time of the first line that has one, or of the last."""
    inward = iter(lines) if step < 0 else reversed(lines)
    return next((line.time for line in inward if line.time is not None), None)
