"""Below the queue on a large screen: how fast alerts come, and the tail of the source at hand."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container

from socconsole.tui.console import console
from socconsole.tui.reading.store_access import AnySession
from socconsole.tui.tasks import background
from socconsole.tui.widgets.drawn import Drawn
from socconsole.tui.widgets.sparkline import sparkline
from socconsole.tui.widgets.tail import TailView

if TYPE_CHECKING:
    from socconsole.store.events import Cursor

_COUNT_AGAIN = timedelta(seconds=5)
_MINUTES = 60


class QueueStrip(Container):
    """Alerts a minute and the newest lines of one source; `show` says of which."""

    def __init__(self) -> None:
        super().__init__()
        self._source = ""
        self._source_id: int | None = None
        self._cursor: Cursor | None = None
        self._counted_at: datetime | None = None
        self._loading = False

    def compose(self) -> ComposeResult:
        yield Drawn(id="rate")
        tail = TailView(empty="No line of this source is retained.")
        tail.can_focus = False
        yield tail

    @background
    async def show(self, source: str) -> None:
        """Show what is new; `source` is the one whose lines are wanted."""
        if not self.display or self._loading:
            return
        self._loading = True
        try:
            await self._count()
            await self._read(source)
        finally:
            self._loading = False

    async def _count(self) -> None:
        from socconsole.store.queries.rates import alerts_by_minute

        app = console(self)
        now = app.now()
        if self._counted_at is not None and now - self._counted_at < _COUNT_AGAIN:
            return
        self._counted_at = now
        counts = await app.store.read(alerts_by_minute, now, _MINUTES)
        self.query_one("#rate", Drawn).show(
            (" alerts a minute  ", "column"),
            (sparkline(counts, _MINUTES), "key"),
            (f"  now {counts[-1]}, peak {max(counts)}, {sum(counts):,} in an hour", "muted"),
        )

    async def _read(self, source: str) -> None:
        from socconsole.tui.reading.tail_reading import Asked, read_first, read_new, tail_line

        view, store = self.query_one(TailView), console(self).store
        if source != self._source:
            self._source, self._cursor = source, None
            self._source_id = await store.read(_id_of, source)
            view.clear()
            view.note = f"{source} · 3 opens the live tail"
        if self._source_id is None:
            return
        asked, after, rows = Asked(self._source_id), self._cursor, view.page_height
        if after is None:
            self._cursor, found = await store.with_events(
                lambda events: read_first(events, asked, rows)
            )
            view.extend([tail_line(kept) for kept in found.events])
            return
        tail, new = await store.with_events(lambda events: read_new(events, asked, rows, after))
        self._cursor = tail.cursor
        view.extend([tail_line(kept) for kept in new], skipped=tail.skipped)


def _id_of(session: AnySession, name: str) -> int | None:
    from socconsole.store.queries.sources import sources

    return next((row.id for row in sources(session, stopped=True) if row.name == name), None)
