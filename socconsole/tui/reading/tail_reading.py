"""What the live tail reads from the event store, in the thread that reads events.

Every look back is bounded in time: a filter that finds little must not hold up the lines that come
in meanwhile. What was cut short says so.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from socconsole.core.event import Event, EventCategory
from socconsole.core.filter import FilterError, parse_filter
from socconsole.core.filter_match import Viewer, event_predicate, needed_entities
from socconsole.core.filter_words import EVENT_FIELDS
from socconsole.core.views import View
from socconsole.tui.widgets.tail import TailLine

if TYPE_CHECKING:
    from socconsole.store.events import Cursor, EventStore, Kept, Tail
    from socconsole.tui.console import Console

Accepts = Callable[[Event], bool]

FILTERED_BATCH = 4_000
"""Events looked at in one go while a filter is set."""
_LOOK_SECS = 2.0
_ENOUGH = 400
_MOST = 8_000
"""Lines of one look: a second of a flood may hold more, and is then cut."""
_FIRST_SPAN, _LONGEST_SPAN = timedelta(minutes=1), timedelta(days=60)
_WIDER = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """Which events are wanted."""

    source_id: int | None = None
    """None: every source, merged."""
    accepts: Accepts | None = None
    tokens: tuple[str, ...] = ()
    """Values that every match has to have; see `EventStore.search`."""

    @property
    def errors(self) -> "Asked":
        """The same, but only what is an error."""
        accepts = self.accepts

        def is_error(event: Event) -> bool:
            return event.category is EventCategory.EXCEPTION and (accepts is None or accepts(event))

        return replace(self, accepts=is_error)


@dataclass(slots=True)
class Found:
    """What a look into the store brought, in the order of time."""

    events: "list[Kept]" = field(default_factory=list)
    complete: bool = True
    """False where time or room ran out first."""


class _TimeIsUp(Exception):  # noqa: N818 it is no error
    """A look has taken long enough."""


def read_new(
    events: "EventStore", asked: Asked, limit: int, cursor: "Cursor"
) -> "tuple[Tail, list[Kept]]":
    """Return what was stored since `cursor`, and of it what is wanted, in the order of time."""
    tail = events.recent(
        limit if asked.accepts is None else FILTERED_BATCH, asked.source_id, cursor
    )
    accepts = asked.accepts
    wanted = [kept for kept in tail.events if accepts is None or accepts(kept.event)]
    return tail, in_time(wanted)


def asked_for(app: "Console", text: str, source_id: int | None = None) -> Asked:
    """Return the events a filter asks for: all of them where it is none any more."""
    try:
        wanted = parse_filter(text, EVENT_FIELDS)
    except FilterError:
        return Asked(source_id)
    if wanted.is_empty:
        return Asked(source_id)
    accepts = event_predicate(wanted, Viewer(app.login, app.now()))
    return Asked(source_id, accepts, tuple(needed_entities(wanted)))


async def count_views(app: "Console", views: Sequence[View]) -> Sequence[int | None]:
    """Return how many of the newest events each view finds; None for one that finds all."""
    tests = [asked_for(app, view.filter).accepts for view in views]
    return await app.store.with_events(lambda events: _count_newest(events, tests))


def _count_newest(events: "EventStore", tests: Sequence[Accepts | None]) -> list[int | None]:
    newest = [kept.event for kept in events.recent(FILTERED_BATCH, None).events]
    return [None if test is None else sum(map(test, newest)) for test in tests]


def read_first(events: "EventStore", asked: Asked, wanted: int) -> "tuple[Cursor | None, Found]":
    """Return where the store ends, and the newest events that are wanted."""
    if asked.accepts is None:
        # Blocks of a busy source come in one piece: the other sources' lines lie between theirs.
        tail = events.recent(wanted * 4, asked.source_id)
        return tail.cursor, Found(in_time(tail.events)[-wanted:])
    tail = events.recent(1, asked.source_id)
    found = Found()
    search = events.search(
        _within(asked.accepts),
        source=asked.source_id,
        tokens=asked.tokens,
        newest_first=True,
    )
    try:
        for kept in search:
            found.events.append(kept)
            if len(found.events) >= wanted:
                break
    except _TimeIsUp:
        found.complete = False
    found.events = in_time(found.events[::-1])
    return tail.cursor, found


def read_beside(events: "EventStore", asked: Asked, at: datetime, step: int) -> Found:
    """Return the events nearest to a moment: from it on, or with a negative step before it."""
    span, found = _FIRST_SPAN, Found()
    started = time.monotonic()
    while span <= _LONGEST_SPAN and time.monotonic() - started < _LOOK_SECS:
        since, until = (at, at + span) if step > 0 else (at - span, at)
        found = _read_span(events, asked, since, until, newest_first=step < 0)
        if not found.complete or len(found.events) >= _ENOUGH:
            break
        span *= _WIDER
    found.events = in_time(found.events if step > 0 else found.events[::-1])
    return found


def _read_span(
    events: "EventStore", asked: Asked, since: datetime, until: datetime, *, newest_first: bool
) -> Found:
    found = Found()
    search = events.search(
        _within(asked.accepts),
        since=since,
        until=until,
        source=asked.source_id,
        tokens=asked.tokens,
        newest_first=newest_first,
    )
    try:
        for kept in search:
            if len(found.events) >= _MOST:
                found.complete = False
                break
            found.events.append(kept)
    except _TimeIsUp:
        found.complete = False
    return found


def _within(accepts: Accepts | None) -> Accepts:
    """Return `accepts`, ending the search once it has taken long enough."""
    end = time.monotonic() + _LOOK_SECS

    def look(event: Event) -> bool:
        if time.monotonic() > end:
            raise _TimeIsUp
        return accepts is None or accepts(event)

    return look


def in_time(events: "Sequence[Kept]") -> "list[Kept]":
    """Return events, given as they were stored, in the order of time.

    One without a time stays behind the one before it.
    """
    last = datetime.min.replace(tzinfo=UTC)
    keyed = []
    for kept in events:
        last = kept.event.time or last
        keyed.append((last, kept))
    return [kept for _, kept in sorted(keyed, key=lambda pair: pair[0])]


def tail_line(kept: "Kept") -> TailLine:
    """Return an event as the tail shows it."""
    event = kept.event
    style = {EventCategory.EXCEPTION: "bad", EventCategory.WARNING: "warn"}.get(event.category, "")
    source = event.line.source if event.line else event.format
    key = (kept.generation_id, kept.offset)
    return TailLine(key, event.time, source, event.raw, style, kept.source_id)
