"""Live tail: the newest lines of all sources, or of one, filtered."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from socconsole.core.event import Event, EventCategory
from socconsole.core.filter import parse_filter
from socconsole.core.filter_edit import filled, gap_at, offers
from socconsole.core.filter_match import Viewer, event_predicate
from socconsole.core.filter_words import EVENT_FIELDS
from socconsole.tui import tail_verbs
from socconsole.tui.event_text import event_lines
from socconsole.tui.keymap import key
from socconsole.tui.messages import Narrow
from socconsole.tui.screens import console
from socconsole.tui.screens.text import TextScreen
from socconsole.tui.tasks import task
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.header import StatusHeader
from socconsole.tui.widgets.prompt import PromptLine
from socconsole.tui.widgets.sparkline import sparkline
from socconsole.tui.widgets.tail import TailLine, TailView

if TYPE_CHECKING:
    from socconsole.store.events import Cursor, EventStore, Kept, Tail

Accepts = Callable[[Event], bool]

_FILTERED_BATCH = 4_000
"""Events looked at in one go while a filter is set."""
_FIRST_LOOK = 20_000
"""Events searched backwards for a first screenful under a filter."""


class TailScreen(Screen[None]):
    """The newest lines of every source; `[` and `]` choose one."""

    TITLE = "Live tail"
    BINDINGS: ClassVar[list[BindingType]] = [
        key("tail.filter", "slash,ampersand", "filter", "Keep matching lines", hint="filter"),
        key("tail.clear", "backslash", "clear_filter", "Take the filter off"),
        key("tail.next_source", "right_square_bracket", "source(1)", "Next source", hint="source"),
        key("tail.previous_source", "left_square_bracket", "source(-1)", "Previous source"),
        key("tail.raw", "R,d", "event", "The event with all its fields"),
        key("tail.ticket", "t", "ticket", "Attach to a ticket, or to a new one", hint="ticket"),
        key("tail.incident", "i", "incident", "Attach to an incident"),
        key("tail.go_ticket", "T", "go_ticket", "Go to the ticket they went to"),
        key("tail.copy", "y", "copy", "Copy the lines"),
        key("tail.refresh", "r", "start_again", "Read again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._cursor: Cursor | None = None
        self._started = False
        self._loading = False
        self._filter = ""
        self._accepts: Accepts | None = None
        self._sources: list[str] = []
        self._ids: dict[str, int] = {}
        self._source = ""
        self._rate: deque[int] = deque(maxlen=60)

    def compose(self) -> ComposeResult:
        yield StatusHeader()
        yield Drawn(id="bar")
        yield TailView(empty="No line yet · 7 Sources says what is read, \\ takes a filter off")
        yield PromptLine()

    def on_mount(self) -> None:
        self.query_one(TailView).focus()
        self._show_bar()
        self.load()

    def on_database_ready(self) -> None:
        self.load()

    def on_store_changed(self) -> None:
        self.load()

    def on_screen_resume(self) -> None:
        self.load()

    @task
    async def load(self) -> None:
        if self._loading:
            return
        self._loading = True
        try:
            await self._read_more()
        finally:
            self._loading = False

    async def _read_more(self) -> None:
        view = self.query_one(TailView)
        limit = max(view.page_height, 50) if self._accepts is None else _FILTERED_BATCH
        source_id = self._ids.get(self._source)
        accepts, after, source = self._accepts, self._cursor, self._source
        first = not self._started

        def read(events: "EventStore") -> "tuple[Tail, list[Kept]]":
            tail = events.recent(limit, source_id, after)
            if accepts is None:
                return tail, list(tail.events)
            if first:
                return tail, _search_back(events, accepts, source_id, view.page_height)
            return tail, [kept for kept in tail.events if accepts(kept.event)]

        tail, found = await console(self).store.with_events(read)
        if (accepts, source) != (self._accepts, self._source):
            return  # the analyst has asked for something else meanwhile
        self._started = True
        self._cursor = tail.cursor
        for kept in found:
            self._ids.setdefault(_name(kept.event), kept.source_id)
        skipped = 0 if first or accepts is not None else tail.skipped
        self._rate.append(len(tail.events) + tail.skipped if not first else 0)
        view.extend([_line(kept) for kept in found], skipped=skipped)
        self._show_bar()

    def _show_bar(self) -> None:
        names = ["all", *sorted(self._ids)]
        parts: list[tuple[str, str]] = []
        for name in names:
            chosen = name == (self._source or "all")
            parts.append(
                (f"[{name}]" if chosen else f" {name} ", "tab-active" if chosen else "tab")
            )
        if self._filter:
            parts.append((f"  /{self._filter}", "prompt"))
        drawn = sparkline(self._rate, 30)
        if any(self._rate):
            parts.append((f"  {drawn}", "muted"))
        self.query_one("#bar", Drawn).show(*parts)

    @task
    async def action_filter(self) -> None:
        async def complete(text: str) -> Sequence[str]:
            gap = gap_at(text, len(text), EVENT_FIELDS)
            if gap is None:
                return []
            values = sorted(self._ids) if gap.field and gap.field.name == "source" else ()
            return [filled(text, gap, offer)[0] for offer in offers(gap, EVENT_FIELDS, values)]

        text = await console(self).ask("/", initial=self._filter, complete=complete)
        if text is not None:
            self._narrow(text)

    @task
    async def on_narrow(self, message: Narrow) -> None:
        self._narrow(message.filter)

    def _narrow(self, text: str) -> None:
        """Keep the events that `text` finds; raises FilterError."""
        app = console(self)
        if text.strip():
            viewer = Viewer(app.login, app.now())
            self._accepts = event_predicate(parse_filter(text, EVENT_FIELDS), viewer)
        else:
            self._accepts = None
        self._filter = text.strip()
        self.action_start_again()

    def action_clear_filter(self) -> None:
        self._filter, self._accepts = "", None
        self.action_start_again()

    def action_source(self, by: int) -> None:
        names = ["", *sorted(self._ids)]
        self._source = names[(names.index(self._source) + by) % len(names)]
        self.action_start_again()

    def action_start_again(self) -> None:
        """Forget what is shown and read the newest lines."""
        self._cursor, self._started = None, False
        self.query_one(TailView).clear()
        self._show_bar()
        self.load()

    def on_tail_view_chosen(self, message: TailView.Chosen) -> None:
        message.stop()
        self.action_event()

    @task
    async def action_event(self) -> None:
        """Show the event of the line picked with all its fields."""
        line, app = self.query_one(TailView).cursor_line, console(self)
        if line is None:
            return
        found = await app.store.with_events(lambda events: tail_verbs.lines_of(events, [line]))
        if found:
            app.open(TextScreen("Event", event_lines(found[0].event)))
        else:
            app.say("This line is past its retention.")

    @task
    async def action_ticket(self) -> None:
        await self._hand_over(tail_verbs.attach_to_ticket)

    @task
    async def action_incident(self) -> None:
        await self._hand_over(tail_verbs.attach_to_incident)

    async def _hand_over(self, verb: tail_verbs.Verb) -> None:
        view = self.query_one(TailView)
        lines = view.marked_lines
        if not lines:
            console(self).say("There is no line here; Space marks lines.")
        elif await verb(console(self), lines):
            view.clear_marks()

    def action_go_ticket(self) -> None:
        console(self).open_ticket(None)

    def action_copy(self) -> None:
        lines = self.query_one(TailView).marked_lines
        if lines:
            console(self).copy("\n".join(line.text for line in lines))


def _search_back(
    events: "EventStore", accepts: Accepts, source_id: int | None, wanted: int
) -> list["Kept"]:
    """Return the newest `wanted` events that pass, oldest first, from a bounded look back."""
    looked = 0

    def bounded(event: Event) -> bool:
        nonlocal looked
        looked += 1
        return looked > _FIRST_LOOK or accepts(event)

    found: list[Kept] = []
    for kept in events.search(bounded, source=source_id, newest_first=True):
        if looked > _FIRST_LOOK:
            break
        found.append(kept)
        if len(found) >= wanted:
            break
    return found[::-1]


def _name(event: Event) -> str:
    return event.line.source if event.line else event.format


def _line(kept: "Kept") -> TailLine:
    event = kept.event
    style = {EventCategory.EXCEPTION: "bad", EventCategory.WARNING: "warn"}.get(event.category, "")
    time = event.time
    key = (kept.generation_id, kept.offset)
    return TailLine(key, time, _name(event), event.raw, style, kept.source_id)
